import Digests
import Elementary
import Models
import Networks
import Pruning
import Randomness
import Testing

@Suite struct TrainerTests {
  static let recipe = TrainingRecipe(epochs: 6, batchSize: 16, learningRate: 0.05, l2: 1e-3)

  static let optimizers: [TrainingRecipe.Optimizer] = [
    .sgd(momentum: 0, nesterov: false), .sgd(momentum: 0.9, nesterov: false), .sgd(momentum: 0.9, nesterov: true),
    .adam(.init()), .adamW(.init(beta1: 0.8, beta2: 0.99, epsilon: 1e-6)),
  ]

  /// Batch normalisation, dropout, a residual sum, two kinds of pools.
  static func convolutional(_ shape: [Int] = [2, 6, 6], classes: Int = 3) throws -> NetworkDescription {
    var builder = NetworkBuilder(input: shape)
    builder.convolution(5, kernel: 3, padding: 1, bias: false)
    builder.batchNorm()
    let first = builder.relu()
    builder.convolution(5, kernel: 3, padding: 1)
    builder.add(.add, to: [builder.last, first])
    builder.maxPool(2, stride: 2)
    builder.add(.dropout(rate: 0.25))
    builder.convolution(6, kernel: 3, padding: 1)
    builder.relu()
    builder.add(.globalAveragePool)
    builder.flatten()
    builder.dense(classes)
    return try builder.network(name: "convolutional")
  }

  static func images(_ seed: UInt64, count: Int) throws -> LabelledData {
    var stream = RandomStream(seed: seed, .test, 1)
    return try LabelledData(
      shape: [2, 6, 6], classes: 3, scale: 255, pixels: (0..<count * 72).map { _ in UInt8(stream.below(256)) },
      labels: (0..<count).map { _ in UInt8(stream.below(3)) })
  }

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

  @Test(arguments: optimizers) func aSeparableProblemIsLearnt(_ optimizer: TrainingRecipe.Optimizer) throws {
    let network = try Zoo.network(named: "mlp-8", inputs: 6, classes: 2)
    let data = try separable(42, count: 300)
    var recipe = Self.recipe
    recipe.optimizer = optimizer
    if case .sgd(momentum: 0, nesterov: _) = optimizer { recipe.learningRate = 0.5 }
    let trainer = try Trainer(network: network, recipe: recipe, data: data, seed: 42)
    var state = Trainer.initialState(network, recipe: recipe, seed: 42)
    let epoch = trainer.stepsPerEpoch
    guard case .trained(let first) = trainer.run(&state, through: epoch) else { throw NetworkError("diverged") }
    guard case .trained(let last) = trainer.run(&state, through: 20 * epoch) else { throw NetworkError("diverged") }
    #expect(last < first / 2)
    #expect(try Samples.correct(network, state.parameters, data) > 290, "seed 42")
  }

  /// A bright bar that stands or lies, anywhere in the image.
  @Test func aConvolutionalNetworkLearnsBars() throws {
    var stream = RandomStream(seed: 50, .test)
    var pixels: [UInt8] = []
    var labels: [UInt8] = []
    for _ in 0..<240 {
      let stands = stream.chance(0.5)
      let (row, column) = (stream.below(stands ? 4 : 8), stream.below(stands ? 8 : 4))
      for place in 0..<64 {
        let (y, x) = (place / 8, place % 8)
        let inside = stands ? x == column && (row..<row + 5).contains(y) : y == row && (column..<column + 5).contains(x)
        pixels.append(UInt8(stream.below(60) + (inside ? 150 : 0)))
      }
      labels.append(stands ? 1 : 0)
    }
    let data = try LabelledData(shape: [8, 8], classes: 2, scale: 255, pixels: pixels, labels: labels)
    var builder = NetworkBuilder(input: [1, 8, 8])
    builder.convolution(6, kernel: 3, padding: 1, bias: false)
    builder.batchNorm()
    builder.relu()
    builder.maxPool(2, stride: 2)
    builder.convolution(8, kernel: 3, padding: 1)
    builder.relu()
    builder.add(.globalAveragePool)
    builder.flatten()
    builder.dense(2)
    let network = try builder.network(name: "bars")
    let recipe = TrainingRecipe(epochs: 15, batchSize: 16, learningRate: 0.05)
    let training = data.selecting(Array(0..<160))
    let trainer = try Trainer(network: network, recipe: recipe, data: training, seed: 50)
    var state = Trainer.initialState(network, recipe: recipe, seed: 50)
    guard case .trained = trainer.run(&state, through: 15 * trainer.stepsPerEpoch) else {
      throw NetworkError("diverged")
    }
    // On images that it has not seen, with running statistics.
    #expect(try Samples.correct(network, state.parameters, data.selecting(Array(160..<240))) >= 76, "seed 50")
  }

