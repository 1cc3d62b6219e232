import Models
import Networks
import Pruning
import Randomness
import Testing

/// The fast evaluator against the reference, bit by bit.
@Suite struct MaskedEvaluatorTests {
  struct Case: Sendable, CustomStringConvertible {
    let seed: UInt64
    let samples: Int
    let widths: [Int]
    let density: Double?
    let prunesClassifier: Bool
    var hasTargets = false

    var description: String {
      "seed \(seed), \(samples) samples\(hasTargets ? " with targets" : ""), \(widths), density \(density ?? -1)"
    }
  }

  static let shapes = [
    [1, 2], [3, 1, 2], [5, 7, 3], [64, 6, 4], [65, 13, 10], [127, 3, 3], [128, 5, 2], [129, 9, 17, 5], [200, 4, 3],
    [201, 7, 2], [300, 131, 3], [401, 5, 5],
  ]

  static let cases: [Case] = {
    var out: [Case] = []
    for (index, samples) in [0, 1, 3, 63, 64, 65, 127, 128, 129, 201].enumerated() {
      for (other, density) in [nil, 0, 0.02, 0.1, 0.3, 0.54, 0.56, 0.9, 1].enumerated() {
        out.append(
          Case(
            seed: UInt64(100 * index + other), samples: samples, widths: shapes[(index + other) % shapes.count],
            density: density, prunesClassifier: (index + other) % 2 == 1, hasTargets: (index + other / 2) % 3 == 0))
      }
    }
    return out
  }()

  func score(
    _ test: Case, _ variant: KernelVariant?, parameters change: (inout [Float]) -> Void = { _ in }
  ) throws -> Score {
    let network = try NetworkDescription(name: "test", widths: test.widths)
    let scope = PruningScope(prunesClassifier: test.prunesClassifier)
    let layout = ParameterLayout(network, scope: scope)
    let plain = try Samples.data(
      test.seed, count: test.samples, features: network.inputCount, classes: network.outputCount, scale: 77)
    let data = test.hasTargets ? try Samples.regression(test.seed, of: plain) : plain
    var parameters = Samples.parameters(test.seed, count: layout.count)
    change(&parameters)
    let mask = test.density.map { Samples.mask(test.seed, count: layout.prunableCount, density: $0) }
    guard let variant else {
      return try ReferenceEvaluator(network: network, scope: scope, parameters: parameters, data: data).evaluate(mask)
    }
    let evaluator = try MaskedEvaluator(
      network: network, scope: scope, parameters: parameters, data: EvaluationData(data), variant: variant)
    let first = evaluator.evaluate(mask)
    // Whatever was evaluated before leaves no trace.
    _ = evaluator.evaluate(Mask(count: layout.prunableCount, keeping: true))
    _ = evaluator.evaluate(Mask(count: layout.prunableCount))
    #expect(evaluator.evaluate(mask) == first)
    return first
  }

