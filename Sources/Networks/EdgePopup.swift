package import Models
internal import Pruning
internal import Randomness

/// A search for a good subnetwork by gradient: a score for each weight is trained, the weights are not.
///
/// In each step
///
///   1. of each layer as many weights count as it may keep, those with the largest |s|; the others are zero;
///   2. the loss of a batch is derived by the weights that counted so, kept or not;
///   3. the step of the optimizer goes along ∂L/∂w · w · sign(s), as if each weight were multiplied with |s| (straight
///      through the choice).
///
/// Scores start uniform within ±1/√n, n the inputs of a sum, as in the authors' code. Biases and normalisation keep their
/// values. The bits are those of one ``NumericsClass``.
///
/// Source: Ramanujan, Wortsman, Kembhavi, Farhadi, Rastegari, "What's hidden in a randomly weighted neural network?", CVPR
/// 2020.
package struct EdgePopup: Sendable {
  package enum Outcome: Hashable, Sendable {
    /// |s| of each prunable weight; what a layer keeps are its largest, of equals the lower positions.
    case scores([Float])
    /// This step (counted from 0) is the first whose loss is infinite or NaN, or that leaves such a score behind.
    case diverged(step: Int)
  }

  private let network: NetworkDescription
  private let layout: ParameterLayout
  private let recipe: TrainingRecipe
  private let parameters: [Float]
  private let input: BatchInput
  private let kept: [Int]
  private let seed: UInt64
  private let variant: KernelVariant

  /// - Parameter kept: how many weights each prunable tensor keeps, in mask order.
  /// - Throws: ``NetworkError`` if data, parameters or counts do not belong to the network, or the recipe is impossible.
  package init(
    network: NetworkDescription, scope: PruningScope, parameters: [Float], recipe: TrainingRecipe, kept: [Int],
    data: LabelledData, seed: UInt64, variant: KernelVariant = .best
  ) throws(NetworkError) {
    try network.check(shape: data.shape, classes: data.classes, parameters: parameters.count)
    try recipe.check()
    self.network = network
    layout = ParameterLayout(network, scope: scope)
    self.parameters = parameters
    self.recipe = recipe
    input = try BatchInput(data, network, augmentation: recipe.augmentation)
    self.kept = kept
    self.seed = seed
    self.variant = variant
    let prunable = layout.prunable
    guard kept.count == prunable.count, zip(kept, prunable).allSatisfy({ $0 >= 0 && $0 <= $1.range.count }) else {
      throw NetworkError("\(kept.count) counts of kept weights are not those of \(prunable.count) layers")
    }
    guard data.count > 0 else { throw NetworkError("scores of weights need a sample at least") }
  }

  /// Trains the scores through the whole recipe.
  ///
  /// - Complexity: steps × (batch size × multiply-adds of the network + prunable weights).
  package func run() -> Outcome {
    let data = input.data
    let stepsPerEpoch = recipe.stepsPerEpoch(samples: data.count)
    let pass = Pass(network, .training, capacity: min(recipe.batchSize, data.count), variant: variant)
    let optimizer = OptimizerStep(
      network, recipe: recipe, kernels: pass.kernels, layout: layout, stepsPerEpoch: stepsPerEpoch)
    let scores = AlignedBuffer(initialScores)
    let masked = AlignedBuffer(parameters)
    let gradient = AlignedBuffer<Float>(count: layout.count)
    let slots = (0..<recipe.optimizer.slots).map { _ in AlignedBuffer<Float>(count: layout.count) }
    var order: [Int] = []
    for step in 0..<recipe.epochs * stepsPerEpoch {
      let (epoch, batch) = step.quotientAndRemainder(dividingBy: stepsPerEpoch)
      if batch == 0 { order = Trainer.order(of: data.count, seed: seed, epoch: epoch) }
      let samples = order[batch * recipe.batchSize..<min((batch + 1) * recipe.batchSize, data.count)]
      let key = Pass.Key(seed: seed, step: step)
      select(scores, into: masked)
      input.load(samples, key, into: pass.input)
      _ = pass.forward(masked.base, count: samples.count, key: key)
      guard pass.loss(of: samples, in: data).isFinite else { return .diverged(step: step) }
      pass.backward(masked.base, into: gradient.base)
      deriveByScores(gradient, scores)
      optimizer.run(step: step, gradient: gradient, keep: nil, parameters: scores, slots: slots)
      guard (0..<layout.trainableCount).allSatisfy({ scores.base[$0].isFinite }) else { return .diverged(step: step) }
    }
    return .scores(layout.prunable.flatMap { $0.range.map { abs(scores.base[$0]) } })
  }

  /// One value a parameter; zeros for what has no score, where the optimizer's steps then stay.
  private var initialScores: [Float] {
    var scores = [Float](repeating: 0, count: layout.count)
    for (number, tensor) in layout.prunable.enumerated() {
      var stream = RandomStream(seed: seed, .popupScores, UInt64(number))
      let bound = 1 / Double(tensor.shape.dropFirst().reduce(1, *)).squareRoot()
      for index in tensor.range { scores[index] = Float((2 * stream.uniform() - 1) * bound) }
    }
    return scores
  }

  /// Sets all weights to zero but the best of each layer.
  private func select(_ scores: AlignedBuffer<Float>, into masked: AlignedBuffer<Float>) {
    for (tensor, kept) in zip(layout.prunable, kept) where kept < tensor.range.count {
      let first = tensor.range.lowerBound
      let sizes = (0..<tensor.range.count).map { abs(scores.base[first + $0]) }
      (masked.base + first).update(repeating: 0, count: sizes.count)
      for place in TopSelection.positions(kept, of: sizes, in: sizes.indices) {
        masked.base[first + place] = parameters[first + place]
      }
    }
  }

  /// Turns derivatives by weights into those by their scores.
  private func deriveByScores(_ gradient: AlignedBuffer<Float>, _ scores: AlignedBuffer<Float>) {
    for tensor in layout.tensors where tensor.role.isTrainable {
      let first = gradient.base + tensor.range.lowerBound
      guard tensor.maskRange != nil else {
        first.update(repeating: 0, count: tensor.range.count)
        continue
      }
      for index in tensor.range {
        let slope = gradient.base[index] * parameters[index]
        gradient.base[index] = scores.base[index] < 0 ? -slope : slope
      }
    }
  }
}
