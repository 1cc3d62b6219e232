import Models
import Networks
import Pruning
import Testing

@Suite struct CompactionTests {
  /// Random graphs under random masks of whole rows, whole inputs and single weights.
  @Test(arguments: 0..<200 as Range<UInt64>)
  func outputsAgree(seed: UInt64) throws {
    let model = try randomModel(seed)
    var random = Seeded(seed &+ 1_000_000)
    let scope = PruningScope(prunesClassifier: random.chance(0.3))
    let layout = ParameterLayout(model.network, scope: scope)
    let density = random.pick([0.3, 0.6, 0.95])
    var mask = Mask(count: layout.prunableCount)
    for tensor in layout.prunable {
      let block = tensor.shape.dropFirst(2).reduce(1, *)
      let rows = (0..<tensor.shape[0]).map { _ in random.chance(density) }
      let columns = (0..<tensor.shape[1]).map { _ in random.chance(density) }
      for (index, bit) in tensor.maskRange!.enumerated() {
        let row = index / (tensor.shape[1] * block)
        mask[bit] = rows[row] && columns[index / block % tensor.shape[1]] && random.chance(0.9)
      }
    }
    let small = compacted(model, mask: mask, scope: scope)
    let masked = model.masked(by: mask, scope: scope)
    for _ in 0..<3 {
      let sample = random.values(model.network.inputCount, in: -2...2)
      let (before, after) = (forward(masked, sample), forward(small, sample))
      #expect(relativeDifference(before, after) < 1e-5, "seed \(seed): \(before) and \(after)")
    }
    // Widths never grow; parameters may, by the biases that constants go into.
    let pairs = zip(small.network.shapes, masked.network.shapes)
    #expect(pairs.allSatisfy { $0[0] <= $1[0] }, "seed \(seed)")
    // Nothing is left to find.
    let widths = [compacted(small), small].map { $0.network.shapes.map { $0[0] } }
    #expect(widths[0] == widths[1], "seed \(seed)")
  }

  @Test func rowsAndColumnsGo() throws {
    var builder = NetworkBuilder(input: [1, 6, 6])
    builder.convolution(4, kernel: 3)
    builder.batchNorm()
    builder.relu()
    builder.convolution(4, kernel: 3, padding: 1, groups: 4, bias: false)
    builder.relu()
    builder.flatten()
    builder.dense(5)
    builder.relu()
    builder.dense(3)
    let network = try builder.network(name: "rows")
    let layout = ParameterLayout(network)
    var random = Seeded(5)
    var values = random.values(layout.count, in: 0.5...1)
    // The first convolution's channel 2 has no weights, and its normalisation makes 0 of it.
    for position in 18..<27 { values[position] = 0 }
    let bias = layout[1, .bias]!.range.lowerBound + 2
    values[layout[2, .shift]!.range.lowerBound + 2] = 0
    values[layout[2, .runningMean]!.range.lowerBound + 2] = values[bias]
    // Feature 1 of the hidden layer is read by none, feature 3 reads nothing and goes into the bias.
    let (hidden, output) = (layout[7, .weight]!.range.lowerBound, layout[9, .weight]!.range.lowerBound)
    for row in 0..<3 { values[output + row * 5 + 1] = 0 }
    for column in 0..<64 { values[hidden + 3 * 64 + column] = 0 }
    let model = try Model(network: network, parameters: values)
    let small = compacted(model)
    #expect(small.network.shapes.map { $0[0] } == [1, 3, 3, 3, 3, 3, 48, 3, 3, 3])
    let folded = Double(values[layout[7, .bias]!.range.lowerBound + 3])
    for row in 0..<3 {
      let expected =
        Double(values[layout[9, .bias]!.range.lowerBound + row]) + folded * Double(values[output + row * 5 + 3])
      let found = small.parameters[ParameterLayout(small.network)[9, .bias]!.range.lowerBound + row]
      #expect(found == Float(expected))
    }
    let sample = random.values(36)
    #expect(relativeDifference(forward(model, sample), forward(small, sample)) < 1e-5)
  }

  /// A constant other than zero in front of a padded convolution differs at the border, so its channel stays.
  @Test func paddingKeepsConstants() throws {
    var builder = NetworkBuilder(input: [1, 4, 4])
    builder.convolution(2, kernel: 1)
    builder.convolution(2, kernel: 3, padding: 1)
    builder.flatten()
    builder.dense(2)
    let network = try builder.network(name: "padding")
    var random = Seeded(6)
    var values = random.values(ParameterLayout(network).count, in: 0.5...1)
    values[1] = 0
    #expect(compacted(try Model(network: network, parameters: values)).network == network)
    // With a bias of zero it goes.
    values[3] = 0
    #expect(compacted(try Model(network: network, parameters: values)).network.shapes[1] == [1, 4, 4])
  }

