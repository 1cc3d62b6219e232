internal import Models
package import Pruning
internal import Randomness

/// A built-in network, mask and data whose score is known.
///
/// A processor or build that computes other bits so finds out before it spoils a history. The evaluation takes the
/// sparse, the masked dense and the dense kernel, several chunks of inputs, and a block that is not full.
package enum GoldenEvaluation {
  /// What every machine must get. Made by ``ReferenceEvaluator``; it changes only with the definition of fitness.
  package static let expected = Score.exact(
    correct: 16, count: 70, loss: Double(bitPattern: 0x3ffbea5f4c7ac1cb))

  /// Whether this process's kernels give the expected score, bit for bit.
  ///
  /// - Complexity: constant, below a millisecond where there is FMA hardware.
  package static func matches(variant: KernelVariant = .best) -> Bool { score(variant) == expected }

  /// What the kernels of a variant give.
  package static func score(_ variant: KernelVariant) -> Score {
    let parts = Parts()
    guard
      let evaluator = try? MaskedEvaluator(
        network: parts.network, scope: PruningScope(), parameters: parts.parameters, data: EvaluationData(parts.data),
        variant: variant)
    else { preconditionFailure("the parts belong together") }
    return evaluator.evaluate(parts.mask)
  }

  /// What the definition gives.
  package static var referenceScore: Score {
    let parts = Parts()
    guard
      let evaluator = try? ReferenceEvaluator(
        network: parts.network, scope: PruningScope(), parameters: parts.parameters, data: parts.data)
    else { preconditionFailure("the parts belong together") }
    return evaluator.evaluate(parts.mask)
  }

  private struct Parts {
    let network: NetworkDescription
    let parameters: [Float]
    let mask: Mask
    let data: LabelledData

    init() {
      var stream = RandomStream(seed: 0, .golden)
      let (features, classes, samples) = (300, 5, 70)
      let pixels = (0..<samples * features).map { _ in stream.chance(0.5) ? 0 : UInt8(stream.below(256)) }
      let labels = (0..<samples).map { _ in UInt8(stream.below(classes)) }
      guard
        let network = try? NetworkDescription(name: "golden", widths: [features, 13, 9, classes]),
        let data = try? LabelledData(shape: [features], classes: classes, scale: 255, pixels: pixels, labels: labels)
      else { preconditionFailure("constant sizes fit") }
      self.network = network
      self.data = data
      let layout = ParameterLayout(network)
      parameters = (0..<layout.count).map { _ in Float(stream.uniform() - 0.5) }
      // Few weights of the first layer, many of the second.
      let first = layout.prunable[0].range.count
      mask = Mask(
        count: layout.prunableCount,
        keeping: (0..<layout.prunableCount).filter { stream.chance($0 < first ? 0.2 : 0.8) })
    }
  }
}
