/// Observations counted by size.
package struct Histogram: Hashable, Sendable {
  /// Upper limits of all buckets but the last, ascending.
  package let bounds: [Double]
  /// Observations in each bucket; the last has no limit.
  package private(set) var counts: [Int]
  package private(set) var sum = 0.0

  package init(bounds: [Double]) {
    precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "limits ascend")
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count + 1)
  }

  /// Counts a number; what is no finite one is left out.
  ///
  /// - Complexity: O(buckets).
  package mutating func add(_ value: Double) {
    guard value.isFinite else { return }
    counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
    sum += value
  }

  package var count: Int { counts.reduce(0, +) }
}
