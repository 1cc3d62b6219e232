import Digests
import Models
import Networks
import Pruning
import Randomness
import Testing

@Suite struct TrainerTests {
  static let recipe = TrainingRecipe(epochs: 6, batchSize: 16, learningRate: 0.05, momentum: 0.9, l2: 1e-3)

  /// Two classes on either side of a plane, with a margin.
  func separable(_ seed: UInt64, count: Int) throws -> LabelledData {
    var stream = RandomStream(seed: seed, .test)
    var pixels: [UInt8] = []
    var labels: [UInt8] = []
    while labels.count < count {
      let sample = (0..<6).map { _ in UInt8(stream.below(256)) }
      let side = Int(sample[0]) + Int(sample[1]) - Int(sample[2]) - Int(sample[3])
      guard abs(side) > 60 else { continue }
      pixels += sample
      labels.append(side > 0 ? 1 : 0)
    }
    return try LabelledData(shape: [2, 3], classes: 2, scale: 255, pixels: pixels, labels: labels)
  }

  @Test func gradientEqualsCentralDifferences() throws {
    let network = try NetworkDescription(name: "test", widths: [6, 5, 4, 3])
    let data = try Samples.data(41, count: 30, features: 6, classes: 3)
    let trainer = try Trainer(network: network, recipe: Self.recipe, data: data, seed: 1)
    var parameters = initialParameters(network, seed: 41)
    // Biases away from 0 keep units off the corner of the ReLU.
    var stream = RandomStream(seed: 41, .test)
    for index in parameters.indices where parameters[index] == 0 { parameters[index] = Float(stream.uniform() * 0.5) }
    let samples = Array(0..<data.count)
    let gradient = trainer.gradient(at: parameters, samples: samples).gradient
    for index in parameters.indices {
      let step: Float = 1 / 2048
      var up = parameters
      up[index] += step
      var down = parameters
      down[index] -= step
      let above = trainer.gradient(at: up, samples: samples).loss
      let below = trainer.gradient(at: down, samples: samples).loss
      let slope = (above - below) / Double(up[index] - down[index]) / Double(samples.count)
      #expect(abs(slope - Double(gradient[index])) < 1e-3, "parameter \(index), seed 41")
    }
  }

  @Test func aSeparableProblemIsLearnt() throws {
    let network = try Zoo.network(named: "mlp-8", inputs: 6, classes: 2)
    let data = try separable(42, count: 300)
    let trainer = try Trainer(network: network, recipe: Self.recipe, data: data, seed: 42)
    var state = Trainer.initialState(network, seed: 42)
    guard case .trained(let first) = trainer.run(&state, through: 1) else { throw NetworkError("diverged") }
    guard case .trained(let last) = trainer.run(&state, through: 20) else { throw NetworkError("diverged") }
    #expect(last < first / 2)
    let score = try MaskedEvaluator(network: network, scope: PruningScope(), parameters: state.parameters, data: data)
      .evaluate(nil)
    #expect(score.accuracy > 0.97)
  }

  @Test func segmentsGiveTheBitsOfOneRun() throws {
    let network = try Zoo.network(named: "mlp-9-5", inputs: 11, classes: 3)
    let data = try Samples.data(43, count: 75, features: 11, classes: 3)
    let trainer = try Trainer(network: network, recipe: Self.recipe, data: data, seed: 43)
    var whole = Trainer.initialState(network, seed: 43)
    let outcome = trainer.run(&whole, through: 6)
    var parts = Trainer.initialState(network, seed: 43)
    for epoch in [1, 1, 2, 5] { _ = trainer.run(&parts, through: epoch) }
    // The last segment runs elsewhere, from stored bytes.
    let other = try Trainer(network: network, recipe: Self.recipe, data: data, seed: 43)
    var resumed = try TrainingState(canonical: parts.canonicalBytes.bytes)
    #expect(other.run(&resumed, through: 6) == outcome)
    #expect(resumed == whole)
    #expect(resumed.parameters.map(\.bitPattern) == whole.parameters.map(\.bitPattern))
    #expect(whole.epoch == 6)
  }

