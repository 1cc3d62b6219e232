internal import Elementary
package import Randomness

/// What searches need of the weights again and again: magnitudes and their logarithms.
///
/// Built once from the weights; every draw is keyed by the caller's stream.
package struct MagnitudeTables: Sendable {
  /// |w| of each prunable weight.
  package let magnitudes: [Float]
  /// log |w|, with a floor 40 below the largest so that a zero weight stays comparable.
  package let logMagnitudes: [Float]
  private let mean: Double

  /// - Complexity: linear in the number of weights.
  package init(_ weights: [Float]) {
    magnitudes = weights.map { abs($0) }
    let floor = Elementary.log(max(Double(magnitudes.max() ?? 1), 1e-30)) - 40
    logMagnitudes = magnitudes.map { Float(max(Elementary.log(Double($0)), floor)) }
    mean = magnitudes.reduce(0) { $0 + Double($1) } / Double(max(magnitudes.count, 1))
  }

  /// The number of prunable weights.
  package var count: Int { magnitudes.count }

  /// Scores the largest of which are weights drawn without replacement in proportion to |w|^(1/noise): with 0 those of
  /// magnitude pruning, with more ever more random ones.
  ///
  /// Log |w| plus `noise` times a Gumbel number.
  ///
  /// - Complexity: O(n).
  package func perturbedScores(noise: Double, stream: inout RandomStream) -> [Float] {
    noise > 0 ? Self.addingGumbel(to: logMagnitudes, scale: Float(noise), stream: &stream) : magnitudes
  }

  /// Scores the largest of which are weights drawn without replacement in proportion to exp(|w| / (temperature · mean |w|)).
  ///
  /// - Complexity: O(n).
  package func exponentialScores(temperature: Double, stream: inout RandomStream) -> [Float] {
    let unit = temperature * max(mean, 1e-30)
    let scores = magnitudes.map { Float(Double($0) / unit) }
    return Self.addingGumbel(to: scores, scale: 1, stream: &stream)
  }

  /// Adds `scale` times a Gumbel number of 16 random bits to each score.
  ///
  /// The numbers are the midpoints of 65,536 quantiles: a breeding coordinator cannot afford two logarithms a weight,
  /// and the scores themselves break ties.
  private static func addingGumbel(to scores: [Float], scale: Float, stream: inout RandomStream) -> [Float] {
    var out = scores
    gumbelQuantiles.withUnsafeBufferPointer { quantiles in
      // A few words at a time: those of millions of scores would take a quarter of their room again.
      for start in stride(from: 0, to: out.count, by: 4096) {
        let end = min(start + 4096, out.count)
        let words = stream.words((end - start + 3) / 4)
        for index in start..<end {
          let bits = words[(index - start) / 4] &>> UInt64(16 * (index & 3))
          out[index] += scale * quantiles[Int(bits & 0xffff)]
        }
      }
    }
    return out
  }

  private static let gumbelQuantiles: [Float] = (0..<65_536).map {
    Float(-Elementary.log(-Elementary.log((Double($0) + 0.5) / 65_536)))
  }
}