  /// A sum keeps a channel that one of its operands needs, and loses one that none does.
  @Test func residualsStayTied() throws {
    var builder = NetworkBuilder(input: [1, 3, 3])
    let first = builder.convolution(3, kernel: 1)
    let second = builder.convolution(3, kernel: 1)
    builder.add(.add, to: [first, second])
    builder.add(.globalAveragePool)
    builder.flatten()
    builder.dense(2)
    let network = try builder.network(name: "residual")
    let layout = ParameterLayout(network)
    var random = Seeded(7)
    var values = random.values(layout.count, in: 0.5...1)
    // Channel 0 has weights in the first operand only; channel 1 in none, so both biases move on; channel 2 is read by none
    // behind the sum, but by the second convolution.
    let (one, two) = (layout[1, .weight]!.range.lowerBound, layout[2, .weight]!.range.lowerBound)
    for column in 0..<3 {
      values[two + column] = 0
      values[two + 3 + column] = 0
    }
    values[one + 1] = 0
    for row in 0..<2 { values[layout[6, .weight]!.range.lowerBound + row * 3 + 2] = 0 }
    let model = try Model(network: network, parameters: values)
    let small = compacted(model)
    #expect(small.network.shapes.map { $0[0] } == [1, 1, 1, 1, 1, 1, 2])
    let sample = random.values(9)
    #expect(relativeDifference(forward(model, sample), forward(small, sample)) < 1e-5)
  }

  /// A constant goes into a bias only where it fits in one.
  @Test func constantsThatAreTooLargeStay() throws {
    let network = try NetworkDescription(name: "large", widths: [1, 2, 1, 2])
    func compact(_ constants: [Float], _ weights: [Float]) throws -> [[Int]] {
      // Both hidden features have no weights; the last layer reads what comes of them.
      let model = try Model(
        network: network, parameters: [0, 0] + constants + weights + [1] + [1, 1, 0, 0])
      return compacted(model).network.shapes
    }
    #expect(try compact([3e38, 1], [1, 1]) == compact([1, 1], [1, 1]))
    // Twice the first is no Float, nor is the sum of both.
    for (constants, weights) in [([3e38, 1], [2, 0]), ([3e38, 3e38], [1, 1])] as [([Float], [Float])] {
      let shapes = try compact(constants, weights)
      #expect(shapes[1] == [weights[1] == 0 ? 1 : 2])
    }
    // A sum of constants that leaves Float is none.
    var builder = NetworkBuilder(input: [2])
    let first = builder.dense(2)
    builder.add(.add, to: [first, first])
    builder.dense(2)
    let sum = try Model(
      network: builder.network(name: "sum"), parameters: [0, 0, 1, 1, 3e38, 0, 1, 1, 1, 1, 0, 0])
    #expect(compacted(sum).network == sum.network)
  }

  @Test func variancesHaveARoot() throws {
    var builder = NetworkBuilder(input: [2])
    builder.batchNorm(name: "norm")
    builder.dense(2)
    let network = try builder.network(name: "variance")
    func model(_ variance: Float) throws -> Model {
      try Model(network: network, parameters: [1, 1, 0, 0] + [1, 1, 1, 1, 0, 0] + [0, 0, 1, variance])
    }
    for variance in [1, 0, -1e-6] as [Float] {
      #expect(compacted(try model(variance)).parameters.allSatisfy(\.isFinite))
    }
    for variance in [-1, -1.1e-5, -3e38] as [Float] {
      #expect(complaint { try model(variance) }?.contains("value 1 of norm.running_var") == true, "\(variance)")
    }
  }

  @Test func nothingLeftIsStillANetwork() throws {
    let network = try NetworkDescription(name: "empty", widths: [3, 4, 4, 2])
    var random = Seeded(8)
    let scope = PruningScope(prunesClassifier: true)
    let layout = ParameterLayout(network, scope: scope)
    let model = try Model(network: network, parameters: random.values(layout.count))
    let mask = Mask(count: layout.prunableCount)
    let small = compacted(model, mask: mask, scope: scope)
    #expect(small.network.shapes.map { $0[0] } == [3, 1, 1, 1, 1, 2])
    #expect(
      relativeDifference(forward(small, [1, 2, 3]), forward(model.masked(by: mask, scope: scope), [1, 2, 3])) < 1e-6)
  }
}
