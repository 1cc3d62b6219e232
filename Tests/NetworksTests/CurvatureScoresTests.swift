import Models
import Networks
import Pruning
import Randomness
import Testing

/// The Fisher diagonal and optimal brain damage against differences in `Double`.
@Suite struct CurvatureScoresTests {
  private static let scope = PruningScope(prunesClassifier: true)

  /// Dense layers, dense layers with normalisation and dropout, and convolutions with both.
  static func networks() throws -> [NetworkDescription] {
    var dense = NetworkBuilder(input: [5])
    dense.dense(6)
    dense.add(.activation(.tanh))
    dense.dense(4)
    dense.relu()
    dense.dense(3)
    var normalised = NetworkBuilder(input: [6])
    normalised.dense(7, bias: false)
    normalised.batchNorm()
    normalised.relu()
    normalised.add(.dropout(rate: 0.5))
    normalised.dense(3)
    let convolutional = try GradientTests.network("convolutional", input: [2, 5, 4]) { builder in
      builder.batchNorm()
      let first = builder.relu()
      builder.add(.dropout(rate: 0.3))
      builder.add(GradientTests.convolution(6, 3, 3, padding: [1, 1, 1, 1], groups: 2))
      let second = builder.batchNorm()
      builder.add(.add, to: [second, first])
      builder.add(.activation(.tanh))
      builder.add(GradientTests.convolution(4, 2, 3, strides: (2, 1), bias: false))
    }
    return [try dense.network(name: "dense"), try normalised.network(name: "normalised"), convolutional]
  }

  private static func scores(
    _ network: NetworkDescription, _ parameters: [Float], _ data: LabelledData, samples: Int? = nil,
    variant: KernelVariant = .best
  ) throws -> WeightScores {
    try WeightScores(
      network: network, scope: scope, parameters: parameters, data: data, samples: samples, variant: variant)
  }

