internal import Models

/// Forward and backward through one mini-batch of any network, with the memory for it.
///
/// Values lie channel last, [samples][height][width][channels] or [samples][features]: lanes of vectors are channels,
/// windows are found by addresses instead of im2col, and almost every layer sees a matrix of rows by channels. Each
/// sum has one order, so only the products of dense layers depend on the BLAS.
final class Pass {
  /// What random decisions of a training step depend on.
  struct Key {
    let seed: UInt64
    let step: Int
  }

  let network: NetworkDescription
  /// As ``TrainingRecipe/zerosLearn``.
  let zerosLearn: Bool
  let plan: PassPlan
  let kernels: TrainingKernels
  /// The most samples of a batch.
  let capacity: Int
  /// The samples of the current batch.
  private(set) var count = 0
  /// Whether it came forward as in training, which the way back follows.
  private(set) var trains = false
  let offsets: [ParameterOffsets]
  private let valueSlots: [AlignedBuffer<Float>]
  /// Where the samples lie; memory of its own unless something else is set, which is only read.
  var input: UnsafeMutablePointer<Float>
  private let gradientSlots: [AlignedBuffer<Float>]
  /// Whether a node's derivatives have got a first summand in this backward pass.
  private var hasGradient: [Bool]
  /// What nodes keep between forward and backward.
  let convolutions: [ConvolutionMemory?]
  let pools: [PoolMemory?]
  let norms: [NormMemory?]
  /// For dropout: 0 or 1 / (1 − rate) for each value.
  let dropouts: [AlignedBuffer<Float>?]
  let convolutionScratch: ConvolutionScratch
  /// One node's derivatives before they are added to others.
  private let summand: AlignedBuffer<Float>
  /// One value a channel or feature, filled up to whole vectors.
  let channelSums: (AlignedBuffer<Double>, AlignedBuffer<Double>)

  /// Room for batches of up to `capacity` samples.
  init(
    _ network: NetworkDescription, _ purpose: PassPlan.Purpose, capacity: Int, zerosLearn: Bool = false,
    variant: KernelVariant = .best
  ) {
    let plan = PassPlan(network, purpose)
    self.network = network
    self.zerosLearn = zerosLearn
    self.plan = plan
    self.capacity = capacity
    kernels = TrainingKernels(variant)
    let layout = ParameterLayout(network)
    let nodes = 0..<plan.count
    offsets = nodes.map { ParameterOffsets(layout, node: $0) }
    valueSlots = plan.valueSizes.map { AlignedBuffer(count: $0 * capacity) }
    input = valueSlots[plan.value[0]].base
    gradientSlots = plan.gradientSizes.map { AlignedBuffer(count: $0 * capacity) }
    hasGradient = Array(repeating: false, count: plan.count)
    let convolutions = nodes.map { node -> ConvolutionMemory? in
      guard case .convolution(let convolution) = network.nodes[node].layer else { return nil }
      return ConvolutionMemory(
        convolution, input: network.inputShape(of: node), output: network.shapes[node], capacity: capacity)
    }
    self.convolutions = convolutions
    convolutionScratch = ConvolutionScratch(convolutions.compactMap { $0 }, purpose)
    let training = purpose == .training
    pools = nodes.map { PoolMemory(network, node: $0, capacity: training ? capacity : 0) }
    norms = nodes.map { node in
      guard case .batchNorm = network.nodes[node].layer else { return nil }
      return NormMemory(channels: network.shapes[node][0])
    }
    dropouts = nodes.map { node in
      guard training, case .dropout = network.nodes[node].layer else { return nil }
      return AlignedBuffer(count: network.shapes[node].reduce(1, *) * capacity)
    }
    let sizes = network.shapes.map { $0.reduce(1, *) }
    summand = AlignedBuffer(count: training ? sizes.max()! * capacity : 0)
    let channels = TrainingKernels.padded(network.shapes.reduce(1) { max($0, $1[0]) })
    channelSums = (AlignedBuffer(count: channels), AlignedBuffer(count: channels))
  }

  /// A node's values: [samples][height][width][channels].
  func values(_ node: Int) -> UnsafeMutablePointer<Float> {
    let slot = plan.value[node]
    return slot == plan.value[0] ? input : valueSlots[slot].base
  }

  /// The loss's derivatives by a node's values, if anything depends on them.
  func gradient(_ node: Int) -> UnsafeMutablePointer<Float>? { plan.gradient[node].map { gradientSlots[$0].base } }