  @Test(arguments: cases) func agreesWithTheReference(_ test: Case) throws {
    let expected = try score(test, nil)
    #expect(expected != .nonfinite)
    for variant in KernelVariant.available { #expect(try score(test, variant) == expected, "\(variant)") }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity]) func nonfiniteWeights(_ value: Float) throws {
    for density in [nil, 0.9, 1.0] {
      for position in [0, 70, 64 * 6, 64 * 6 + 5, 64 * 6 + 6 + 20, 64 * 6 + 6 + 6 * 4] {
        let test = Case(seed: 1, samples: 65, widths: [64, 6, 4], density: density, prunesClassifier: true)
        let expected = try score(test, nil) { $0[position] = value }
        if density == nil { #expect(expected == .nonfinite) }
        for variant in KernelVariant.available {
          #expect(try score(test, variant) { $0[position] = value } == expected, "\(variant), position \(position)")
        }
      }
    }
  }

  @Test func removedWeightsMayBeNaN() throws {
    let network = try NetworkDescription(name: "test", widths: [20, 6, 3])
    let layout = ParameterLayout(network)
    let data = try Samples.data(5, count: 70, features: 20, classes: 3)
    for density in [0.2, 0.8] {
      let mask = Samples.mask(6, count: layout.prunableCount, density: density)
      var parameters = Samples.parameters(6, count: layout.count)
      let clean = try MaskedEvaluator(network: network, scope: PruningScope(), parameters: parameters, data: data)
      let expected = clean.evaluate(mask)
      for position in 0..<layout.prunableCount where !mask[position] { parameters[position] = .nan }
      let dirty = try MaskedEvaluator(network: network, scope: PruningScope(), parameters: parameters, data: data)
      #expect(dirty.evaluate(mask) == expected)
      #expect(expected != .nonfinite)
    }
  }

  /// An overflow that only samples of zeros would have does not count where there is no such sample.
  @Test func emptyLanesAreNotJudged() throws {
    let network = try NetworkDescription(name: "test", widths: [1, 2])
    let big = Float.greatestFiniteMagnitude
    // With input 1 the sum is big − big; with input 0 it would stay big, and 2 · big overflows either way below.
    let data = try LabelledData(shape: [1], classes: 2, scale: 1, pixels: [1], labels: [0])
    var builder = NetworkBuilder(input: [1])
    builder.dense(1)
    builder.dense(2)
    let deep = try builder.network(name: "deep")
    for network in [network, deep] {
      let parameters: [Float] = network.nodes.count == 2 ? [-big, -big, big, big] : [-big, big, 2, 2, 0, 0]
      for variant in KernelVariant.available {
        let evaluator = try MaskedEvaluator(
          network: network, scope: PruningScope(), parameters: parameters, data: EvaluationData(data), variant: variant)
        #expect(evaluator.evaluate(nil) != .nonfinite, "\(variant)")
      }
    }
  }

  /// −∞ in front of a ReLU would vanish behind it.
  @Test func overflowBeforeReLUCounts() throws {
    let network = try NetworkDescription(name: "test", widths: [2, 1, 2])
    let data = try LabelledData(shape: [2], classes: 2, scale: 1, pixels: [255, 255], labels: [0])
    let big = Float.greatestFiniteMagnitude
    let parameters: [Float] = [-big, -big, 0, 1, 1, 0, 0]
    #expect(
      try ReferenceEvaluator(network: network, scope: PruningScope(), parameters: parameters, data: data).evaluate(nil)
        == .nonfinite)
    for variant in KernelVariant.available {
      let evaluator = try MaskedEvaluator(
        network: network, scope: PruningScope(), parameters: parameters, data: EvaluationData(data), variant: variant)
      #expect(evaluator.evaluate(nil) == .nonfinite, "\(variant)")
    }
  }

  @Test func firstOfEqualLogitsWins() throws {
    let network = try NetworkDescription(name: "test", widths: [1, 3])
    let data = try LabelledData(shape: [1], classes: 3, scale: 1, pixels: [0, 0, 0], labels: [0, 1, 2])
    let evaluator = try MaskedEvaluator(
      network: network, scope: PruningScope(), parameters: [1, 1, 1, 0, 0, -0.0], data: data)
    let score = evaluator.evaluate(nil)
    #expect(score.accuracy == 1.0 / 3)
    #expect(abs(score.loss - 1.0986122886681098) < 1e-15)
  }

  @Test func layersWithoutReLUKeepNegativeValues() throws {
    var builder = NetworkBuilder(input: [7])
    builder.dense(5)
    builder.dense(4)
    builder.relu()
    builder.relu()
    builder.dense(3)
    let network = try builder.network(name: "linear")
    let layout = ParameterLayout(network)
    let data = try Samples.data(9, count: 77, features: 7, classes: 3)
    let parameters = Samples.parameters(9, count: layout.count)
    for density in [0.3, 0.7] {
      let mask = Samples.mask(9, count: layout.prunableCount, density: density)
      let expected = try ReferenceEvaluator(
        network: network, scope: PruningScope(), parameters: parameters, data: data
      ).evaluate(mask)
      for variant in KernelVariant.available {
        let evaluator = try MaskedEvaluator(
          network: network, scope: PruningScope(), parameters: parameters, data: EvaluationData(data), variant: variant)
        #expect(evaluator.evaluate(mask) == expected, "\(variant)")
      }
    }
  }

  @Test func strangersAreRefused() throws {
    let network = try NetworkDescription(name: "test", widths: [4, 3])
    let data = try Samples.data(1, count: 2, features: 4, classes: 3)
    let narrow = try Samples.data(1, count: 2, features: 3, classes: 3)
    let classes = try Samples.data(1, count: 2, features: 4, classes: 2)
    #expect(throws: NetworkError.self) {
      try MaskedEvaluator(network: network, scope: PruningScope(), parameters: [1], data: data)
    }
    for wrong in [narrow, classes] {
      #expect(throws: NetworkError.self) {
        try MaskedEvaluator(
          network: network, scope: PruningScope(), parameters: [Float](repeating: 0, count: 15), data: wrong)
      }
    }
  }
}