  /// Each score against ½ w² · the mean of `curvature` over the samples, which gets derivatives of the class scores.
  private static func check(
    _ network: NetworkDescription, _ seed: UInt64, _ scores: (WeightScores) throws -> [Float]?,
    _ curvature: (_ slopes: [Double], _ probabilities: [Double], _ label: Int) -> Double
  ) throws {
    let data = try GradientTests.images(network.inputShape, seed, count: 9)
    let parameters = GradientTests.parameters(network, seed)
    let found = try #require(try scores(try Self.scores(network, parameters, data)))
    let exact = DoubleNetwork(network, parameters)
    let inputs = (0..<data.count).map { data.inputs(of: $0) }
    let probabilities = inputs.map(exact.probabilities)
    let layout = ParameterLayout(network, scope: scope)
    #expect(found.count == layout.prunableCount)
    var largest = 0.0
    for tensor in layout.prunable {
      for (index, place) in zip(tensor.range, tensor.maskRange!) where place % 3 == 0 {
        var mean = 0.0
        for (sample, x) in inputs.enumerated() {
          let slopes = exact.derivative(index) { $0.logits(x) }
          mean += curvature(slopes, probabilities[sample], Int(data.labels[sample])) / Double(data.count)
        }
        let expected = Double(parameters[index] * parameters[index]) * mean / 2
        largest = max(largest, expected)
        #expect(
          abs(Double(found[place]) - expected) <= 1e-4 * expected + 1e-12, "\(network.name), \(tensor.name)[\(index)]")
      }
    }
    #expect(largest > 1e-4)
  }

  @Test("A Fisher score is ½ w² times the mean square of the samples' own slopes", arguments: 0..<3)
  func fisher(number: Int) throws {
    for seed in 1...2 as ClosedRange<UInt64> {
      try Self.check(try Self.networks()[number], seed, { try $0.fisher() }) { slopes, probabilities, label in
        let slope = zip(slopes, probabilities).reduce(-slopes[label]) { $0 + $1.0 * $1.1 }
        return slope * slope
      }
    }
  }

  @Test("A saliency is ½ w² times the Gauss–Newton matrix's diagonal, Jᵀ(diag p − ppᵀ)J", arguments: 0..<3)
  func optimalBrainDamage(number: Int) throws {
    for seed in 1...2 as ClosedRange<UInt64> {
      try Self.check(try Self.networks()[number], seed, { try $0.optimalBrainDamage() }) { slopes, probabilities, _ in
        let mean = zip(slopes, probabilities).reduce(0) { $0 + $1.0 * $1.1 }
        return zip(slopes, probabilities).reduce(0) { $0 + $1.1 * $1.0 * $1.0 } - mean * mean
      }
    }
  }

  @Test("Without hidden layers the loss's own second derivatives are the saliencies")
  func hessian() throws {
    let network = try NetworkDescription(name: "linear", widths: [4, 3])
    let data = try GradientTests.images([4], 5, count: 20)
    let parameters = GradientTests.parameters(network, 5)
    let saliencies = try #require(try Self.scores(network, parameters, data).optimalBrainDamage())
    let layout = ParameterLayout(network, scope: Self.scope)
    for (index, place) in zip(layout.prunable[0].range, layout.prunable[0].maskRange!) {
      func loss(_ step: Double) -> Double {
        var moved = DoubleNetwork(network, parameters)
        moved.parameters[index] += step
        return (0..<data.count).reduce(0) { $0 + moved.loss(data.inputs(of: $1), data.labels[$1]) } / Double(data.count)
      }
      let second = (loss(1e-3) - 2 * loss(0) + loss(-1e-3)) / 1e-6
      let expected = Double(parameters[index] * parameters[index]) * second / 2
      #expect(abs(Double(saliencies[place]) - expected) < 1e-4 * expected)
    }
  }

  @Test("Of the first samples alone, a Fisher score is the mean over the trainer's gradients of one sample each")
  func gradientsOfSome() throws {
    let network = try Self.networks()[0]
    let data = try GradientTests.images([5], 6, count: 90)
    let parameters = GradientTests.parameters(network, 6)
    let scores = try #require(try Self.scores(network, parameters, data, samples: 70).fisher())
    let trainer = try Trainer(network: network, recipe: TrainingRecipe(), data: data, seed: 1)
    let gradients = (0..<70).map { trainer.gradient(at: parameters, samples: [$0]).gradient }
    let layout = ParameterLayout(network, scope: Self.scope)
    for tensor in layout.prunable {
      for (index, place) in zip(tensor.range, tensor.maskRange!) {
        let mean = gradients.reduce(0.0) { $0 + Double($1[index]) * Double($1[index]) } / 70
        let expected = Double(parameters[index]) * Double(parameters[index]) * mean / 2
        #expect(abs(Double(scores[place]) - expected) <= 1e-6 * expected)
      }
    }
  }

  @Test("The order of the samples matters for the last digits at most; samples that come twice matter not at all")
  func order() throws {
    let network = try Self.networks()[2]
    let data = try GradientTests.images([2, 5, 4], 7, count: 40)
    let parameters = GradientTests.parameters(network, 7)
    let orders = [Array(0..<40), Array((0..<40).reversed()), Array(0..<40) + Array(0..<40)]
    for criterion in [WeightScores.fisher, WeightScores.optimalBrainDamage] {
      let scores = try orders.map {
        try #require(try criterion(try Self.scores(network, parameters, data.selecting($0)))())
      }
      for other in scores.dropFirst() {
        for (one, two) in zip(scores[0], other) { #expect(abs(one - two) <= 1e-6 * one) }
      }
      #expect(Set(scores[0]).count > scores[0].count / 2)
    }
  }

  @Test("Every variant of the kernels and every call gives the same bits")
  func variants() throws {
    for network in try Self.networks() {
      let data = try GradientTests.images(network.inputShape, 9, count: 30)
      let parameters = GradientTests.parameters(network, 9)
      let scores = try (KernelVariant.available + [.best]).map { variant in
        let scores = try Self.scores(network, parameters, data, variant: variant)
        return [try scores.fisher(), try scores.optimalBrainDamage()]
      }
      #expect(scores.allSatisfy { $0 == scores[0] } && !scores[0].contains(nil))
    }
  }

  @Test("Weights that are not finite, or that make losses infinite, have no scores")
  func impossible() throws {
    let network = try Self.networks()[0]
    let data = try GradientTests.images([5], 1)
    for value in [Float.nan, 3e38] {
      let parameters = GradientTests.parameters(network, 1).map { $0 * value }
      let scores = try Self.scores(network, parameters, data)
      #expect(try scores.fisher() == nil && scores.optimalBrainDamage() == nil)
    }
  }

  @Test("Data with targets, whose loss is another, are refused in words")
  func targets() throws {
    let network = try NetworkDescription(name: "student", widths: [5, 4, 3])
    let parameters = GradientTests.parameters(network, 1)
    let data = try Samples.regression(1, of: try GradientTests.images([5], 1))
    let scores = try Self.scores(network, parameters, data)
    for error in [
      #expect(throws: NetworkError.self) { try scores.fisher() },
      #expect(throws: NetworkError.self) { try scores.optimalBrainDamage() },
      #expect(throws: NetworkError.self) {
        try BlockFisher(network: network, scope: Self.scope, parameters: parameters, data: data)
      },
    ] { #expect(error?.description.contains("have targets") == true) }
  }
}
