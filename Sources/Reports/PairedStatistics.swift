/// A mean with its spread over repetitions.
package struct Spread: Hashable, Sendable {
  package let count: Int
  package let mean: Double
  /// With n − 1 in the denominator; nil for a single value.
  package let deviation: Double?

  /// Takes two passes for each, so that what values have in common costs no digits and equal ones have no deviation.
  ///
  /// - Precondition: there is a value.
  /// - Complexity: O(n).
  /// - Source: Chan, Golub and LeVeque, "Algorithms for computing the sample variance", 1983, the corrected two passes.
  package init(_ values: [Double]) {
    precondition(!values.isEmpty)
    count = values.count
    let size = Double(values.count)
    let rough = values.reduce(0, +) / size
    // Beside an infinite loss nothing is left to correct.
    let mean = rough.isFinite ? rough + values.reduce(0) { $0 + ($1 - rough) } / size : rough
    self.mean = mean
    guard count > 1 else {
      deviation = nil
      return
    }
    let (sum, squares) = values.reduce((0.0, 0.0)) { ($0.0 + ($1 - mean), $0.1 + ($1 - mean) * ($1 - mean)) }
    deviation = (max(squares - sum * sum / size, 0) / (size - 1)).squareRoot()
  }

  /// The same values, each taken from a number: errors of accuracies.
  package func subtracted(from whole: Double) -> Spread {
    Spread(count: count, mean: whole - mean, deviation: deviation)
  }

  private init(count: Int, mean: Double, deviation: Double?) {
    (self.count, self.mean, self.deviation) = (count, mean, deviation)
  }

  /// The interval that holds the true mean with a confidence, for normal values; nil for a single one.
  ///
  /// - Precondition: values are finite, and the confidence is between 0 and 1.
  package func interval(confidence: Double = 0.95) -> ClosedRange<Double>? {
    margin(confidence: confidence).map { mean - $0...mean + $0 }
  }

  /// How far ``interval(confidence:)`` reaches to each side of the mean; nil for a single value.
  ///
  /// - Precondition: as there.
  package func margin(confidence: Double = 0.95) -> Double? {
    deviation.map { deviation in
      StudentT.quantile(confidence: confidence, freedom: count - 1) * deviation / Double(count).squareRoot()
    }
  }

  /// The chance of a mean so far from 0, in either direction, if the true one were 0 (one-sample t test); nil for a
  /// single value.
  ///
  /// Equal values, which the test has no answer for, are certain: 0, or 1 if all are 0.
  package var probability: Double? {
    guard let deviation else { return nil }
    guard deviation > 0 else { return mean == 0 ? 1 : 0 }
    return StudentT.probability(beyond: mean / deviation * Double(count).squareRoot(), freedom: count - 1)
  }
}

/// Wilcoxon's signed-rank test.
package enum Wilcoxon {
  /// The chance of rank sums so far apart, in either direction, if differences were symmetric about 0.
  ///
  /// Exact, also with ties, which get the mean of their ranks: the distribution is counted over all signs. Differences of
  /// 0 say nothing and are left out; without others the answer is 1.
  ///
  /// - Parameter resolution: what differences are rounded to first, since accuracies that are equal as fractions differ in
  ///   their last bits; 0 leaves them.
  /// - Precondition: differences are finite.
  /// - Complexity: O(n³).
  /// - Source: Wilcoxon, "Individual comparisons by ranking methods", 1945.
  package static func probability(_ differences: [Double], resolution: Double = 1e-9) -> Double {
    precondition(differences.allSatisfy(\.isFinite))
    let rounded = resolution > 0 ? differences.map { ($0 / resolution).rounded() } : differences
    let nonzero = rounded.filter { $0 != 0 }.sorted { abs($0) < abs($1) }
    guard !nonzero.isEmpty else { return 1 }
    // Twice the ranks, so that means of ranks are whole numbers.
    var ranks = [Int](repeating: 0, count: nonzero.count)
    var start = 0
    while start < nonzero.count {
      var end = start
      while end < nonzero.count, abs(nonzero[end]) == abs(nonzero[start]) { end += 1 }
      for place in start..<end { ranks[place] = start + 1 + end }
      start = end
    }
    let total = ranks.reduce(0, +)
    // The share of all choices of signs whose positive ranks add up to each number.
    var shares = [Double](repeating: 0, count: total + 1)
    shares[0] = 1
    for rank in ranks {
      for sum in stride(from: total, through: 0, by: -1) {
        shares[sum] = (shares[sum] + (sum >= rank ? shares[sum - rank] : 0)) / 2
      }
    }
    let positive = zip(ranks, nonzero).reduce(0) { $0 + ($1.1 > 0 ? $1.0 : 0) }
    let lesser = min(positive, total - positive)
    return min(1, 2 * shares[0...lesser].reduce(0, +))
  }
}

/// Holm's correction for several comparisons.
package enum Holm {
  /// The probabilities as they count when all are looked at together, in the order given.
  ///
  /// - Source: Holm, "A simple sequentially rejective multiple test procedure", 1979.
  package static func adjusted(_ probabilities: [Double]) -> [Double] {
    var out = probabilities
    var largest = 0.0
    let order = probabilities.indices.sorted { probabilities[$0] < probabilities[$1] }
    for (place, index) in order.enumerated() {
      largest = max(largest, min(1, probabilities[index] * Double(probabilities.count - place)))
      out[index] = largest
    }
    return out
  }
}