  @Test(arguments: optimizers) func segmentsGiveTheBitsOfOneRun(_ optimizer: TrainingRecipe.Optimizer) throws {
    let network = try Self.convolutional()
    let data = try Self.images(43, count: 75)
    var recipe = Self.recipe
    recipe.optimizer = optimizer
    recipe.schedule = .cosine(horizon: 4)
    recipe.warmupEpochs = 1
    recipe.augmentation = .init(cropPadding: 2, flip: true)
    recipe.l1 = 1e-4
    let trainer = try Trainer(network: network, recipe: recipe, data: data, seed: 43)
    #expect(trainer.stepsPerEpoch == 5)
    var whole = Trainer.initialState(network, recipe: recipe, seed: 43)
    _ = trainer.run(&whole, through: 17)
    var parts = Trainer.initialState(network, recipe: recipe, seed: 43)
    for step in [1, 1, 3, 0, 5, 12] { _ = trainer.run(&parts, through: step) }
    // The last segment runs elsewhere, from stored bytes.
    let other = try Trainer(network: network, recipe: recipe, data: data, seed: 43)
    var resumed = try TrainingState(canonical: parts.canonicalBytes.bytes)
    _ = other.run(&resumed, through: 17)
    #expect(resumed.step == 17)
    #expect(resumed.parameters.map(\.bitPattern) == whole.parameters.map(\.bitPattern))
    #expect(resumed == whole)
  }

