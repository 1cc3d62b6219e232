package import Models
package import Pruning
internal import Randomness

/// How a stretch of training ended.
package enum TrainingOutcome: Hashable, Sendable {
  /// `meanLoss` is the mean training loss over the last epoch, taken while it ran; 0 if there was no sample or no epoch
  /// to run.
  case trained(meanLoss: Double)
  /// In this epoch (counted from 0) the loss or a parameter became infinite or NaN. The state is of no further use.
  case diverged(epoch: Int)
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
  /// All ones where a parameter may change, 0 where it is masked away.
  private let keep: [UInt32]?

  /// A trainer; with a mask, removed weights are set to zero and stay so.
  ///
  /// - Throws: ``NetworkError`` if data or mask do not belong to the network, or the recipe is impossible.
  package init(
    network: NetworkDescription, recipe: TrainingRecipe, data: LabelledData, seed: UInt64, mask: Mask? = nil,
    scope: PruningScope = PruningScope()
  ) throws(NetworkError) {
    try network.check(features: data.featureCount, classes: data.classes, parameters: nil)
    guard recipe.batchSize > 0, recipe.epochs >= 0, recipe.learningRate.isFinite, recipe.momentum.isFinite,
      recipe.l2.isFinite
    else { throw NetworkError("impossible training recipe \(recipe)") }
    stack = DenseStack(network, scope: scope)
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

  /// The state that training starts from: ``initialParameters(_:seed:)`` and no velocity.
  package static func initialState(_ network: NetworkDescription, seed: UInt64) -> TrainingState {
    let parameters = initialParameters(network, seed: seed)
    return TrainingState(parameters: parameters, velocity: parameters.map { _ in 0 }, epoch: 0)
  }

  /// Trains until `epoch` epochs are completed; does nothing if they are.
  ///
  /// - Precondition: the state has as many values as the network has parameters.
  /// - Complexity: epochs × samples × weights.
  package func run(_ state: inout TrainingState, through epoch: Int) -> TrainingOutcome {
    precondition(state.parameters.count == stack.parameterCount && state.velocity.count == stack.parameterCount)
    let batch = BatchPass(stack, data: data, capacity: min(recipe.batchSize, max(data.count, 1)))
    let gradient = AlignedBuffer<Float>(count: stack.parameterCount)
    if let keep {
      for index in keep.indices where keep[index] == 0 { (state.parameters[index], state.velocity[index]) = (0, 0) }
    }
    var meanLoss = 0.0
    while state.epoch < epoch {
      guard let loss = runEpoch(&state, batch, gradient) else { return .diverged(epoch: state.epoch) }
      meanLoss = loss
      state.epoch += 1
    }
    return .trained(meanLoss: meanLoss)
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

  /// One epoch's mean loss; nil if something became infinite or NaN.
  private func runEpoch(_ state: inout TrainingState, _ batch: BatchPass, _ gradient: AlignedBuffer<Float>) -> Double? {
    var order = Array(0..<data.count)
    var stream = RandomStream(seed: seed, .batchOrder, UInt64(state.epoch))
    stream.shuffle(&order)
    var total = 0.0
    for first in stride(from: 0, to: order.count, by: recipe.batchSize) {
      let samples = order[first..<min(first + recipe.batchSize, order.count)]
      let loss = state.parameters.withUnsafeBufferPointer {
        batch.run(samples, parameters: $0.baseAddress!, gradient: gradient.base)
      }
      guard loss.isFinite else { return nil }
      total += loss
      step(&state, gradient)
    }
    guard state.parameters.allSatisfy(\.isFinite) else { return nil }
    return order.isEmpty ? 0 : total / Double(order.count)
  }

  private func step(_ state: inout TrainingState, _ gradient: AlignedBuffer<Float>) {
    if let keep {
      for index in keep.indices {
        gradient.base[index] = Float(bitPattern: gradient.base[index].bitPattern & keep[index])
      }
    }
    let rate = Float(recipe.learningRate)
    let momentum = Float(recipe.momentum)
    state.parameters.withUnsafeMutableBufferPointer { parameters in
      state.velocity.withUnsafeMutableBufferPointer { velocity in
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
