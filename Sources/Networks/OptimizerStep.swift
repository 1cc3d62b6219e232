internal import Models

/// The optimizers' steps as PyTorch takes them, on memory of the trainer's.
struct OptimizerStep {
  let recipe: TrainingRecipe
  let kernels: TrainingKernels
  let stepsPerEpoch: Int
  private let tensors: [ParameterTensor]

  init(
    _ network: NetworkDescription, recipe: TrainingRecipe, kernels: TrainingKernels, layout: ParameterLayout,
    stepsPerEpoch: Int
  ) {
    self.recipe = recipe
    self.kernels = kernels
    self.stepsPerEpoch = stepsPerEpoch
    tensors = layout.tensors.filter { $0.role.isTrainable && recipe.part.includes(network.nodes[$0.node].layer) }
  }

  /// One step: `parameters` and `slots` change in place.
  ///
  /// `gradient`, `keep`, slots: one value a trainable parameter; `keep`, if any, has zeros where nothing may change.
  func run(
    step: Int, gradient: AlignedBuffer<Float>, keep: AlignedBuffer<UInt32>?, parameters: AlignedBuffer<Float>,
    slots: [AlignedBuffer<Float>]
  ) {
    let rate = recipe.learningRate(step: step, stepsPerEpoch: stepsPerEpoch)
    for tensor in tensors {
      let first = tensor.range.lowerBound
      let decays = tensor.role == .weight
      let w = parameters.base + first
      var common = TrainingKernels.Step(
        count: tensor.range.count, gradient: gradient.base + first,
        keep: (decays ? keep : nil).map { UnsafePointer($0.base + first) }, l1: decays ? Float(recipe.l1) : 0,
        l2: decays ? Float(recipe.l2) : 0, rate: Float(rate))
      switch recipe.optimizer {
      case .sgd(let momentum, let nesterov):
        kernels.descend(
          common, momentum: Float(momentum), nesterov: nesterov, velocity: slots.first.map { $0.base + first }, w)
      case .adam(let moments), .adamW(let moments):
        var shrink: Float = 1
        if case .adamW = recipe.optimizer {
          shrink = Float(1 - rate * Double(common.l2 == 0 ? 0 : recipe.l2))
          common.l2 = 0
        }
        common.rate = Float(rate / (1 - Self.power(moments.beta1, step + 1)))
        kernels.adapt(
          common, beta1: Float(moments.beta1), beta2: Float(moments.beta2),
          correction: Float((1 - Self.power(moments.beta2, step + 1)).squareRoot()), epsilon: Float(moments.epsilon),
          shrink: shrink, m: slots[0].base + first, v: slots[1].base + first, w)
      }
    }
  }

  /// By repeated squaring.
  static func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, square, rest) = (1.0, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }
}
