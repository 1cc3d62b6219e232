/// A mean with its spread over repetitions.
package struct Spread: Hashable, Sendable {
  package let count: Int
  package let mean: Double
  /// With n − 1 in the denominator; nil for a single value.
  package let deviation: Double?

  /// - Precondition: there is a value.
  package init(_ values: [Double]) {
    precondition(!values.isEmpty)
    let mean = values.reduce(0, +) / Double(values.count)
    (count, self.mean) = (values.count, mean)
    deviation =
      values.count < 2
      ? nil : (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
  }

  /// The interval that holds the true mean with a confidence, for normal values; nil for a single one.
  package func interval(confidence: Double = 0.95) -> ClosedRange<Double>? {
    guard let deviation else { return nil }
    let half = StudentT.quantile(confidence: confidence, freedom: count - 1) * deviation / Double(count).squareRoot()
    return mean - half...mean + half
  }

  /// The chance of a mean so far from 0, in either direction, if the true one were 0 (one-sample t test); nil for a
  /// single value.
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
  /// - Complexity: O(n³).
  /// - Source: Wilcoxon, "Individual comparisons by ranking methods", 1945.
  package static func probability(_ differences: [Double]) -> Double {
    // Differences of accuracies that are equal as fractions differ in their last bits.
    let rounded = differences.map { ($0 * 1e9).rounded() }
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
