import Models
import Networks
import Pruning
import Randomness
import Testing

/// Edge-popup: one step by hand, and subnetworks that were hidden on purpose.
@Suite struct EdgePopupTests {
  private let scope = PruningScope(prunesClassifier: true)

  private func scores(
    _ network: NetworkDescription, _ parameters: [Float], _ recipe: TrainingRecipe, kept: [Int], _ data: LabelledData,
    scope: PruningScope? = nil, variant: KernelVariant = .best
  ) throws -> [Float] {
    let popup = try EdgePopup(
      network: network, scope: scope ?? self.scope, parameters: parameters, recipe: recipe, kept: kept, data: data,
      seed: 3, variant: variant)
    guard case .scores(let scores) = popup.run() else { throw NetworkError("diverged") }
    return scores
  }

  /// The best weights of each layer.
  private func mask(_ scores: [Float], kept: [Int], _ layout: ParameterLayout) -> Mask {
    var mask = Mask(count: scores.count)
    for (tensor, kept) in zip(layout.prunable, kept) {
      for place in TopSelection.positions(kept, of: scores, in: tensor.maskRange!) { mask[place] = true }
    }
    return mask
  }

  private func masked(_ parameters: [Float], _ mask: Mask, _ layout: ParameterLayout) -> [Float] {
    var out = parameters
    for tensor in layout.prunable {
      for (index, place) in zip(tensor.range, tensor.maskRange!) where !mask[place] { out[index] = 0 }
    }
    return out
  }

  @Test("Scores begin uniform within ±1/√n, and one step of plain descent goes along w · ∂L/∂w of the masked network")
  func oneStep() throws {
    let network = try GradientTests.network("popup", input: [4, 7, 6]) { $0.relu() }
    let data = try GradientTests.images([4, 7, 6], 2, count: 20)
    let parameters = GradientTests.parameters(network, 2)
    let layout = ParameterLayout(network, scope: scope)
    let kept = layout.prunable.map { $0.range.count / 3 }
    var recipe = TrainingRecipe(
      epochs: 0, batchSize: 20, learningRate: 0.25, optimizer: .sgd(momentum: 0, nesterov: false), l2: 0)
    let before = try scores(network, parameters, recipe, kept: kept, data)
    for tensor in layout.prunable {
      let bound = 1 / Float(tensor.shape.dropFirst().reduce(1, *)).squareRoot()
      let part = before[tensor.maskRange!]
      #expect(part.allSatisfy { $0 <= bound } && part.max()! > 0.9 * bound)
      #expect(abs(part.reduce(0, +) / Float(part.count) - bound / 2) < 0.1 * bound)
    }
    recipe.epochs = 1
    let after = try scores(network, parameters, recipe, kept: kept, data)
    let trainer = try Trainer(network: network, recipe: recipe, data: data, seed: 1)
    let seen = masked(parameters, mask(before, kept: kept, layout), layout)
    let gradient = trainer.gradient(at: seen, samples: Array(0..<20)).gradient
    for tensor in layout.prunable {
      for (index, place) in zip(tensor.range, tensor.maskRange!) {
        // |s| moves as the size of a factor would, whatever the sign of s.
        let expected = abs(before[place] - 0.25 * parameters[index] * gradient[index])
        #expect(abs(after[place] - expected) < 1e-6, "\(tensor.name)[\(index)]")
      }
    }
    #expect(zip(before, after).contains { abs($0 - $1) > 1e-4 })
  }