  /// All values of a node in the batch.
  func size(_ node: Int) -> Int { network.shapes[node].reduce(1, *) * count }

  /// Channels or features, and how many rows of them a node has in the batch.
  func matrix(_ node: Int) -> (rows: Int, channels: Int) {
    let shape = network.shapes[node]
    return (shape.dropFirst().reduce(count, *), shape[0])
  }

  /// Computes the class scores of `count` samples that lie at `input`: [count][classes].
  ///
  /// With a key as in training: statistics of the batch, which running ones in `parameters` follow, and dropout.
  func forward(_ parameters: UnsafeMutablePointer<Float>, count: Int, key: Key?) -> UnsafePointer<Float> {
    precondition(count > 0 && count <= capacity)
    self.count = count
    trains = key != nil
    for node in 1..<plan.count { forward(node, parameters, key) }
    return UnsafePointer(values(network.logits))
  }

  private func forward(_ node: Int, _ parameters: UnsafeMutablePointer<Float>, _ key: Key?) {
    let inputs = network.nodes[node].inputs
    let input = inputs[0]
    switch network.nodes[node].layer {
    case .input: preconditionFailure("one input")
    case .dense: dense(node, input, parameters)
    case .convolution: convolve(node, input, parameters)
    case .maxPool, .averagePool, .globalAveragePool: pool(node, input)
    case .batchNorm(let norm): normalize(node, input, norm, parameters, training: key != nil)
    case .activation(let activation): activate(node, input, activation)
    case .softmax(let logarithmic): softmax(node, input, logarithmic: logarithmic)
    case .dropout(let rate): drop(node, input, rate, key)
    case .flatten: flatten(node, input)
    case .add: add(node, inputs)
    case .concatenate: concatenate(node, inputs)
    }
  }

  /// Writes the derivatives of all trainable parameters, from those of the class scores in `gradient(logits)`.
  ///
  /// `gradient`: one value a trainable parameter.
  func backward(_ parameters: UnsafePointer<Float>, into gradient: UnsafeMutablePointer<Float>) {
    for node in hasGradient.indices { hasGradient[node] = false }
    hasGradient[network.logits] = true
    for node in (1..<plan.count).reversed() where plan.gradient[node] != nil {
      backward(node, parameters, gradient)
    }
  }

  private func backward(
    _ node: Int, _ parameters: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>
  ) {
    let inputs = network.nodes[node].inputs
    let input = inputs[0]
    switch network.nodes[node].layer {
    case .input: preconditionFailure("one input")
    case .dense: denseBackward(node, input, parameters, gradient)
    case .convolution: convolveBackward(node, input, parameters, gradient)
    case .maxPool, .averagePool, .globalAveragePool: poolBackward(node, input)
    case .batchNorm: normalizeBackward(node, input, parameters, gradient)
    case .activation(let activation): activateBackward(node, input, activation)
    case .softmax(let logarithmic): softmaxBackward(node, input, logarithmic: logarithmic)
    case .dropout: dropBackward(node, input)
    case .flatten: flattenBackward(node, input)
    case .add: addBackward(node, inputs)
    case .concatenate: concatenateBackward(node, inputs)
    }
  }

  /// Lets `write` add to a node's derivatives, which hold other summands already if it is told so.
  func accumulate(_ node: Int, _ write: (_ target: UnsafeMutablePointer<Float>, _ hasSummands: Bool) -> Void) {
    guard let target = gradient(node) else { return }
    write(target, hasGradient[node])
    hasGradient[node] = true
  }

  /// Lets `write` set a summand of a node's derivatives.
  func contribute(_ node: Int, _ write: (_ summand: UnsafeMutablePointer<Float>) -> Void) {
    accumulate(node) { target, hasSummands in
      guard hasSummands else { return write(target) }
      write(summand.base)
      kernels.add(summand.base, size(node), to: target)
    }
  }
}

/// Where a node's tensors begin in the parameter buffer; −1 for those that it does not have.
struct ParameterOffsets: Sendable {
  let weight: Int
  let bias: Int
  let scale: Int
  let shift: Int
  let runningMean: Int
  let runningVariance: Int

  init(_ layout: ParameterLayout, node: Int) {
    func offset(_ role: ParameterRole) -> Int { layout[node, role]?.range.lowerBound ?? -1 }
    weight = offset(.weight)
    bias = offset(.bias)
    scale = offset(.scale)
    shift = offset(.shift)
    runningMean = offset(.runningMean)
    runningVariance = offset(.runningVariance)
  }
}
