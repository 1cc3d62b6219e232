internal import Foundation

/// Student's t distribution.
package enum StudentT {
  /// The number t with P(|T| ≤ t) = `confidence` at `freedom` degrees of freedom.
  ///
  /// By bisection of the distribution function, which is exact to about 1e-12.
  ///
  /// - Precondition: freedom of 1 at least and a confidence between 0 and 1.
  package static func quantile(confidence: Double, freedom: Int) -> Double {
    precondition(freedom >= 1 && confidence > 0 && confidence < 1)
    var (low, high) = (0.0, 1.0)
    while probability(beyond: high, freedom: freedom) > 1 - confidence { high *= 2 }
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if probability(beyond: middle, freedom: freedom) > 1 - confidence { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// P(|T| > |t|) at `freedom` degrees of freedom.
  package static func probability(beyond t: Double, freedom: Int) -> Double {
    let n = Double(freedom)
    return incompleteBeta(n / (n + t * t), n / 2, 0.5)
  }

  /// The regularised incomplete beta function, by its continued fraction.
  ///
  /// Source: DLMF 8.17.22, with the recurrence of Lentz.
  static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    // The fraction converges fast below the mean alone.
    if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
    let logarithm: Double = lgamma(a + b) - lgamma(a) - lgamma(b)
    let front = exp(logarithm + a * log(x) + b * log(1 - x)) / a
    let tiny = 1e-300
    var (c, d, fraction) = (1.0, 0.0, 1.0)
    for step in 0..<1000 {
      let coefficient = coefficient(step, x, a, b)
      d = 1 + coefficient * d
      d = 1 / (abs(d) < tiny ? tiny : d)
      c = 1 + coefficient / c
      c = abs(c) < tiny ? tiny : c
      fraction *= c * d
      if abs(c * d - 1) < 1e-15 { break }
    }
    return front * (fraction - 1)
  }

  /// The coefficients of the continued fraction, the leading 1 first.
  private static func coefficient(_ step: Int, _ x: Double, _ a: Double, _ b: Double) -> Double {
    guard step > 0 else { return 1 }
    let m = Double(step / 2)
    let end = a + 2 * m
    if step % 2 == 0 { return m * (b - m) * x / ((end - 1) * end) }
    return -(a + m) * (a + b + m) * x / (end * (end + 1))
  }
}
