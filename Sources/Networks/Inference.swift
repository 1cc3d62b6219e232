package import Models
internal import Pruning

/// A network made ready once for its weights, and run as often as one likes over the same samples: what inference costs.
///
/// ``MaskedEvaluator`` has the same kernels and bits, but makes each candidate ready anew and scores it. They compute 64
/// samples side by side, so fewer cost as much as 64.
package final class Inference {
  private let program: EvaluationProgram
  private let nonfinite = AlignedBuffer<Int32>(count: Kernels.lanes)
  private let count: Int
  private let classes: Int

  /// A model over samples of any labels.
  ///
  /// - Parameter skipsZeros: whether layers with many zero weights become lists of the others; else every weight is
  ///   multiplied, whatever it is.
  /// - Throws: ``NetworkError`` if the network takes other samples or is too large to evaluate.
  package init(_ model: Model, skipsZeros: Bool, data: EvaluationData) throws(NetworkError) {
    let network = model.network
    guard network.accepts(shape: data.shape) else {
      throw NetworkError("\(network.name) takes samples of \(network.inputShape), found \(data.shape)")
    }
    let layout = ParameterLayout(network, scope: PruningScope(prunesClassifier: true))
    program = try EvaluationProgram(
      network, layout: layout, parameters: AlignedBuffer(model.parameters), data: data, kernels: Kernels(.best))
    program.compile(skipsZeros ? model.nonzeroWeights : nil)
    (count, classes) = (data.count, network.outputCount)
  }

  /// Computes the class scores of every sample, and leaves them where the kernels put them.
  ///
  /// - Complexity: blocks of 64 samples × multiply-adds, without those of zero weights if they are skipped.
  package func run() {
    for block in 0..<(count + Kernels.lanes - 1) / Kernels.lanes {
      _ = program.run(block: block, nonfinite: nonfinite.base)
    }
  }

  /// The class scores: [samples][classes].
  package func logits() -> [Float] {
    var out = [Float](repeating: 0, count: count * classes)
    for first in stride(from: 0, to: count, by: Kernels.lanes) {
      let scores = program.run(block: first / Kernels.lanes, nonfinite: nonfinite.base)
      for lane in 0..<min(Kernels.lanes, count - first) {
        for label in 0..<classes { out[(first + lane) * classes + label] = scores[label * Kernels.lanes + lane] }
      }
    }
    return out
  }
}
