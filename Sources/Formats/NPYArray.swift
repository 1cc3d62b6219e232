/// An array as NumPy stores it, the last dimension running fastest.
package struct NPYArray: Hashable, Sendable {
  /// The values; types of other widths are widened or rounded to one of these three.
  package enum Values: Hashable, Sendable {
    /// From `|u1`.
    case bytes([UInt8])
    /// From all other integers, and from `|b1` as 0 and 1.
    case ints([Int])
    /// From `f2`, `f4` and `f8`, the last rounded to nearest, ties to even.
    case floats([Float])

    package var count: Int {
      switch self {
      case .bytes(let values): values.count
      case .ints(let values): values.count
      case .floats(let values): values.count
      }
    }
  }

  /// At most 32 (NumPy's own limit for long) and none negative; empty for a single value.
  package let shape: [Int]
  /// As many as the product of the shape.
  package let values: Values

  /// The most dimensions.
  static let maximumRank = 32

  /// A checked array.
  ///
  /// - Returns: nil if the shape has too many or negative dimensions, or its product is not the number of values.
  package init?(shape: [Int], values: Values) {
    guard shape.count <= Self.maximumRank, shape.allSatisfy({ $0 >= 0 }), Dimensions.product(shape) == values.count
    else { return nil }
    self.shape = shape
    self.values = values
  }
}
