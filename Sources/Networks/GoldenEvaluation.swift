internal import Models
package import Pruning
internal import Randomness

/// Built-in networks, masks and data whose scores are known.
///
/// A processor or build that computes other bits so finds out before it spoils a history. Together the evaluations take
/// the sparse, the masked dense and the dense kernels, several chunks of inputs, a block that is not full, every
/// kind of layer whose arithmetic is its own, and masks together with features that are skipped.
package enum GoldenEvaluation {
  /// What every machine must get: by dense layers, by convolutions. Made by ``ReferenceEvaluator``; it changes only with
  /// the definition of fitness.
  package static let expected: [Score] = [
    .exact(correct: 16, count: 70, loss: Double(bitPattern: 0x3ffb_ea5f_4c7a_c1cb)),
    .exact(correct: 4, count: 20, loss: Double(bitPattern: 0x4005_66e4_eb9c_f51b)),
  ]

  /// Whether this process's kernels give the expected scores, bit for bit.
  ///
  /// - Complexity: constant, a few milliseconds where there is FMA hardware.
  package static func matches(variant: KernelVariant = .best) -> Bool {
    scores(variant) == expected
      && skippingScores(variant, isTogether: true) == skippingScores(variant, isTogether: false)
  }

  /// Scores of masks that share parts, on samples with features that are zero throughout; together or one by one, which
  /// take other kernels.
  private static func skippingScores(_ variant: KernelVariant, isTogether: Bool) -> [Score?] {
    guard let parts = try? dense(), case .bytes(var pixels, let scale) = parts.data.values else {
      preconditionFailure("constant sizes fit")
    }
    for index in pixels.indices where index % parts.data.featureCount % 3 == 0 { pixels[index] = 0 }
    guard
      let data = try? LabelledData(
        shape: parts.data.shape, classes: parts.data.classes, scale: scale, pixels: pixels, labels: parts.data.labels),
      let evaluator = try? MaskedEvaluator(
        network: parts.network, scope: PruningScope(), parameters: parts.parameters, data: EvaluationData(data),
        variant: variant, assembledSamples: 0)
    else { preconditionFailure("the parts belong together") }
    var child = parts.mask
    for position in stride(from: 5, to: child.count, by: 401) { child[position].toggle() }
    let masks = [parts.mask, child]
    return isTogether
      ? evaluator.evaluate(masks.map { MaskedEvaluator.Query(mask: $0) }) : masks.map { evaluator.evaluate($0) }
  }

  /// What the kernels of a variant give.
  package static func scores(_ variant: KernelVariant) -> [Score] {
    parts.map { parts in
      guard
        let evaluator = try? MaskedEvaluator(
          network: parts.network, scope: PruningScope(), parameters: parts.parameters,
          data: EvaluationData(parts.data), variant: variant)
      else { preconditionFailure("the parts belong together") }
      return evaluator.evaluate(parts.mask)
    }
  }

  /// What the definition gives.
  package static var referenceScores: [Score] {
    parts.map { parts in
      guard
        let evaluator = try? ReferenceEvaluator(
          network: parts.network, scope: PruningScope(), parameters: parts.parameters, data: parts.data)
      else { preconditionFailure("the parts belong together") }
      return evaluator.evaluate(parts.mask)
    }
  }

  private struct Parts {
    let network: NetworkDescription
    let parameters: [Float]
    let mask: Mask
    let data: LabelledData
  }

  private static var parts: [Parts] {
    guard let dense = try? dense(), let convolutional = try? convolutional() else {
      preconditionFailure("constant sizes fit")
    }
    return [dense, convolutional]
  }

  private static func dense() throws(NetworkError) -> Parts {
    var stream = RandomStream(seed: 0, .golden)
    let (features, classes, samples) = (300, 5, 70)
    let pixels = pixels(samples * features, &stream)
    let labels = (0..<samples).map { _ in UInt8(stream.below(classes)) }
    let network = try NetworkDescription(name: "golden", widths: [features, 13, 9, classes])
    let data = try LabelledData(shape: [features], classes: classes, scale: 255, pixels: pixels, labels: labels)
    let layout = ParameterLayout(network)
    let parameters = (0..<layout.count).map { _ in Float(stream.uniform() - 0.5) }
    // Few weights of the first layer, many of the second.
    let first = layout.prunable[0].range.count
    let mask = Mask(
      count: layout.prunableCount,
      keeping: (0..<layout.prunableCount).filter { stream.chance($0 < first ? 0.2 : 0.8) })
    return Parts(network: network, parameters: parameters, mask: mask, data: data)
  }

  private static func convolutional() throws(NetworkError) -> Parts {
    var stream = RandomStream(seed: 0, .golden, 1)
    let network = try images()
    let (classes, samples) = (network.outputCount, 20)
    let data = try LabelledData(
      shape: network.inputShape, classes: classes,
      values: .bytes(pixels(samples * network.inputCount, &stream), scale: 255),
      labels: (0..<samples).map { _ in UInt8(stream.below(classes)) },
      normalization: LabelledData.Normalization(mean: [0.25, 0.3], deviation: [0.3, 0.35]))
    let layout = ParameterLayout(network)
    var parameters = (0..<layout.count).map { _ in Float(stream.uniform() - 0.5) }
    for tensor in layout.tensors where tensor.role == .runningVariance {
      for index in tensor.range { parameters[index] += 1 }
    }
    // By turns few and many weights of a layer.
    var mask = Mask(count: layout.prunableCount)
    for (number, tensor) in layout.prunable.enumerated() {
      for position in tensor.maskRange! where stream.chance(number % 2 == 0 ? 0.2 : 0.8) { mask[position] = true }
    }
    return Parts(network: network, parameters: parameters, mask: mask, data: data)
  }

  /// A residual network of most kinds of layers.
  private static func images() throws(NetworkError) -> NetworkDescription {
    var builder = NetworkBuilder(input: [2, 11, 9])
    builder.add(
      .convolution(
        Convolution(
          outputs: 20,
          window: Window(
            height: 3, width: 2, verticalStride: 1, horizontalStride: 1,
            padding: Window.Padding(top: 2, left: 1, bottom: 0, right: 0)))))
    builder.batchNorm()
    let shortcut = builder.relu()
    builder.convolution(20, kernel: 3, padding: 1, bias: false)
    builder.batchNorm()
    builder.relu()
    // Depthwise, and two chunks of channels.
    builder.convolution(20, kernel: 3, padding: 1, groups: 20)
    builder.add(.activation(.tanh))
    builder.convolution(20, kernel: 1)
    let sum = builder.add(.add, to: [builder.last, shortcut])
    let largest = builder.add(.maxPool(Window(3, stride: 2, padding: 1)), to: [sum])
    let mean = builder.add(.averagePool(Window(3, stride: 2, padding: 1), countsPadding: false), to: [sum])
    builder.convolution(6, kernel: 3, stride: 2, padding: 1, groups: 2, to: sum)
    builder.add(.activation(.sigmoid))
    builder.add(.concatenate, to: [largest, mean, builder.last])
    builder.convolution(8, kernel: 1)
    builder.add(.activation(.leakyRelu(slope: 0.1)))
    builder.flatten()
    builder.dense(12)
    builder.add(.softmax(logarithmic: true))
    builder.dense(4)
    return try builder.network(name: "golden-images")
  }

  private static func pixels(_ count: Int, _ stream: inout RandomStream) -> [UInt8] {
    (0..<count).map { _ in stream.chance(0.5) ? 0 : UInt8(stream.below(256)) }
  }
}
