import Models
import Networks
import Pruning
import Randomness
import Testing

/// Training and scores on data with targets.
@Suite struct MeanSquaredErrorTests {
  /// Targets of the size of the outputs, so that differences of the loss are seen.
  private func data(_ shape: [Int], _ seed: UInt64, count: Int = 5) throws -> LabelledData {
    let plain = try GradientTests.images(shape, seed, count: count)
    var stream = RandomStream(seed: seed, .test, 17)
    let targets = (0..<count * 3).map { _ in Float(stream.normal()) }
    return try LabelledData(
      shape: shape, classes: 3, values: plain.values,
      labels: (0..<count).map { LabelledData.firstLargest(of: targets[3 * $0..<3 * ($0 + 1)]) },
      normalization: plain.normalization, targets: targets)
  }

  @Test("The gradient is that of the mean squared error, by central differences", arguments: 0..<3 as Range<UInt64>)
  func gradient(seed: UInt64) throws {
    let dense = try NetworkDescription(name: "dense", widths: [9, 12, 7, 3])
    try GradientTests.check(dense, try data([9], seed, count: 20), seed: seed)
    let images = try GradientTests.network("images") { builder in
      builder.batchNorm()
      builder.relu()
    }
    try GradientTests.check(images, try data([4, 7, 6], seed), seed: seed)
  }

  @Test("Loss and gradient of one layer are those worked out by hand")
  func knownAnswer() throws {
    // Outputs 2 · 3 − 1 = 5 and −3 + 0.5 = −2.5, then 2 · 1 − 1 = 1 and −1 + 0.5 = −0.5.
    let network = try NetworkDescription(name: "line", widths: [1, 2])
    let parameters: [Float] = [2, -1, -1, 0.5]
    let data = try LabelledData(
      shape: [1], classes: 2, values: .floats([3, 1]), labels: [0, 1], targets: [4, -2, 1, 1.5])
    let trainer = try Trainer(network: network, recipe: TrainingRecipe(), data: data, seed: 1)
    let (loss, gradient) = trainer.gradient(at: parameters, samples: [0, 1])
    // (1 + 0.25) / 2 and (0 + 4) / 2.
    #expect(loss == 0.625 + 2)
    // Slopes of the outputs by 2 (y − t) / (2 · 2): 0.5, −0.25 and 0, −1.
    #expect(gradient == [1.5, -1.75, 0.5, -1.25])
    for variant in KernelVariant.available {
      let evaluator = try MaskedEvaluator(
        network: network, scope: PruningScope(), parameters: parameters, data: EvaluationData(data), variant: variant)
      #expect(evaluator.evaluate(nil) == .exact(correct: 1, count: 2, loss: 2.625 / 2))
      let report = try #require(evaluator.report(nil))
      #expect(report.loss == 2.625 / 2 && report.top1 == 1 && report.top5 == 2)
    }
    let reference = try ReferenceEvaluator(
      network: network, scope: PruningScope(), parameters: parameters, data: data)
    #expect(reference.evaluate(nil) == .exact(correct: 1, count: 2, loss: 2.625 / 2))
  }

  @Test("A gradient score is |w| times the trainer's own gradient, with targets too")
  func scores() throws {
    let network = try NetworkDescription(name: "scored", widths: [9, 12, 3])
    let data = try data([9], 4, count: 30)
    let parameters = GradientTests.parameters(network, 4)
    let scores = try #require(
      try WeightScores(network: network, scope: PruningScope(), parameters: parameters, data: data).gradient())
    let gradient = try Trainer(network: network, recipe: TrainingRecipe(), data: data, seed: 1)
      .gradient(at: parameters, samples: Array(0..<30)).gradient
    for tensor in ParameterLayout(network).prunable {
      for (index, place) in zip(tensor.range, tensor.maskRange!) {
        let expected = abs(parameters[index] * gradient[index])
        #expect(abs(scores[place] - expected) <= 1e-5 * expected, "\(tensor.name)[\(index)]")
      }
    }
  }

  @Test("Edge-popup goes along the gradient of the mean squared error")
  func popup() throws {
    let network = try NetworkDescription(name: "popup", widths: [9, 40, 3])
    let data = try data([9], 5, count: 64)
    let scope = PruningScope(prunesClassifier: true)
    let parameters = initialParameters(network, seed: 5)
    let kept = ParameterLayout(network, scope: scope).prunable.map { $0.range.count / 2 }
    func loss(epochs: Int) throws -> Double {
      let search = try EdgePopup(
        network: network, scope: scope, parameters: parameters,
        recipe: TrainingRecipe(epochs: epochs, batchSize: 16, learningRate: 0.05), kept: kept, data: data, seed: 5)
      guard case .scores(let scores) = search.run() else { throw NetworkError("diverged") }
      let layout = ParameterLayout(network, scope: scope)
      var mask = Mask(count: layout.prunableCount)
      for (tensor, kept) in zip(layout.prunable, kept) {
        let range = tensor.maskRange!
        for place in TopSelection.positions(kept, of: scores, in: range) { mask[place] = true }
      }
      return try MaskedEvaluator(network: network, scope: scope, parameters: parameters, data: data).evaluate(mask).loss
    }
    let (before, after) = (try loss(epochs: 0), try loss(epochs: 60))
    #expect(after < 0.8 * before, "\(before) to \(after)")
  }

  @Test("Training in segments gives the bits of one run, and follows no label")
  func segments() throws {
    let network = try NetworkDescription(name: "student", widths: [6, 8, 3])
    let data = try data([6], 6, count: 50)
    let recipe = TrainingRecipe(epochs: 40, batchSize: 16, learningRate: 0.05)
    let trainer = try Trainer(network: network, recipe: recipe, data: data, seed: 3)
    let end = recipe.epochs * trainer.stepsPerEpoch
    var whole = Trainer.initialState(network, recipe: recipe, seed: 3)
    var cut = whole
    let first = trainer.gradient(at: whole.parameters, samples: Array(0..<50)).loss
    #expect(trainer.run(&whole, through: end) != .diverged(step: 0))
    for step in stride(from: 7, to: end, by: 13) { _ = trainer.run(&cut, through: step) }
    _ = trainer.run(&cut, through: end)
    #expect(cut == whole)
    #expect(trainer.gradient(at: whole.parameters, samples: Array(0..<50)).loss < 0.8 * first)
  }
}
