/// Elementary functions as fixed sequences of `Double` operations.
///
/// glibc's exp and log give other bits with and without FMA hardware, so a history that used them would depend on the
/// machine. Everything here uses only +, −, ×, ÷ and explicit fused multiply-adds, which IEEE 754 rounds exactly.
/// `CKernels` holds the same sequences in C; tests compare the two bit for bit.
package enum Elementary {
  /// 1.5 · 2⁵²: adding it rounds to the nearest integer, which then stands in the low bits.
  @usableFromInline static let magic = 0x1.8p52
  @usableFromInline static let log2e = 0x1.71547652b82fep0
  @usableFromInline static let ln2High = 0x1.62e42fefa39efp-1
  @usableFromInline static let ln2Low = 0x1.abc9e3b39803fp-56

  /// 1/k! for k = 13 down to 0.
  @usableFromInline static let inverseFactorials: [Double] = {
    var out: [Double] = []
    var factorial = 1.0
    for k in 0...13 {
      if k > 0 { factorial *= Double(k) }
      out.append(1 / factorial)
    }
    return out.reversed()
  }()

  /// e to the power `x`; 0 below −708 and infinity above 709, within 1 unit in the last place between.
  ///
  /// Cody–Waite reduction to |r| ≤ ln 2 / 2 and the Taylor polynomial of degree 13 by Horner's rule.
  package static func exp(_ x: Double) -> Double {
    guard !x.isNaN else { return x }
    if x > 709 { return .infinity }
    if x < -708 { return 0 }
    let shifted = magic.addingProduct(x, log2e)
    let k = shifted - magic
    let r = x.addingProduct(-k, ln2High).addingProduct(-k, ln2Low)
    var sum = inverseFactorials[0]
    for index in 1..<14 { sum = inverseFactorials[index].addingProduct(sum, r) }
    let exponent = Int64(bitPattern: shifted.bitPattern &<< 12) &>> 12
    return sum * Double(bitPattern: UInt64(bitPattern: exponent &+ 1023) &<< 52)
  }
}
