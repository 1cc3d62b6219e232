internal import Elementary
package import Models
package import Pruning

/// The definition of fitness, slow and obvious: sample by sample, weight by weight.
///
/// ``MaskedEvaluator`` must agree with it in every bit; change both or neither.
package struct ReferenceEvaluator {
  private let network: NetworkDescription
  private let layout: ParameterLayout
  private let parameters: [Float]
  private let data: LabelledData

  /// An evaluator of masks over `scope` for the given parameters.
  ///
  /// - Throws: ``NetworkError`` if data or parameters do not belong to the network.
  package init(
    network: NetworkDescription, scope: PruningScope, parameters: [Float], data: LabelledData
  ) throws(NetworkError) {
    try network.check(shape: data.shape, classes: data.classes, parameters: parameters.count)
    self.network = network
    self.parameters = parameters
    self.data = data
    layout = ParameterLayout(network, scope: scope)
  }

  /// Accuracy and mean loss under a mask; nil keeps every weight.
  ///
  /// - Complexity: samples × weights, through calls of the C library.
  package func evaluate(_ mask: Mask?) -> Score {
    var correct = 0
    var total = 0.0
    for sample in 0..<data.count {
      guard let logits = logits(of: sample, mask) else { return .nonfinite }
      let label = Int(data.labels[sample])
      var best = 0
      for (index, logit) in logits.enumerated() where logit > logits[best] { best = index }
      if best == label { correct += 1 }
      var sum = 0.0
      for logit in logits { sum += Elementary.exp(Double(logit) - Double(logits[best])) }
      total += Elementary.log(sum) - (Double(logits[label]) - Double(logits[best]))
    }
    return .exact(correct: correct, count: data.count, loss: data.count == 0 ? 0 : total / Double(data.count))
  }

  /// The class scores of one sample; nil if any value on the way is infinite or not a number.
  private func logits(of sample: Int, _ mask: Mask?) -> [Float]? {
    var values = data.inputs(of: sample)
    for (node, layer) in network.nodes.enumerated() {
      switch layer.layer {
      case .activation(.relu):
        values = values.map { $0 > 0 ? $0 : 0 }
      case .dense(let outputs, _):
        let (weight, bias) = (layout[node, .weight]!, layout[node, .bias]!)
        let inputs = weight.shape[1]
        var next: [Float] = []
        for output in 0..<outputs {
          var sum = parameters[bias.range.lowerBound + output]
          for input in 0..<inputs {
            let index = output * inputs + input
            if let mask, let range = weight.maskRange, !mask[range.lowerBound + index] { continue }
            sum = sum.addingProduct(parameters[weight.range.lowerBound + index], values[input])
          }
          guard sum.isFinite else { return nil }
          // −0 becomes +0, so that leaving out a weight and adding 0 · x are the same.
          next.append(sum + 0)
        }
        values = next
      default: continue
      }
    }
    return values
  }
}
