/// Fewer points that draw the same line.
package enum Thinning {
  /// The first, lowest, highest and last point of each half pixel, in their order; all of them where they are few.
  ///
  /// - Complexity: O(points).
  package static func extremes(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
    guard points.count > 500 else { return points }
    var kept: [(x: Double, y: Double)] = []
    var start = 0
    while start < points.count {
      let column = (points[start].x * 2).rounded(.down)
      var (low, high, end) = (start, start, start)
      while end < points.count, (points[end].x * 2).rounded(.down) == column {
        if points[end].y < points[low].y { low = end }
        if points[end].y > points[high].y { high = end }
        end += 1
      }
      kept += Set([start, low, high, end - 1]).sorted().map { points[$0] }
      start = end
    }
    return kept.indices.filter { place in
      // A point within a level line says nothing.
      let (before, after) = (max(place - 1, 0), min(place + 1, kept.count - 1))
      return before == place || after == place || kept[before].y != kept[place].y || kept[after].y != kept[place].y
    }.map { kept[$0] }
  }
}
