/// Exact division of a whole among parts.
package enum Apportionment {
  /// Splits `total` in proportion to `sizes`, exactly, by largest remainder (lower index first among equals).
  ///
  /// - Complexity: O(n log n) in the number of parts.
  package static func shares(of total: Int, sizes: [Int]) -> [Int] {
    let whole = sizes.reduce(0, +)
    guard whole > 0 else { return sizes.map { _ in 0 } }
    var out: [Int] = []
    var remainders: [Int] = []
    for size in sizes {
      let (quotient, remainder) = (total * size).quotientAndRemainder(dividingBy: whole)
      out.append(quotient)
      remainders.append(remainder)
    }
    let order = sizes.indices.sorted { (remainders[$1], $0) < (remainders[$0], $1) }
    for index in order.prefix(total - out.reduce(0, +)) { out[index] += 1 }
    return out
  }
}
