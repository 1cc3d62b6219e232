internal import Foundation

/// The numbers that an axis is marked with: round ones, even on its scale.
package struct Ticks: Hashable, Sendable {
  /// Ascending, two at least.
  package let values: [Double]

  /// As many ticks as are allowed, the first at or below the range, the last at or above it.
  ///
  /// Linear ones are multiples of 1, 2, 2.5 or 5 times a power of ten; binary ones powers of two; decimal ones powers of
  /// ten, over few decades with 2 and 5, or 3, times them. Bounds less than a billionth beside a tick count as on it,
  /// and numbers beyond ±1e300 as these.
  ///
  /// - Parameters:
  ///   - count: how many are allowed; 3 at least are.
  ///   - whole: whether linear ones have to be whole numbers.
  /// - Complexity: O(count).
  package init(_ scale: AxisScale, covering range: ClosedRange<Double>, atMost count: Int, whole: Bool = false) {
    let (range, count) = (scale.drawable(range), max(count, 3))
    values =
      switch scale {
      case .linear: Self.linear(range, count, whole)
      case .log2:
        Self.exponents(log2(range.lowerBound)...log2(range.upperBound), count, limit: 1000).map {
          Double(sign: .plus, exponent: $0, significand: 1)
        }
      case .log10: Self.decimal(range, count)
      }
  }

  private static func linear(_ range: ClosedRange<Double>, _ count: Int, _ whole: Bool) -> [Double] {
    var exponent = Int(log10((range.upperBound - range.lowerBound) / Double(count)).rounded(.down))
    if whole { exponent = max(exponent, 0) }
    while true {
      for factor in [1.0, 2, 2.5, 5] where !(whole && exponent == 0 && factor == 2.5) {
        let step = scaled(factor, exponent)
        let first = Int((range.lowerBound / step + 1e-9).rounded(.down))
        let last = Int((range.upperBound / step - 1e-9).rounded(.up))
        if last - first < count {
          return (first...max(last, first + 1)).map { scaled(Double($0) * factor, exponent) }
        }
      }
      exponent += 1
    }
  }

  private static func decimal(_ range: ClosedRange<Double>, _ count: Int) -> [Double] {
    let logarithms = log10(range.lowerBound)...log10(range.upperBound)
    let decades = exponents(logarithms, .max, limit: 300)
    for factors in [[1.0, 2, 5], [1, 3]] where decades.count <= count {
      let all = decades.flatMap { decade in factors.map { scaled($0, decade) } }
      let first = all.lastIndex { $0 <= range.lowerBound * (1 + 1e-9) } ?? 0
      let last = all.firstIndex { $0 >= range.upperBound * (1 - 1e-9) } ?? all.count - 1
      if last - first < count, last > first { return Array(all[first...last]) }
    }
    return exponents(logarithms, count, limit: 300).map { scaled(1, $0) }
  }

  /// Whole exponents around those of a range, evenly many apart and multiples of their distance.
  private static func exponents(_ range: ClosedRange<Double>, _ count: Int, limit: Int) -> [Int] {
    let low = (range.lowerBound + 1e-9).rounded(.down)
    let high = (range.upperBound - 1e-9).rounded(.up)
    var stride = 1.0
    while Int((high / stride).rounded(.up) - (low / stride).rounded(.down)) >= count { stride += 1 }
    let first = Int((low / stride).rounded(.down))
    let last = max(Int((high / stride).rounded(.up)), first + 1)
    return (first...last).map { min(max($0 * Int(stride), -limit), limit) }
  }

  /// Exactly rounded for small exponents: 3 with exponent −1 is 0.3, which 3 × 0.1 is not.
  private static func scaled(_ factor: Double, _ exponent: Int) -> Double {
    exponent < 0 ? factor / pow(10, Double(-exponent)) : factor * pow(10, Double(exponent))
  }
}
