extension Elementary {
  /// 2/(2k + 1) for k = 10 down to 1, the odd series of the inverse hyperbolic tangent.
  @usableFromInline static let arctanhSeries: [Double] = (1...10).reversed().map { 2 / Double(2 * $0 + 1) }

  /// The natural logarithm; −infinity at 0, NaN below, within 1 unit in the last place for normal numbers.
  ///
  /// Splits x = 2ᵉ·m with m in [√½, √2) and sums log m = 2·artanh((m − 1)/(m + 1)).
  package static func log(_ x: Double) -> Double {
    if x.isNaN || x < 0 { return .nan }
    if x == 0 { return -.infinity }
    if x == .infinity { return x }
    // Subnormal numbers are scaled up first; the product is exact.
    let scaled = x < 0x1p-1022 ? x * 0x1p54 : x
    var exponent = Int((scaled.bitPattern &>> 52) & 0x7ff) - 1023
    var mantissa = Double(bitPattern: scaled.bitPattern & 0x000f_ffff_ffff_ffff | 0x3ff0_0000_0000_0000)
    if mantissa >= 0x1.6a09e667f3bcdp0 {
      mantissa *= 0.5
      exponent += 1
    }
    if x < 0x1p-1022 { exponent -= 54 }
    let f = mantissa - 1
    let s = f / (2 + f)
    let z = s * s
    var sum = arctanhSeries[0]
    for index in 1..<arctanhSeries.count { sum = arctanhSeries[index].addingProduct(sum, z) }
    // log m = 2s + s·z·sum, and 2s = f − s·f, so the exact f carries most of the value.
    let tail = s * (z * sum - f)
    let e = Double(exponent)
    return (e * ln2High) + (f + (tail + e * ln2Low))
  }
}
