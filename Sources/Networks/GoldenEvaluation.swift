internal import Models
package import Pruning
internal import Randomness

/// Built-in networks, masks and data whose scores are known.
///
/// A processor or build that computes other bits so finds out before it spoils a history. The first network is of dense
/// layers and takes the sparse, the masked dense and the dense kernel, several chunks of inputs, and a block that is not
/// full. The second has a layer of every kind that works on images.
package enum GoldenEvaluation {
  /// What every machine must get. Made by ``ReferenceEvaluator``; it changes only with the definition of fitness.
  package static let expected: [Score] = [
    .exact(correct: 16, count: 70, loss: Double(bitPattern: 0x3ffb_ea5f_4c7a_c1cb)),
    .exact(correct: 19, count: 70, loss: Double(bitPattern: 0x3ff6_08ff_6a0a_7165)),
  ]

  /// Whether this process's kernels give the expected scores, bit for bit.
  ///
  /// - Complexity: constant, a few milliseconds where there is FMA hardware.
  package static func matches(variant: KernelVariant = .best) -> Bool { scores(variant) == expected }

  /// What the kernels of a variant give.
  package static func scores(_ variant: KernelVariant) -> [Score] {
    [dense, convolutional].map { parts in
      guard
        let evaluator = try? MaskedEvaluator(
          network: parts.network, scope: PruningScope(), parameters: parts.parameters, data: EvaluationData(parts.data),
          variant: variant)
      else { preconditionFailure("the parts belong together") }
      return evaluator.evaluate(parts.mask)
    }
  }

  /// What the definition gives.
  package static var referenceScores: [Score] {
    [dense, convolutional].map { parts in
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

    /// - Parameter densities: of the masks of the first layer and of the others.
    init(_ network: NetworkDescription, samples: Int, densities: (Double, Double), stream: inout RandomStream) {
      let (features, classes) = (network.inputCount, network.outputCount)
      let pixels = (0..<samples * features).map { _ in stream.chance(0.5) ? 0 : UInt8(stream.below(256)) }
      let labels = (0..<samples).map { _ in UInt8(stream.below(classes)) }
      guard
        let data = try? LabelledData(
          shape: network.inputShape, classes: classes, scale: 255, pixels: pixels, labels: labels)
      else { preconditionFailure("constant sizes fit") }
      self.network = network
      self.data = data
      let layout = ParameterLayout(network)
      var parameters = (0..<layout.count).map { _ in Float(stream.uniform() - 0.5) }
      for tensor in layout.tensors where tensor.role == .runningVariance {
        for index in tensor.range { parameters[index] += 1 }
      }
      self.parameters = parameters
      let first = layout.prunable[0].range.count
      mask = Mask(
        count: layout.prunableCount,
        keeping: (0..<layout.prunableCount).filter { stream.chance($0 < first ? densities.0 : densities.1) })
    }
  }

  private static var dense: Parts {
    var stream = RandomStream(seed: 0, .golden)
    guard let network = try? NetworkDescription(name: "golden", widths: [300, 13, 9, 5]) else {
      preconditionFailure("constant sizes fit")
    }
    return Parts(network, samples: 70, densities: (0.2, 0.8), stream: &stream)
  }

  private static var convolutional: Parts {
    var stream = RandomStream(seed: 0, .golden, 1)
    var builder = NetworkBuilder(input: [3, 13, 11])
    builder.convolution(7, kernel: 3, stride: 2, padding: 1, bias: false)
    builder.batchNorm()
    let trunk = builder.relu()
    builder.convolution(7, kernel: 3, padding: 1, groups: 7)
    builder.add(.activation(.tanh))
    builder.convolution(7, kernel: 1)
    let sum = builder.add(.add, to: [trunk, builder.last])
    builder.maxPool(3, stride: 2, padding: 1)
    let pooled = builder.add(.activation(.leakyRelu(slope: 0.1)))
    builder.add(.averagePool(Window(3, stride: 2, padding: 1), countsPadding: false), to: [sum])
    builder.add(.concatenate, to: [pooled, builder.last])
    builder.batchNorm()
    builder.add(.activation(.sigmoid))
    builder.flatten()
    builder.dense(6)
    builder.add(.softmax(logarithmic: false))
    builder.dense(4)
    guard let network = try? builder.network(name: "golden images") else {
      preconditionFailure("constant sizes fit")
    }
    return Parts(network, samples: 70, densities: (0.4, 0.8), stream: &stream)
  }
}