  @Test("It finds a subnetwork that does what a planted one does, where random ones do not", arguments: [1, 2])
  func planted(seed: UInt64) throws {
    let network = try NetworkDescription(name: "planted", widths: [16, 96, 4])
    let layout = ParameterLayout(network, scope: scope)
    var stream = RandomStream(seed: seed, .test)
    let parameters = initialParameters(network, seed: seed)
    let kept = layout.prunable.map { $0.range.count / 2 }
    func randomMask() -> Mask {
      mask((0..<layout.prunableCount).map { _ in Float(stream.uniform()) }, kept: kept, layout)
    }
    let planted = masked(parameters, randomMask(), layout)
    // Samples of which the planted subnetwork is sure.
    func data(_ count: Int) throws -> LabelledData {
      var (values, labels): ([Float], [UInt8]) = ([], [])
      while labels.count < count {
        let x = (0..<16).map { _ in Float(stream.normal()) }
        let ranked = Self.scores(of: network, planted, x).enumerated().sorted { $0.element > $1.element }
        guard ranked[0].element > ranked[1].element + 1 else { continue }
        values += x
        labels.append(UInt8(ranked[0].offset))
      }
      return try LabelledData(shape: [16], classes: 4, values: .floats(values), labels: labels)
    }
    let (train, test) = (try data(4000), try data(1000))
    func correct(_ mask: Mask) throws -> Int {
      let evaluator = try MaskedEvaluator(network: network, scope: scope, parameters: parameters, data: test)
      guard case .exact(let correct, _, _) = evaluator.evaluate(mask) else { throw NetworkError("not finite") }
      return correct
    }
    let recipe = TrainingRecipe(epochs: 30, learningRate: 0.1, schedule: .cosine(horizon: 30))
    let found = mask(try scores(network, parameters, recipe, kept: kept, train), kept: kept, layout)
    let (reached, guesses) = (try correct(found), try (0..<20).map { _ in try correct(randomMask()) })
    #expect(found.population == kept.reduce(0, +))
    #expect(reached > 970, "seed \(seed): \(reached) of 1000, random masks up to \(guesses.max()!)")
    #expect(guesses.max()! < 900, "seed \(seed): \(guesses)")
  }

  private static func scores(of network: NetworkDescription, _ parameters: [Float], _ x: [Float]) -> [Float] {
    let layout = ParameterLayout(network)
    var values = x
    for node in network.nodes.indices {
      guard let weight = layout[node, .weight], let bias = layout[node, .bias] else {
        if case .activation = network.nodes[node].layer { values = values.map { max($0, 0) } }
        continue
      }
      values = bias.range.enumerated().map { row, index in
        let start = weight.range.lowerBound + row * values.count
        return zip(values, parameters[start..<start + values.count]).reduce(parameters[index]) { $0 + $1.0 * $1.1 }
      }
    }
    return values
  }

  @Test("Every variant of the kernels gives the same bits, and layers outside of the scope have no scores")
  func variants() throws {
    let network = try GradientTests.network("popup", input: [4, 7, 6]) { $0.relu() }
    let data = try GradientTests.images([4, 7, 6], 2, count: 50)
    let parameters = GradientTests.parameters(network, 2)
    let kept = ParameterLayout(network).prunable.map { $0.range.count / 2 }
    let recipe = TrainingRecipe(epochs: 3, batchSize: 16, learningRate: 0.1)
    let all = try KernelVariant.available.map {
      try scores(network, parameters, recipe, kept: kept, data, scope: PruningScope(), variant: $0)
    }
    #expect(all.allSatisfy { $0 == all[0] } && all[0].count == ParameterLayout(network).prunableCount)
  }

  @Test("Counts of other layers, other data and impossible recipes are refused; a loss that is not finite is told")
  func impossible() throws {
    let network = try NetworkDescription(name: "small", widths: [6, 4, 3])
    let data = try Samples.data(1, count: 30, features: 6, classes: 3)
    var parameters = initialParameters(network, seed: 1)
    for kept in [[], [24], [24, 13], [-1, 12], [1, 2, 3]] {
      #expect(throws: NetworkError.self) {
        try scores(network, parameters, TrainingRecipe(), kept: kept, data)
      }
    }
    #expect(throws: NetworkError.self) { try scores(network, [1], TrainingRecipe(), kept: [24, 12], data) }
    #expect(throws: NetworkError.self) {
      try scores(network, parameters, TrainingRecipe(batchSize: 0), kept: [24, 12], data)
    }
    parameters = parameters.map { $0 * 1e38 }
    let popup = try EdgePopup(
      network: network, scope: scope, parameters: parameters, recipe: TrainingRecipe(), kept: [24, 12], data: data,
      seed: 1)
    #expect(popup.run() == .diverged(step: 0))
  }
}
