import Models
import Pruning
import Randomness
import Testing

@Suite struct DeadChannelsTests {
  /// Bits of a mask over three dense layers 3→3→2→2, the classifier among them.
  private func removed(_ kept: [[Int]], fixed: Set<Int> = []) throws -> [[Int]] {
    let network = try NetworkDescription(name: "chain", widths: [3, 3, 2, 2])
    let scope = PruningScope(prunesClassifier: true)
    let mask = Mask(count: 19, keeping: kept.joined().enumerated().filter { $0.element == 1 }.map(\.offset))
    let allowed = Mask(count: 19, keeping: (0..<19).filter { !fixed.contains($0) })
    let out = DeadChannels(network, scope: scope).removed(from: mask, within: allowed)
    let bits = (0..<19).map { out[$0] ? 1 : 0 }
    return [Array(bits[0..<9]), Array(bits[9..<15]), Array(bits[15..<19])]
  }

  @Test("A neuron without inputs loses what reads it, one without readers what makes it, to a fixed point")
  func chain() throws {
    // Neuron 1 of the first layer reads nothing; neuron 0 of the second reads it alone, so its readers go, too.
    let first = [1, 1, 1, 0, 0, 0, 1, 0, 1]
    let second = [0, 1, 0, 1, 1, 1]
    let third = [1, 1, 0, 1]
    #expect(try removed([first, second, third]) == [first, [0, 0, 0, 1, 0, 1], [0, 1, 0, 1]])
    // Neuron 0 of the second layer is read by none; then neuron 0 of the first, which it alone reads, is read by none.
    let unread = [[1, 1, 1, 1, 0, 0, 0, 1, 0], [1, 1, 0, 0, 1, 1], [0, 1, 0, 1]]
    #expect(try removed(unread) == [[0, 0, 0, 1, 0, 0, 0, 1, 0], [0, 0, 0, 0, 1, 1], [0, 1, 0, 1]])
    // Whole networks stay whole, and what may not go stays.
    let whole = [Array(repeating: 1, count: 9), Array(repeating: 1, count: 6), Array(repeating: 1, count: 4)]
    #expect(try removed(whole) == whole)
    #expect(try removed([first, second, third], fixed: [10])[1] == [0, 1, 0, 1, 0, 1])
  }

  @Test("What is left reads something and is read; nothing more goes; more kept weights leave no fewer")
  func random() throws {
    for seed in 0..<100 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test)
      let network = try NetworkDescription(name: "chain", widths: [5, 6, 6, 4])
      let dead = DeadChannels(network, scope: PruningScope(prunesClassifier: true))
      let layout = ParameterLayout(network, scope: PruningScope(prunesClassifier: true))
      let all = Mask(count: layout.prunableCount, keeping: true)
      let order = stream.choose(layout.prunableCount, of: layout.prunableCount)
      let counts = [stream.below(order.count), stream.below(order.count)].sorted()
      let masks = counts.map { Mask(count: order.count, keeping: order.prefix($0)) }
      let left = masks.map { dead.removed(from: $0, within: all) }
      #expect(left[0].subtracting(left[1]).population == 0, "seed \(seed)")
      for (mask, left) in zip(masks, left) {
        #expect(left.subtracting(mask).population == 0 && dead.removed(from: left, within: all) == left, "seed \(seed)")
        let tensors = layout.prunable
        for (index, tensor) in tensors.enumerated() {
          let (outputs, inputs, start) = (tensor.shape[0], tensor.shape[1], tensor.maskRange!.lowerBound)
          for output in 0..<outputs {
            let row = start + output * inputs..<start + (output + 1) * inputs
            guard left.population(in: row) > 0, index + 1 < tensors.count else { continue }
            let next = tensors[index + 1]
            let readers = (0..<next.shape[0]).filter { left[next.maskRange!.lowerBound + $0 * outputs + output] }
            #expect(!readers.isEmpty, "seed \(seed): a neuron that none reads")
          }
        }
      }
    }
  }
}
