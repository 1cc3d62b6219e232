package import Models
package import Pruning
internal import Randomness

/// How a stretch of training ended.
package enum TrainingOutcome: Hashable, Sendable {
  /// `meanLoss` is the mean training loss of the samples seen, taken while it ran; 0 if there was none.
  case trained(meanLoss: Double)
  /// This step (counted from 0) is the first whose loss is infinite or NaN, or that leaves such a parameter behind. The
  /// state is of no further use.
  case diverged(step: Int)
}

/// Mini-batch training of any network on softmax cross-entropy, or on the mean squared error where the data have targets.
///
/// What happens in a step depends on the state, the seed and the step's number only, so training in segments gives the
/// bits of one run. The bits are those of one ``NumericsClass``.
package struct Trainer: Sendable {
  private let network: NetworkDescription
  private let layout: ParameterLayout
  private let recipe: TrainingRecipe
  private let input: BatchInput
  private let seed: UInt64
  private let variant: KernelVariant
  /// All ones where a parameter may change, 0 where it is masked away.
  private let keep: [UInt32]?

  private var data: LabelledData { input.data }

  /// A trainer; with a mask, removed weights are set to zero and stay so.
  ///
  /// - Throws: ``NetworkError`` if data or mask do not belong to the network, or the recipe is impossible.
  package init(
    network: NetworkDescription, recipe: TrainingRecipe, data: LabelledData, seed: UInt64, mask: Mask? = nil,
    scope: PruningScope = PruningScope()
  ) throws(NetworkError) {
    try self.init(
      network: network, recipe: recipe, data: data, seed: seed, mask: mask, scope: scope, variant: .best)
  }

  /// A trainer with kernels of a chosen variant, which changes no bit.
  ///
  /// - Throws: ``NetworkError`` as the other initializer does.
  package init(
    network: NetworkDescription, recipe: TrainingRecipe, data: LabelledData, seed: UInt64, mask: Mask?,
    scope: PruningScope, variant: KernelVariant
  ) throws(NetworkError) {
    try network.check(shape: data.shape, classes: data.classes, parameters: nil)
    try recipe.check()
    let layout = ParameterLayout(network, scope: scope)
    self.network = network
    self.layout = layout
    self.recipe = recipe
    self.seed = seed
    self.variant = variant
    input = try BatchInput(data, network, augmentation: recipe.augmentation)
    guard let mask else {
      keep = nil
      return
    }
    guard mask.count == layout.prunableCount else {
      throw NetworkError("a mask of \(mask.count) bits for \(layout.prunableCount) prunable weights")
    }
    var keep = [UInt32](repeating: ~0, count: layout.trainableCount)
    for tensor in layout.prunable {
      for (index, position) in zip(tensor.range, tensor.maskRange!) where !mask[position] { keep[index] = 0 }
    }
    self.keep = keep
  }

  /// The state that training starts from: ``initialParameters(_:seed:)`` and nothing remembered.
  package static func initialState(
    _ network: NetworkDescription, recipe: TrainingRecipe, seed: UInt64
  ) -> TrainingState {
    let slot = [Float](repeating: 0, count: ParameterLayout(network).trainableCount)
    return TrainingState(
      parameters: initialParameters(network, seed: seed),
      slots: Array(repeating: slot, count: recipe.optimizer.slots), step: 0)
  }

  /// The number of optimizer steps in an epoch.
  package var stepsPerEpoch: Int { recipe.stepsPerEpoch(samples: data.count) }

  /// Trains until `step` optimizer steps are done, from anywhere in an epoch to anywhere in an epoch; does nothing if
  /// they are.
  ///
  /// - Precondition: the state is one of this network and optimizer.
  /// - Complexity: steps × batch size × multiply-adds of the network.
  package func run(_ state: inout TrainingState, through step: Int) -> TrainingOutcome {
    precondition(state.parameters.count == layout.count && state.slots.count == recipe.optimizer.slots)
    precondition(state.slots.allSatisfy { $0.count == layout.trainableCount })
    clear(&state)
    guard state.step < step, data.count > 0 else { return .trained(meanLoss: 0) }
    let memory = Memory(state, keep: keep)
    defer { memory.store(in: &state) }
    let pass = Pass(
      network, .training, capacity: min(recipe.batchSize, data.count), zerosLearn: recipe.zerosLearn, variant: variant)
    let optimizer = OptimizerStep(
      network, recipe: recipe, kernels: pass.kernels, layout: layout, stepsPerEpoch: stepsPerEpoch)
    var order: (epoch: Int, samples: [Int])?
    var (total, seen) = (0.0, 0)
    while state.step < step {
      let epoch = state.step / stepsPerEpoch
      if order?.epoch != epoch { order = (epoch, Self.order(of: data.count, seed: seed, epoch: epoch)) }
      let first = state.step % stepsPerEpoch * recipe.batchSize
      let samples = order!.samples[first..<min(first + recipe.batchSize, data.count)]
      let key = Pass.Key(seed: seed, step: state.step)
      input.load(samples, key, into: pass.input)
      let loss = propagate(pass, samples, key, memory.parameters, memory.gradient)
      guard loss.isFinite else { return .diverged(step: state.step) }
      total += loss
      seen += samples.count
      optimizer.run(
        step: state.step, gradient: memory.gradient, keep: memory.keep, parameters: memory.parameters,
        slots: memory.slots)
      // Not only where the training is cut, so that the step is the same wherever that is.
      guard memory.isFinite else { return .diverged(step: state.step) }
      state.step += 1
    }
    return .trained(meanLoss: total / Double(seen))
  }

  /// Sets masked parameters and what is remembered of them to zero.
  private func clear(_ state: inout TrainingState) {
    guard let keep else { return }
    for index in keep.indices where keep[index] == 0 {
      state.parameters[index] = 0
      for slot in state.slots.indices { state.slots[slot][index] = 0 }
    }
  }

  /// The order in which an epoch sees `count` samples.
  static func order(of count: Int, seed: UInt64, epoch: Int) -> [Int] {
    var order = Array(0..<count)
    var stream = RandomStream(seed: seed, .batchOrder, UInt64(epoch))
    stream.shuffle(&order)
    return order
  }

  /// What the network sees of some samples, [samples][height][width][channels] or [samples][features]; with a step as
  /// that step's augmentation leaves them.
  package func inputs(of samples: [Int], step: Int? = nil) -> [Float] {
    let values = AlignedBuffer<Float>(count: samples.count * data.featureCount)
    input.load(samples, step.map { Pass.Key(seed: seed, step: $0) }, into: values.base)
    return values.array
  }

  /// The sum of the losses of `samples`, taken as one batch in training mode with the dropout of step 0 and no
  /// augmentation, and the gradient of their mean, without L1 and L2: one value a trainable parameter.
  ///
  /// - Complexity: samples × multiply-adds of the network, with memory for the activations of all samples.
  package func gradient(at parameters: [Float], samples: [Int]) -> (loss: Double, gradient: [Float]) {
    precondition(parameters.count == layout.count && !samples.isEmpty)
    let pass = Pass(
      network, .training, capacity: samples.count, zerosLearn: recipe.zerosLearn, variant: variant)
    let gradient = AlignedBuffer<Float>(count: layout.trainableCount)
    input.load(samples, nil, into: pass.input)
    let loss = propagate(
      pass, samples[...], Pass.Key(seed: seed, step: 0), AlignedBuffer(parameters), gradient)
    return (loss, gradient.array)
  }

  /// Forward and backward through samples that are loaded.
  private func propagate(
    _ pass: Pass, _ samples: ArraySlice<Int>, _ key: Pass.Key, _ parameters: AlignedBuffer<Float>,
    _ gradient: AlignedBuffer<Float>
  ) -> Double {
    _ = pass.forward(parameters.base, count: samples.count, key: key)
    let loss = pass.loss(of: samples, in: data)
    pass.backward(parameters.base, into: gradient.base)
    return loss
  }

  /// A state where the kernels can work on it.
  private struct Memory {
    let parameters: AlignedBuffer<Float>
    let slots: [AlignedBuffer<Float>]
    let gradient: AlignedBuffer<Float>
    let keep: AlignedBuffer<UInt32>?

    init(_ state: TrainingState, keep: [UInt32]?) {
      parameters = AlignedBuffer(state.parameters)
      slots = state.slots.map { AlignedBuffer($0) }
      gradient = AlignedBuffer(count: state.parameters.count)
      self.keep = keep.map { AlignedBuffer($0) }
    }

    /// Whether all parameters are. Without a branch in the loop it is vectorised.
    var isFinite: Bool {
      var largest: UInt32 = 0
      for index in 0..<parameters.count { largest = max(largest, parameters.base[index].bitPattern & 0x7FFF_FFFF) }
      return largest < 0x7F80_0000
    }

    func store(in state: inout TrainingState) {
      state.parameters = parameters.array
      for (index, slot) in slots.enumerated() { state.slots[index] = slot.array }
    }
  }
}