  @Test func allKernelVariantsGiveTheSameBits() throws {
    var builder = NetworkBuilder(input: [2, 6, 6])
    builder.convolution(37, kernel: 3, padding: 1, bias: false)
    builder.batchNorm()
    builder.relu()
    builder.convolution(37, kernel: 3, padding: 1, groups: 37)
    builder.maxPool(2, stride: 2)
    builder.convolution(70, kernel: 2, stride: 2)
    builder.relu()
    builder.add(.averagePool(Window(2, stride: 1, padding: 1), countsPadding: false))
    builder.flatten()
    builder.dense(3)
    let network = try builder.network(name: "variants")
    let data = try Self.images(51, count: 20)
    for optimizer in Self.optimizers {
      var recipe = Self.recipe
      recipe.optimizer = optimizer
      recipe.l1 = 1e-3
      var states: [TrainingState] = []
      for variant in KernelVariant.available {
        let trainer = try Trainer(
          network: network, recipe: recipe, data: data, seed: 51, mask: nil, scope: PruningScope(), variant: variant)
        var state = Trainer.initialState(network, recipe: recipe, seed: 51)
        _ = trainer.run(&state, through: 3)
        states.append(state)
      }
      for state in states.dropFirst() { #expect(state == states[0], "\(optimizer)") }
    }
  }

  /// Evaluation uses its memory again and again, training keeps all: the same scores come out.
  @Test func evaluationComputesWhatTrainingComputes() throws {
    var builder = NetworkBuilder(input: [2, 6, 6])
    let first = builder.convolution(5, kernel: 3, padding: 1)
    builder.relu()
    let second = builder.convolution(5, kernel: 3, padding: 1, groups: 5)
    builder.add(.add, to: [second, first])
    let third = builder.relu()
    builder.convolution(7, kernel: 1)
    builder.add(.concatenate, to: [builder.last, third, second])
    builder.maxPool(2, stride: 2)
    builder.add(.activation(.leakyRelu(slope: 0.2)))
    builder.flatten()
    let wide = builder.dense(9)
    builder.add(.activation(.sigmoid))
    builder.add(.add, to: [builder.last, wide])
    builder.dense(3)
    builder.add(.softmax(logarithmic: false))
    let network = try builder.network(name: "test")
    let data = try Self.images(53, count: 20)
    let trainer = try Trainer(network: network, recipe: Self.recipe, data: data, seed: 53)
    let parameters = initialParameters(network, seed: 53)
    let samples = [3, 1, 4, 1, 5, 9, 2, 6]
    let trained = trainer.gradient(at: parameters, samples: samples).loss
    for batch in [3, 8, 100] {
      let rival = try DenseForward(
        network: network, scope: PruningScope(), parameters: parameters, data: data.selecting(samples), batch: batch)
      let scores = rival.logits(Mask(count: network.prunableCount(PruningScope()), keeping: true))
      var loss = 0.0
      for (row, sample) in samples.enumerated() {
        let row = scores[3 * row..<3 * row + 3].map { Double($0) }
        loss += Elementary.log(row.map(Elementary.exp).reduce(0, +)) - row[Int(data.labels[sample])]
      }
      #expect(abs(loss - trained) < 1e-5 * trained, "batches of \(batch), seed 53")
    }
  }

  @Test func seedsMatter() throws {
    let network = try Zoo.network(named: "mlp-5", inputs: 11, classes: 3)
    let data = try Samples.data(44, count: 75, features: 11, classes: 3)
    var states = (0..<2).map { _ in Trainer.initialState(network, recipe: Self.recipe, seed: 44) }
    for index in states.indices {
      _ = try Trainer(network: network, recipe: Self.recipe, data: data, seed: UInt64(index)).run(
        &states[index], through: 2)
    }
    #expect(states[0] != states[1])
    #expect(initialParameters(network, seed: 1) != initialParameters(network, seed: 2))
  }

  @Test(arguments: optimizers) func removedWeightsStayZero(_ optimizer: TrainingRecipe.Optimizer) throws {
    let network = try Self.convolutional()
    let scope = PruningScope(prunesClassifier: true)
    let layout = ParameterLayout(network, scope: scope)
    let mask = Samples.mask(45, count: layout.prunableCount, density: 0.4)
    let data = try Self.images(45, count: 75)
    var recipe = Self.recipe
    recipe.optimizer = optimizer
    recipe.l1 = 1e-3
    let trainer = try Trainer(network: network, recipe: recipe, data: data, seed: 45, mask: mask, scope: scope)
    var state = Trainer.initialState(network, recipe: recipe, seed: 45)
    // Memory of a time before the mask is forgotten.
    for slot in state.slots.indices { state.slots[slot] = state.slots[slot].map { _ in 0.25 } }
    let before = layout.prunableValues(of: state.parameters)
    _ = trainer.run(&state, through: 7)
    for tensor in layout.prunable {
      for (index, position) in zip(tensor.range, tensor.maskRange!) {
        if mask[position] {
          #expect(state.parameters[index] != before[position], "position \(position)")
        } else {
          #expect(state.parameters[index].bitPattern == 0, "position \(position)")
          for slot in state.slots { #expect(slot[index].bitPattern == 0, "position \(position)") }
        }
      }
    }
  }

  /// What a removed weight was is no matter: so a chain whose segments bring old values back has the bits of one run.
  @Test(arguments: optimizers) func removedWeightsDoNotMatter(_ optimizer: TrainingRecipe.Optimizer) throws {
    let network = try Self.convolutional()
    let scope = PruningScope(prunesClassifier: true)
    let layout = ParameterLayout(network, scope: scope)
    let data = try Self.images(51, count: 75)
    let mask = Samples.mask(51, count: layout.prunableCount, density: 0.4)
    var removed: [Int] = []
    for tensor in layout.prunable {
      for (index, position) in zip(tensor.range, tensor.maskRange!) where !mask[position] { removed.append(index) }
    }
    var recipe = Self.recipe
    recipe.optimizer = optimizer
    let trainer = try Trainer(network: network, recipe: recipe, data: data, seed: 51, mask: mask, scope: scope)
    let start = Trainer.initialState(network, recipe: recipe, seed: 51)
    var whole = start
    guard case .trained = trainer.run(&whole, through: 12) else { throw NetworkError("diverged") }
    #expect(removed.allSatisfy { whole.parameters[$0] == 0 })

    var chain = start
    for end in [0, 3, 7, 7, 12] {
      guard case .trained(let loss) = trainer.run(&chain, through: end) else { throw NetworkError("diverged") }
      #expect(loss.isFinite, "a segment of no steps has a loss too")
      #expect(removed.allSatisfy { chain.parameters[$0] == 0 })
      for index in removed { chain.parameters[index] = start.parameters[index] }
    }
    for index in layout.tensors.flatMap(\.range) where !removed.contains(index) {
      #expect(chain.parameters[index].bitPattern == whole.parameters[index].bitPattern, "seed 51, parameter \(index)")
    }
    for index in removed { chain.parameters[index] = 0 }
    #expect(chain == whole, "slots and step too")

    var wild = start
    for index in removed { wild.parameters[index] = .nan }
    guard case .trained = trainer.run(&wild, through: 12) else { throw NetworkError("diverged") }
    #expect(wild == whole)
  }

  /// One step by hand: batch of both samples, v = g, w − lr·v.
  @Test func oneStepByHand() throws {
    let network = try NetworkDescription(name: "test", widths: [1, 2])
    let data = try LabelledData(shape: [1], classes: 2, scale: 1, pixels: [1, 3], labels: [0, 1])
    let recipe = TrainingRecipe(epochs: 1, batchSize: 4, learningRate: 0.5, l2: 0.25)
    let trainer = try Trainer(network: network, recipe: recipe, data: data, seed: 0)
    var state = TrainingState(parameters: [1, 1, 2, 2], slots: [[0, 0, 1, 0]], step: 0)
    let outcome = trainer.run(&state, through: 1)
    // Softmax is ½ everywhere: dW = ½ · mean(∓1, ±3) = ±½, plus l2 · 1; the biases' gradients cancel.
    #expect(state.slots == [[0.75, -0.25, 0.9, 0]])
    #expect(state.parameters == [0.625, 1.125, 1.55, 2])
    guard case .trained(let loss) = outcome else { throw NetworkError("diverged") }
    #expect(abs(loss - 0.6931471805599453) < 1e-15)
  }

  @Test func divergenceIsReported() throws {
    let network = try Self.convolutional()
    let data = try Self.images(46, count: 75)
    var recipe = Self.recipe
    recipe.learningRate = 1e30
    var state = Trainer.initialState(network, recipe: recipe, seed: 46)
    let outcome = try Trainer(network: network, recipe: recipe, data: data, seed: 46).run(&state, through: 25)
    guard case .diverged = outcome else {
      Issue.record("\(outcome)")
      return
    }
  }

  /// The step that diverged is the same however the training is cut, and lies in the segment that found it.
  @Test(arguments: [(1e30, 1), (1e30, 1e10), (1e10, 1), (1e4, 1), (100, 1), (10, 30)] as [(Double, Double)])
  func divergenceKnowsNoCuts(rate: Double, l2: Double) throws {
    let network = try Self.convolutional()
    let data = try Self.images(54, count: 75)
    var recipe = Self.recipe
    recipe.learningRate = rate
    recipe.l2 = l2
    let trainer = try Trainer(network: network, recipe: recipe, data: data, seed: 54)
    var whole = Trainer.initialState(network, recipe: recipe, seed: 54)
    guard case .diverged(let expected) = trainer.run(&whole, through: 400) else {
      Issue.record("rate \(rate), seed 54: no divergence")
      return
    }
    for length in [1, 2, 3, 5, 7] {
      var parts = Trainer.initialState(network, recipe: recipe, seed: 54)
      for first in stride(from: 0, through: expected, by: length) {
        let outcome = trainer.run(&parts, through: first + length)
        guard case .diverged(let step) = outcome else {
          #expect(!(first..<first + length).contains(expected), "rate \(rate), segments of \(length), seed 54")
          continue
        }
        #expect(step == expected, "rate \(rate), segments of \(length), seed 54")
        break
      }
    }
  }

  /// No layer may turn a NaN into a number.
  @Test func aBrokenWeightIsFound() throws {
    for layer: Layer in [
      .activation(.relu), .activation(.leakyRelu(slope: 0.1)), .activation(.sigmoid), .activation(.tanh),
      .activation(.clip(low: 0, high: 6)), .batchNorm(BatchNorm()), .maxPool(Window(2, stride: 1)),
      .averagePool(Window(2, stride: 1), countsPadding: true), .globalAveragePool,
    ] {
      var builder = NetworkBuilder(input: [2, 6, 6])
      builder.convolution(3, kernel: 3)
      builder.add(layer)
      builder.flatten()
      builder.dense(3)
      let network = try builder.network(name: "broken")
      var state = Trainer.initialState(network, recipe: Self.recipe, seed: 52)
      state.parameters[4] = .nan
      let trainer = try Trainer(network: network, recipe: Self.recipe, data: try Self.images(52, count: 20), seed: 52)
      #expect(trainer.run(&state, through: 1) == .diverged(step: 0), "\(layer)")
    }
  }

  @Test func noSamplesNoChange() throws {
    let network = try Zoo.network(named: "mlp-5", inputs: 3, classes: 2)
    let data = try Samples.data(47, count: 0, features: 3, classes: 2)
    var state = Trainer.initialState(network, recipe: Self.recipe, seed: 47)
    let before = state
    #expect(
      try Trainer(network: network, recipe: Self.recipe, data: data, seed: 47).run(&state, through: 2)
        == .trained(meanLoss: 0))
    #expect(state == before)
  }

  @Test func impossibleRecipesAreRefused() throws {
    let network = try Zoo.network(named: "mlp-5", inputs: 3, classes: 2)
    let data = try Samples.data(48, count: 4, features: 3, classes: 2)
    for change in [
      { $0.batchSize = 0 }, { $0.learningRate = .nan }, { $0.optimizer = .sgd(momentum: .infinity, nesterov: false) },
      { $0.augmentation.flip = true },
    ] as [(inout TrainingRecipe) -> Void] {
      var recipe = Self.recipe
      change(&recipe)
      #expect(throws: NetworkError.self) { try Trainer(network: network, recipe: recipe, data: data, seed: 1) }
    }
  }

  @Test("Training of a part moves its layers and no others", arguments: optimizers)
  func parts(_ optimizer: TrainingRecipe.Optimizer) throws {
    let network = try Self.convolutional()
    let layout = ParameterLayout(network)
    let data = try Self.images(3, count: 40)
    for part in TrainingRecipe.Part.allCases {
      var recipe = Self.recipe
      (recipe.optimizer, recipe.part) = (optimizer, part)
      let trainer = try Trainer(network: network, recipe: recipe, data: data, seed: 7)
      var state = Trainer.initialState(network, recipe: recipe, seed: 7)
      let before = state.parameters
      guard case .trained = trainer.run(&state, through: 4) else { throw NetworkError("diverged") }
      for tensor in layout.tensors where tensor.role.isTrainable {
        let isDense = tensor.shape.count == 2 || tensor.name.hasPrefix("dense")
        let isTrained = part == .all || (part == .dense) == isDense
        #expect((state.parameters[tensor.range] != before[tensor.range]) == isTrained, "\(part) \(tensor.name)")
      }
    }
  }
}
