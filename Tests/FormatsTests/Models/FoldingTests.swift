import Models
import Networks
import Pruning
import Testing

@Suite struct FoldingTests {
  @Test("A network without its dead channels gives what it gave, once biases have taken their numbers in")
  func outputsAgree() throws {
    var removals = 0
    for seed in 0..<200 as Range<UInt64> {
      let model = try randomModel(seed)
      var random = Seeded(seed &+ 2_000_000)
      let scope = PruningScope(prunesClassifier: random.chance(0.3))
      let layout = ParameterLayout(model.network, scope: scope)
      var mask = Mask(count: layout.prunableCount)
      for tensor in layout.prunable {
        let block = tensor.shape.dropFirst(2).reduce(1, *)
        let rows = (0..<tensor.shape[0]).map { _ in random.chance(0.6) }
        let columns = (0..<tensor.shape[1]).map { _ in random.chance(0.8) }
        for (index, bit) in tensor.maskRange!.enumerated() {
          mask[bit] = rows[index / (tensor.shape[1] * block)] && columns[index / block % tensor.shape[1]]
        }
      }
      let all = Mask(count: mask.count, keeping: true)
      let smaller = DeadChannels(model.network, scope: scope).removed(from: mask, within: all)
      removals += mask.population - smaller.population
      let folded = model.folding(from: mask, to: smaller, scope: scope).masked(by: smaller, scope: scope)
      let whole = model.masked(by: mask, scope: scope)
      for _ in 0..<3 {
        let sample = random.values(model.network.inputCount, in: -2...2)
        let (before, after) = (forward(whole, sample), forward(folded, sample))
        #expect(relativeDifference(before, after) < 1e-5, "seed \(seed): \(before) and \(after)")
      }
    }
    #expect(removals > 1000, "hardly anything died: \(removals)")
  }

  @Test("A neuron of bias 2 behind which ReLU and a weight of 3 follow adds 6 to the bias there")
  func knownAnswer() throws {
    let network = try NetworkDescription(name: "two", widths: [2, 2, 1])
    // Weights of the hidden layer, its biases, weights of the output, its bias.
    let model = try Model(network: network, parameters: [1, 1, 5, 5, 0, 2, 1, 3, 0.5])
    let scope = PruningScope(prunesClassifier: true)
    let mask = Mask(count: 6, keeping: [0, 1, 4, 5])
    let smaller = DeadChannels(network, scope: scope).removed(from: mask, within: Mask(count: 6, keeping: true))
    #expect(smaller == Mask(count: 6, keeping: [0, 1, 4]))
    #expect(model.folding(from: mask, to: smaller, scope: scope).parameters == [1, 1, 5, 5, 0, 2, 1, 0, 6.5])
  }
}
