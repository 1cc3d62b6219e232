extension Elementary {
  /// π/2 in three parts, of which the first two have trailing zeros: whole multiples of them below 2²⁰ are exact.
  @usableFromInline static let halfPi = (0x1.921fb54400000p0, 0x1.0b4611a600000p-34, 0x1.3198a2e037073p-69)

  /// (−1)ᵏ/(2k + 1)! for k = 8 down to 0, the series of the sine.
  @usableFromInline static let sineSeries = series(from: 1)
  /// (−1)ᵏ/(2k)! for k = 8 down to 0, the series of the cosine.
  @usableFromInline static let cosineSeries = series(from: 0)

  private static func series(from first: Int) -> [Double] {
    var out: [Double] = []
    var factorial = 1.0
    for k in 0...17 {
      if k > 0 { factorial *= Double(k) }
      if k % 2 == first { out.append((k / 2 % 2 == 0 ? 1 : -1) / factorial) }
    }
    return out.reversed()
  }

  /// The cosine, within 2⁻⁵² of the true one for |x| up to a million; NaN beyond, at the infinities and for NaN.
  ///
  /// Cody–Waite reduction to |r| ≤ π/4 and the Taylor polynomials by Horner's rule.
  package static func cos(_ x: Double) -> Double {
    guard x.magnitude <= 1e6 else { return .nan }
    let shifted = magic.addingProduct(x, 0x1.45f306dc9c883p-1)
    let k = shifted - magic
    let r = x.addingProduct(-k, halfPi.0).addingProduct(-k, halfPi.1).addingProduct(-k, halfPi.2)
    let square = r * r
    let quadrant = shifted.bitPattern & 3
    let coefficients = quadrant & 1 == 0 ? cosineSeries : sineSeries
    var sum = coefficients[0]
    for index in 1..<coefficients.count { sum = coefficients[index].addingProduct(sum, square) }
    if quadrant & 1 == 1 { sum *= r }
    return quadrant == 1 || quadrant == 2 ? -sum : sum
  }
}
