/// The dimensions of an array that came from outside.
enum Dimensions {
  /// The number of values that dimensions ask for; nil if it does not fit an `Int`, or would not without sides of 0: so
  /// the product of any part of them fits too.
  static func product(_ dimensions: [Int]) -> Int? {
    var product = 1
    for side in dimensions where side != 0 {
      let (next, overflow) = product.multipliedReportingOverflow(by: side)
      if overflow { return nil }
      product = next
    }
    return dimensions.contains(0) ? 0 : product
  }

  /// For people: `60000 × 28 × 28`.
  static func words(_ dimensions: [Int]) -> String {
    dimensions.isEmpty ? "one value" : dimensions.map(String.init).joined(separator: " × ")
  }
}
