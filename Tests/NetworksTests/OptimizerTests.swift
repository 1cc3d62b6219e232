import Models
import Networks
import Pruning
import Testing

/// Three steps of a dense layer on four samples, beside what PyTorch 2.15 makes of them.
@Suite struct OptimizerTests {
  static let cases: [(TrainingRecipe.Optimizer, rate: Double, l1: Double, expected: [Float])] = [
    (
      .sgd(momentum: 0, nesterov: false), 0.5, 0,
      [
        0.7404015064239502, -1.410416603088379, 0.5321236848831177, 0.1840873658657074, 0.013537351042032242,
        2.2980480194091797, 0.17543113231658936, 0.19429558515548706, -0.46972671151161194,
      ]
    ),
    (
      .sgd(momentum: 0.75, nesterov: false), 0.5, 0,
      [
        0.5620493292808533, -0.9983864426612854, 0.5589686632156372, 0.1401374787092209, 0.015982018783688545,
        1.8057488203048706, 0.23130325973033905, 0.47311168909072876, -0.8044149279594421,
      ]
    ),
    (
      .sgd(momentum: 0.75, nesterov: true), 0.5, 0,
      [
        0.4154331386089325, -0.7296797037124634, 0.5005609393119812, 0.021883070468902588, 0.1150713860988617,
        1.567017674446106, 0.24727240204811096, 0.5512889623641968, -0.8985613584518433,
      ]
    ),
    (
      .sgd(momentum: 0.75, nesterov: false), 0.5, 0.125,
      [
        0.256608247756958, -0.700165867805481, 0.2675495445728302, -0.15445028245449066, 0.05159226432442665,
        1.499616026878357, 0.2261732816696167, 0.48722362518310547, -0.8133969306945801,
      ]
    ),
    (
      .adam(.init(beta1: 0.75, beta2: 0.875, epsilon: 1e-6)), 0.125, 0,
      [
        0.6252877116203308, -1.6259671449661255, 0.7733908891677856, -0.12559841573238373, -0.07455738633871078,
        2.626650094985962, 0.46038612723350525, 0.17152352631092072, -0.3702988624572754,
      ]
    ),
    (
      .adamW(.init(beta1: 0.75, beta2: 0.875, epsilon: 1e-6)), 0.125, 0,
      [
        0.5914259552955627, -1.556201696395874, 0.8336420655250549, 0.1955525279045105, -0.08220939338207245,
        2.523482322692871, 0.46196889877319336, 0.16935262084007263, -0.36838483810424805,
      ]
    ),
  ]

  @Test(arguments: cases.indices) func stepsAreThoseOfPyTorch(_ index: Int) throws {
    let (optimizer, rate, l1, expected) = Self.cases[index]
    let network = try NetworkDescription(name: "test", widths: [2, 3])
    let data = try LabelledData(
      shape: [2], classes: 3, values: .floats([0, 1, 0.5, 0.25, 1, 0.75, 0.25, 0]), labels: [0, 1, 2, 1])
    let recipe = TrainingRecipe(
      epochs: 3, batchSize: 4, learningRate: rate, optimizer: optimizer, l1: l1, l2: 0.1)
    var state = Trainer.initialState(network, recipe: recipe, seed: 1)
    state.parameters = [1, -2, 0.5, 0.25, 0, 3, 0.1, -0.2, 0]
    _ = try Trainer(network: network, recipe: recipe, data: data, seed: 1).run(&state, through: 3)
    for (value, other) in zip(state.parameters, expected) {
      #expect(abs(value - other) < 2e-6, "\(optimizer): \(state.parameters)")
    }
  }

  /// Samples 1 and 3: mean 2, biased variance 1, unbiased 2; running values move by a tenth.
  @Test func runningStatisticsFollowTheBatch() throws {
    var builder = NetworkBuilder(input: [1])
    builder.batchNorm(name: "norm")
    builder.dense(2)
    let network = try builder.network(name: "test")
    let layout = ParameterLayout(network)
    let data = try LabelledData(shape: [1], classes: 2, scale: 1, pixels: [1, 3], labels: [0, 1])
    let recipe = TrainingRecipe(epochs: 1, batchSize: 2, learningRate: 1e-30, l2: 0)
    var state = Trainer.initialState(network, recipe: recipe, seed: 1)
    _ = try Trainer(network: network, recipe: recipe, data: data, seed: 1).run(&state, through: 1)
    #expect(state.parameters[layout[1, .runningMean]!.range] == [0.2])
    #expect(state.parameters[layout[1, .runningVariance]!.range] == [1.1])
    // Evaluation sees (x − 0.2) / √1.1, whatever else is in the batch.
    state.parameters.replaceSubrange(layout[2, .weight]!.range, with: [1, -1])
    for samples in [[1, 0], [1]] {
      let scores = try MaskedEvaluator(
        network: network, scope: PruningScope(), parameters: state.parameters, data: data.selecting(samples)
      ).logits(nil)
      for (score, expected) in zip(scores, [2.6697, -2.6697, 0.7628, -0.7628]) {
        #expect(abs(Double(score) - expected) < 1e-4, "\(scores)")
      }
    }
  }

  /// A batch of one sample with one place has no variance; nothing may become NaN.
  @Test func oneValueIsNormalisedToZero() throws {
    var builder = NetworkBuilder(input: [2, 1, 1])
    builder.batchNorm()
    builder.flatten()
    builder.dense(2)
    let network = try builder.network(name: "test")
    let data = try LabelledData(shape: [2, 1, 1], classes: 2, scale: 1, pixels: [7, 9], labels: [1])
    let recipe = TrainingRecipe(epochs: 1, batchSize: 4)
    var state = Trainer.initialState(network, recipe: recipe, seed: 1)
    guard case .trained = try Trainer(network: network, recipe: recipe, data: data, seed: 1).run(&state, through: 2)
    else { throw NetworkError("diverged") }
    let variance = ParameterLayout(network)[1, .runningVariance]!.range
    for value in state.parameters[variance] { #expect(abs(value - 0.81) < 1e-6) }
  }
}
