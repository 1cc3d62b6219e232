package import Models
package import Pruning
internal import Randomness

/// How a stretch of training ended.
package enum TrainingOutcome: Hashable, Sendable {
  /// `meanLoss` is the mean training loss of the samples seen, taken while it ran; 0 if there was none.
  case trained(meanLoss: Double)
  /// In this step (counted from 0) the loss, or by the end of its epoch a parameter, was found infinite or NaN. The
  /// state is of no further use.
  case diverged(step: Int)
}

/// Mini-batch SGD on softmax cross-entropy, with momentum and L2 on weights as in PyTorch.
///
/// One step, with the gradient of the batch's mean loss in g: g ← g + l2·w, v ← m·v + g, w ← w − lr·v. What happens in
/// an epoch depends on the state, the seed and the epoch's number only, so training in segments gives the bits of one
/// run. The bits are those of one ``NumericsClass``.
package struct Trainer: Sendable {
  private let stack: DenseStack
  private let recipe: TrainingRecipe
  private let data: LabelledData
  private let seed: UInt64
  private let momentum: Float
  /// All ones where a parameter may change, 0 where it is masked away.
  private let keep: [UInt32]?

  /// A trainer; with a mask, removed weights are set to zero and stay so.
  ///
  /// - Throws: ``NetworkError`` if data or mask do not belong to the network, or the recipe is impossible.
  package init(
    network: NetworkDescription, recipe: TrainingRecipe, data: LabelledData, seed: UInt64, mask: Mask? = nil,
    scope: PruningScope = PruningScope()
  ) throws(NetworkError) {
    try network.check(shape: data.shape, classes: data.classes, parameters: nil)
    try recipe.check()
    guard case .sgd(let momentum, false) = recipe.optimizer else { throw NetworkError("only SGD yet") }
    self.momentum = Float(momentum)
    stack = try DenseStack(network, scope: scope)
    self.recipe = recipe
    self.data = data
    self.seed = seed
    guard let mask else {
      keep = nil
      return
    }
    guard mask.count == stack.prunableCount else {
      throw NetworkError("a mask of \(mask.count) bits for \(stack.prunableCount) prunable weights")
    }
    var keep = [UInt32](repeating: ~0, count: stack.parameterCount)
    for stage in stack.stages {
      guard let range = stage.maskRange else { continue }
      for position in range where !mask[position] { keep[stage.weight + position - range.lowerBound] = 0 }
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
  /// - Complexity: steps × batch size × weights.
  package func run(_ state: inout TrainingState, through step: Int) -> TrainingOutcome {
    precondition(state.parameters.count == stack.parameterCount && state.slots.count == recipe.optimizer.slots)
    let batch = BatchPass(stack, data: data, capacity: min(recipe.batchSize, max(data.count, 1)))
    let gradient = AlignedBuffer<Float>(count: stack.parameterCount)
    if let keep {
      for index in keep.indices where keep[index] == 0 {
        state.parameters[index] = 0
        for slot in state.slots.indices { state.slots[slot][index] = 0 }
      }
    }
    var order: (epoch: Int, samples: [Int])?
    var (total, seen) = (0.0, 0)
    while state.step < step, data.count > 0 {
      let epoch = state.step / stepsPerEpoch
      if order?.epoch != epoch { order = (epoch, samples(of: epoch)) }
      let first = state.step % stepsPerEpoch * recipe.batchSize
      let samples = order!.samples[first..<min(first + recipe.batchSize, data.count)]
      let loss = state.parameters.withUnsafeBufferPointer {
        batch.run(samples, parameters: $0.baseAddress!, gradient: gradient.base)
      }
      guard loss.isFinite else { return .diverged(step: state.step) }
      total += loss
      seen += samples.count
      self.step(&state, gradient)
      state.step += 1
      let ends = state.step == step || state.step % stepsPerEpoch == 0
      if ends, !state.parameters.allSatisfy(\.isFinite) { return .diverged(step: state.step - 1) }
    }
    return .trained(meanLoss: seen == 0 ? 0 : total / Double(seen))
  }

  /// The order in which an epoch sees the samples.
  private func samples(of epoch: Int) -> [Int] {
    var order = Array(0..<data.count)
    var stream = RandomStream(seed: seed, .batchOrder, UInt64(epoch))
    stream.shuffle(&order)
    return order
  }

  /// The sum of the losses of `samples` and the gradient of their mean, without L2: one value a parameter.
  ///
  /// - Complexity: samples × weights.
  package func gradient(at parameters: [Float], samples: [Int]) -> (loss: Double, gradient: [Float]) {
    precondition(parameters.count == stack.parameterCount)
    let batch = BatchPass(stack, data: data, capacity: samples.count)
    let gradient = AlignedBuffer<Float>(count: stack.parameterCount)
    let loss = parameters.withUnsafeBufferPointer {
      batch.run(samples[...], parameters: $0.baseAddress!, gradient: gradient.base)
    }
    return (loss, gradient.array)
  }

  private func step(_ state: inout TrainingState, _ gradient: AlignedBuffer<Float>) {
    if let keep {
      for index in keep.indices {
        gradient.base[index] = Float(bitPattern: gradient.base[index].bitPattern & keep[index])
      }
    }
    let rate = Float(recipe.learningRate)
    state.parameters.withUnsafeMutableBufferPointer { parameters in
      state.slots[0].withUnsafeMutableBufferPointer { velocity in
        for stage in stack.stages {
          for (range, l2) in [
            (stage.weight..<stage.weight + stage.weightCount, Float(recipe.l2)),
            (stage.bias..<stage.bias + stage.outputs, 0),
          ] {
            for index in range {
              let g = gradient.base[index] + l2 * parameters[index]
              velocity[index] = momentum * velocity[index] + g
              parameters[index] -= rate * velocity[index]
            }
          }
        }
      }
    }
  }
}
