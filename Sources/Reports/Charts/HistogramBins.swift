/// Equally wide bins side by side.
package struct HistogramBins: Hashable, Sendable {
  package let range: ClosedRange<Double>
  package let count: Int

  /// - Precondition: there is a bin, and the bounds are finite; equal ones are moved apart.
  package init(_ range: ClosedRange<Double>, count: Int) {
    precondition(count > 0 && range.lowerBound.isFinite && range.upperBound.isFinite)
    self.range = AxisScale.linear.drawable(range)
    self.count = count
  }

  /// Bins over all finite numbers of some lists, as far below 0 as above it; with an odd count the middle one is for 0.
  ///
  /// - Complexity: O(numbers).
  package init<Value: BinaryFloatingPoint>(around zero: [[Value]], count: Int = 61) {
    let largest = zero.lazy.joined().lazy.filter(\.isFinite).map(\.magnitude).max() ?? 0
    self.init(largest == 0 ? -1...1 : -Double(largest)...Double(largest), count: count)
  }

  /// The bounds of the bins, one more than these.
  package var edges: [Double] {
    let half = range.upperBound / 2 - range.lowerBound / 2
    return (0...count).map { range.lowerBound + half * (2 * Double($0) / Double(count)) }
  }

  /// How many numbers are in each bin; those outside of all are left out, one on a bound belongs to the bin above it
  /// if there is one.
  ///
  /// - Complexity: O(numbers + bins).
  package func counts(of numbers: some Sequence<some BinaryFloatingPoint>) -> [Int] {
    var counts = [Int](repeating: 0, count: count)
    let edges = edges
    let scale = Double(count) / (range.upperBound / 2 - range.lowerBound / 2) / 2
    for number in numbers {
      let number = Double(number)
      guard range.contains(number) else { continue }
      var place = min(Int((number / 2 - range.lowerBound / 2) * scale * 2), count - 1)
      // Rounding may have moved a number over the bound beside it.
      if number < edges[place] { place -= 1 } else if place < count - 1, number >= edges[place + 1] { place += 1 }
      counts[place] += 1
    }
    return counts
  }
}
