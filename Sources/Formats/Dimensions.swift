/// The dimensions of an array that came from outside.
enum Dimensions {
  /// The number of values that dimensions ask for; nil if it does not fit an `Int`.
  static func product(_ dimensions: [Int]) -> Int? {
    var product = 1
    for side in dimensions {
      let (next, overflow) = product.multipliedReportingOverflow(by: side)
      if overflow { return nil }
      product = next
    }
    return product
  }

  /// For people: `60000 × 28 × 28`.
  static func words(_ dimensions: [Int]) -> String {
    dimensions.isEmpty ? "one value" : dimensions.map(String.init).joined(separator: " × ")
  }
}