  @Test func seedsMatter() throws {
    let network = try Zoo.network(named: "mlp-5", inputs: 11, classes: 3)
    let data = try Samples.data(44, count: 75, features: 11, classes: 3)
    var states = (0..<2).map { _ in Trainer.initialState(network, seed: 44) }
    for index in states.indices {
      _ = try Trainer(network: network, recipe: Self.recipe, data: data, seed: UInt64(index)).run(
        &states[index], through: 2)
    }
    #expect(states[0] != states[1])
    #expect(initialParameters(network, seed: 1) != initialParameters(network, seed: 2))
  }

  @Test func removedWeightsStayZero() throws {
    let network = try Zoo.network(named: "mlp-9-5", inputs: 11, classes: 3)
    let scope = PruningScope(prunesClassifier: true)
    let layout = ParameterLayout(network, scope: scope)
    let mask = Samples.mask(45, count: layout.prunableCount, density: 0.4)
    let data = try Samples.data(45, count: 75, features: 11, classes: 3)
    let trainer = try Trainer(network: network, recipe: Self.recipe, data: data, seed: 45, mask: mask, scope: scope)
    var state = Trainer.initialState(network, seed: 45)
    let before = layout.prunableValues(of: state.parameters)
    _ = trainer.run(&state, through: 3)
    let after = layout.prunableValues(of: state.parameters)
    for position in 0..<mask.count {
      if mask[position] {
        #expect(after[position] != before[position], "position \(position)")
      } else {
        #expect(after[position].bitPattern == 0, "position \(position)")
      }
    }
    // What the mask removes is zero already, so applying it changes nothing.
    let evaluator = try MaskedEvaluator(network: network, scope: scope, parameters: state.parameters, data: data)
    #expect(evaluator.evaluate(mask) == evaluator.evaluate(nil))
  }

  /// One step by hand: batch of both samples, v = g, w − lr·v.
  @Test func oneStepByHand() throws {
    let network = try NetworkDescription(name: "test", widths: [1, 2])
    let data = try LabelledData(shape: [1], classes: 2, scale: 1, pixels: [1, 3], labels: [0, 1])
    let recipe = TrainingRecipe(epochs: 1, batchSize: 4, learningRate: 0.5, momentum: 0.9, l2: 0.25)
    let trainer = try Trainer(network: network, recipe: recipe, data: data, seed: 0)
    var state = TrainingState(parameters: [1, 1, 2, 2], velocity: [0, 0, 1, 0], epoch: 0)
    let outcome = trainer.run(&state, through: 1)
    // Softmax is ½ everywhere: dW = ½ · mean(∓1, ±3) = ±½, plus l2 · 1; the biases' gradients cancel.
    #expect(state.velocity == [0.75, -0.25, 0.9, 0])
    #expect(state.parameters == [0.625, 1.125, 1.55, 2])
    guard case .trained(let loss) = outcome else { throw NetworkError("diverged") }
    #expect(abs(loss - 0.6931471805599453) < 1e-15)
  }

  @Test func divergenceIsReported() throws {
    let network = try Zoo.network(named: "mlp-5", inputs: 11, classes: 3)
    let data = try Samples.data(46, count: 75, features: 11, classes: 3)
    var recipe = Self.recipe
    recipe.learningRate = 1e30
    var state = Trainer.initialState(network, seed: 46)
    let outcome = try Trainer(network: network, recipe: recipe, data: data, seed: 46).run(&state, through: 5)
    guard case .diverged = outcome else {
      Issue.record("\(outcome)")
      return
    }
  }

  @Test func noSamplesNoChange() throws {
    let network = try Zoo.network(named: "mlp-5", inputs: 3, classes: 2)
    let data = try Samples.data(47, count: 0, features: 3, classes: 2)
    var state = Trainer.initialState(network, seed: 47)
    let before = state.parameters
    #expect(
      try Trainer(network: network, recipe: Self.recipe, data: data, seed: 47).run(&state, through: 2)
        == .trained(meanLoss: 0))
    #expect(state.parameters == before)
    #expect(state.epoch == 2)
  }

  @Test func impossibleRecipesAreRefused() throws {
    let network = try Zoo.network(named: "mlp-5", inputs: 3, classes: 2)
    let data = try Samples.data(48, count: 4, features: 3, classes: 2)
    for change in [
      { $0.batchSize = 0 }, { $0.learningRate = .nan }, { $0.momentum = .infinity },
    ] as [(inout TrainingRecipe) -> Void] {
      var recipe = Self.recipe
      change(&recipe)
      #expect(throws: NetworkError.self) { try Trainer(network: network, recipe: recipe, data: data, seed: 1) }
    }
  }
}
