internal import Foundation

/// Student's t distribution at whole degrees of freedom.
package enum StudentT {
  /// The number t with P(|T| ≤ t) = `confidence` at `freedom` degrees of freedom.
  ///
  /// By bisection of ``probability(beyond:freedom:)``, with its digits.
  ///
  /// - Precondition: freedom of 1 at least and a confidence between 0 and 1.
  /// - Complexity: O(`freedom`).
  package static func quantile(confidence: Double, freedom: Int) -> Double {
    precondition(freedom >= 1 && confidence > 0 && confidence < 1)
    var (low, high) = (0.0, 1.0)
    while probability(beyond: high, freedom: freedom) > 1 - confidence { (low, high) = (high, 2 * high) }
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if probability(beyond: middle, freedom: freedom) > 1 - confidence { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// P(|T| > |t|) at `freedom` degrees of freedom: the regularised incomplete beta function I_x(freedom/2, 1/2) at
  /// x = freedom / (freedom + t²).
  ///
  /// Small ones have as many digits as large ones: right within 1e-13 of themselves up to a thousand degrees, within
  /// 1e-11 up to a hundred thousand.
  ///
  /// - Precondition: freedom of 1 at least.
  /// - Complexity: O(`freedom`), for the Γ functions.
  /// - Source: DLMF 8.17.4 and 8.17.22.
  package static func probability(beyond t: Double, freedom: Int) -> Double {
    precondition(freedom >= 1)
    let half = Double(freedom) / 2
    let ratio = t * t / Double(freedom)
    // Each by itself: the lesser one would lose its digits in 1 less the other.
    let (far, near) = (1 / (1 + ratio), 1 / (1 + 1 / ratio))
    let front = exp(-half * log1p(ratio)) * near.squareRoot() * reciprocalBeta(freedom)
    // The fraction converges fast below the mean of the distribution alone, so the other tail is taken above it.
    if far <= (half + 1) / (half + 2.5) { return front / half * fraction(far, half, 0.5) }
    return 1 - 2 * front * fraction(near, 0.5, half)
  }

  /// 1 / B(freedom/2, 1/2) = Γ((freedom + 1)/2) / (Γ(freedom/2) √π).
  ///
  /// As a product from 1/π or 1/2 upwards: logarithms of Γ grow with freedom and lose digits in their difference, and
  /// `lgamma` writes a global variable.
  private static func reciprocalBeta(_ freedom: Int) -> Double {
    let isEven = freedom.isMultiple(of: 2)
    var product: Double = isEven ? 0.5 : 1 / .pi
    for factor in stride(from: isEven ? 2 : 1, to: freedom - 1, by: 2) {
      product *= Double(factor + 1) / Double(factor)
    }
    return product
  }

  /// The continued fraction of the incomplete beta function, 1/(1 + d₁/(1 + d₂/(1 + …))).
  ///
  /// - Source: DLMF 8.17.22; evaluated as in Lentz, "Generating Bessel functions in Mie scattering calculations using
  ///   continued fractions", 1976.
  private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    var (numerator, denominator, value) = (1.0, 0.0, 1.0)
    for step in 1...10_000 {
      let coefficient = coefficient(step, x, a, b)
      numerator = 1 + coefficient / numerator
      denominator = 1 / (1 + coefficient * denominator)
      value *= numerator * denominator
      if abs(numerator * denominator - 1) < 1e-15 { break }
    }
    return 1 / value
  }

  /// d of the continued fraction, counted from 1.
  private static func coefficient(_ step: Int, _ x: Double, _ a: Double, _ b: Double) -> Double {
    let m = Double(step / 2)
    let end = a + 2 * m
    if step.isMultiple(of: 2) { return m * (b - m) * x / ((end - 1) * end) }
    return -(a + m) * (a + b + m) * x / (end * (end + 1))
  }
}
