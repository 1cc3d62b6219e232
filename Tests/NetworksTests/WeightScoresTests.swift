import Models
import Networks
import Pruning
import Randomness
import Testing

/// Scores of weights against what defines them.
@Suite struct WeightScoresTests {
  /// Two convolutions, the second in groups with a stride, and a dense layer above.
  private static func network(groups: Int = 2) throws -> NetworkDescription {
    try GradientTests.network("scored", input: [4, 7, 6]) { builder in
      builder.relu()
      builder.add(GradientTests.convolution(4, 3, 2, strides: (2, 1), padding: [1, 0, 0, 1], groups: groups))
      builder.relu()
    }
  }

  @Test("A gradient score is how fast the loss changes when its weight is turned up, and its sign is lost")
  func gradientAgainstDifferences() throws {
    for seed in 0..<3 as Range<UInt64> {
      let network = try Self.network()
      // More than one batch.
      let data = try GradientTests.images([4, 7, 6], seed, count: 150)
      let parameters = GradientTests.parameters(network, seed)
      let trainer = try Trainer(network: network, recipe: TrainingRecipe(), data: data, seed: 1)
      func loss(_ weight: Int, _ factor: Float) -> Double {
        var moved = parameters
        moved[weight] *= factor
        return trainer.gradient(at: moved, samples: Array(0..<data.count)).loss / Double(data.count)
      }
      let scope = PruningScope(prunesClassifier: true)
      let scores = try #require(
        try WeightScores(network: network, scope: scope, parameters: parameters, data: data).gradient())
      let layout = ParameterLayout(network, scope: scope)
      #expect(scores.count == layout.prunableCount)
      let largest = Double(scores.max()!)
      #expect(largest > 1e-3)
      var stream = RandomStream(seed: seed, .test)
      for tensor in layout.prunable {
        for _ in 0..<12 {
          let place = stream.below(tensor.range.count)
          let weight = tensor.range.lowerBound + place
          let h: Float = 0x1p-7
          let wide = (loss(weight, 1 + 2 * h) - loss(weight, 1 - 2 * h)) / Double(4 * h)
          let narrow = (loss(weight, 1 + h) - loss(weight, 1 - h)) / Double(2 * h)
          // A corner of a ReLU lies between.
          if abs(wide - narrow) > 0.01 * largest { continue }
          let score = Double(scores[tensor.maskRange!.lowerBound + place])
          #expect(abs(abs((4 * narrow - wide) / 3) - score) < 0.01 * largest, "\(tensor.name), seed \(seed)")
        }
      }
    }
  }

  @Test("Of the first samples alone, a gradient score is |w| times the trainer's own gradient")
  func gradientOfSome() throws {
    let network = try Self.network()
    let data = try GradientTests.images([4, 7, 6], 5, count: 90)
    let parameters = GradientTests.parameters(network, 5)
    let scores = try #require(
      try WeightScores(network: network, scope: PruningScope(), parameters: parameters, data: data, samples: 40)
        .gradient())
    let trainer = try Trainer(network: network, recipe: TrainingRecipe(), data: data, seed: 1)
    let gradient = trainer.gradient(at: parameters, samples: Array(0..<40)).gradient
    let layout = ParameterLayout(network)
    let expected = layout.prunable.flatMap { $0.range.map { abs(parameters[$0] * gradient[$0]) } }
    for (score, value) in zip(scores, expected) { #expect(abs(score - value) <= 1e-6 * value) }
  }

  @Test("Gradients of weights that are zero have sizes too, and their norm is that of all parameters")
  func gradientMagnitude() throws {
    let network = try Self.network()
    let data = try GradientTests.images([4, 7, 6], 4, count: 40)
    var parameters = GradientTests.parameters(network, 4)
    let layout = ParameterLayout(network)
    for tensor in layout.prunable { for place in tensor.range where place % 3 == 0 { parameters[place] = 0 } }
    let trainer = try Trainer(network: network, recipe: TrainingRecipe(), data: data, seed: 1)
    let gradient = trainer.gradient(at: parameters, samples: Array(0..<40)).gradient
    let weights = try WeightScores(network: network, scope: .init(), parameters: parameters, data: data)
    let sizes = try #require(weights.gradientMagnitude())
    let expected = layout.prunable.flatMap { $0.range.map { abs(gradient[$0]) } }
    #expect(zip(sizes, expected).allSatisfy { abs($0 - $1) <= 1e-6 + 1e-4 * $1 } && sizes.count == expected.count)
    let norm = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    let found = try #require(weights.gradientNorm(zerosLearn: false))
    #expect(abs(found - norm) < 1e-4 * norm)
  }

  @Test("An activation score is |w| times the norm of all that the weight is multiplied with", arguments: [1, 2])
  func activation(groups: Int) throws {
    let network = try Self.network(groups: groups)
    let data = try GradientTests.images([4, 7, 6], 3, count: 70)
    let parameters = GradientTests.parameters(network, 3)
    let layout = ParameterLayout(network, scope: PruningScope(prunesClassifier: true))
    var squares = [Double](repeating: 0, count: layout.prunableCount)
    for sample in 0..<data.count {
      var values = data.inputs(of: sample).map(Double.init)
      for (index, node) in network.nodes.enumerated() {
        switch node.layer {
        case .activation: values = values.map { max($0, 0) }
        case .convolution, .dense:
          values = Self.products(network, index, layout, parameters, values, adding: &squares)
        default: break
        }
      }
    }
    let scores = try #require(
      try WeightScores(
        network: network, scope: PruningScope(prunesClassifier: true), parameters: parameters, data: data
      ).activation())
    let weights = layout.prunableValues(of: parameters)
    for (place, score) in scores.enumerated() {
      let expected = Double(abs(weights[place])) * squares[place].squareRoot()
      #expect(abs(Double(score) - expected) <= 1e-4 * max(expected, 0.01), "weight \(place)")
    }
    #expect(squares.contains { $0 > 1 })
  }

  /// A layer's outputs, slowly, with the square of each factor added to that of its weight.
  private static func products(
    _ network: NetworkDescription, _ node: Int, _ layout: ParameterLayout, _ parameters: [Float], _ x: [Double],
    adding squares: inout [Double]
  ) -> [Double] {
    let weight = layout[node, .weight]!
    let bias = layout[node, .bias].map { parameters[$0.range].map(Double.init) }
    let (input, output) = (network.inputShape(of: node), network.shapes[node])
    let places = output.dropFirst().reduce(1, *)
    let width = weight.shape[1...].reduce(1, *)
    var out: [Double] = []
    for channel in 0..<output[0] {
      for place in 0..<places {
        var sum = bias?[channel] ?? 0
        for position in 0..<width {
          var value = 0.0
          if case .convolution(let convolution) = network.nodes[node].layer {
            let area = convolution.window.height * convolution.window.width
            let group = channel / (convolution.outputs / convolution.groups)
            let source = group * weight.shape[1] + position / area
            let row =
              place / output[2] * convolution.window.verticalStride + position % area / convolution.window.width
              - convolution.window.padding.top
            let column =
              place % output[2] * convolution.window.horizontalStride + position % convolution.window.width
              - convolution.window.padding.left
            if (0..<input[1]).contains(row), (0..<input[2]).contains(column) {
              value = x[(source * input[1] + row) * input[2] + column]
            }
          } else {
            value = x[position]
          }
          squares[weight.maskRange!.lowerBound + channel * width + position] += value * value
          sum += Double(parameters[weight.range.lowerBound + channel * width + position]) * value
        }
        out.append(sum)
      }
    }
    return out
  }

  @Test("Every variant of the kernels gives the same bits")
  func variants() throws {
    let network = try Self.network()
    let data = try GradientTests.images([4, 7, 6], 9, count: 80)
    let parameters = GradientTests.parameters(network, 9)
    let scores = try KernelVariant.available.map { variant in
      let scores = try WeightScores(
        network: network, scope: PruningScope(), parameters: parameters, data: data, variant: variant)
      return [scores.gradient(), scores.activation()]
    }
    #expect(scores.allSatisfy { $0 == scores[0] })
  }

  @Test("Weights that are not finite have no scores, and what does not belong to the network is refused")
  func impossible() throws {
    let network = try Self.network()
    let data = try GradientTests.images([4, 7, 6], 1)
    var parameters = GradientTests.parameters(network, 1)
    parameters[3] = .nan
    let scores = try WeightScores(network: network, scope: PruningScope(), parameters: parameters, data: data)
    #expect(scores.gradient() == nil && scores.activation() == nil)
    #expect(throws: NetworkError.self) {
      try WeightScores(network: network, scope: PruningScope(), parameters: [1], data: data)
    }
    #expect(throws: NetworkError.self) {
      try WeightScores(network: network, scope: PruningScope(), parameters: parameters, data: data, samples: 0)
    }
  }
}
