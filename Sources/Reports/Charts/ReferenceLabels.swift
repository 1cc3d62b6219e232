/// Finds places in a plot where the names of reference lines cover no data.
struct ReferenceLabels {
  /// What is taken between two places, from one range of heights to another.
  private struct Strip {
    let x: ClosedRange<Double>
    let left: ClosedRange<Double>
    let right: ClosedRange<Double>

    /// Whether it meets a box.
    func meets(_ boxX: ClosedRange<Double>, _ boxY: ClosedRange<Double>) -> Bool {
      guard x.overlaps(boxX) else { return false }
      let width = max(x.upperBound - x.lowerBound, 0.01)
      let heights = [boxX.lowerBound, boxX.upperBound].flatMap { place in
        let share = (min(max(place, x.lowerBound), x.upperBound) - x.lowerBound) / width
        return [
          left.lowerBound + (right.lowerBound - left.lowerBound) * share,
          left.upperBound + (right.upperBound - left.upperBound) * share,
        ]
      }
      return heights.min()! <= boxY.upperBound && heights.max()! >= boxY.lowerBound
    }
  }

  private let frame: PlotFrame
  private let textSize: Double
  private var lines: [Strip]
  /// Errors, over whose pale areas a name can be read if there is no better place.
  private let areas: [Strip]

  init(_ series: [PlacedSeries], frame: PlotFrame, textSize: Double) {
    (self.frame, self.textSize) = (frame, textSize)
    var (lines, areas): ([Strip], [Strip]) = ([], [])
    for run in series.flatMap(\.runs) {
      for point in run {
        let heights =
          min(
            point.error?.lowerBound ?? .infinity, point.y - 5)...max(
            point.error?.upperBound ?? -.infinity, point.y + 5)
        lines.append(Strip(x: point.x - 5...point.x + 5, left: heights, right: heights))
      }
      for (point, next) in zip(run, run.dropFirst()) {
        let (left, right) = point.x <= next.x ? (point, next) : (next, point)
        lines.append(Strip(x: left.x...right.x, left: left.y...left.y, right: right.y...right.y))
        guard let start = left.error, let end = right.error else { continue }
        areas.append(Strip(x: left.x...right.x, left: start, right: end))
      }
    }
    (self.lines, self.areas) = (lines, areas)
  }

  /// Draws a reference line and, where there is room, its name above or below it, from the right to the left.
  ///
  /// - Returns: whether the name has found a place; otherwise it belongs into the legend.
  /// - Complexity: O(points).
  mutating func draw(_ name: String, at y: Double, on drawing: inout Drawing) -> Bool {
    drawing.group(title: name) { drawing in
      drawing.reference("M\(frame.left.drawn) \(y.drawn)H\(frame.right.drawn)")
    }
    take(frame.left...frame.right, y...y)
    let width = TextWidth.of(name, size: textSize)
    let room = frame.right - frame.left - width - 4
    guard room > 0 else { return false }
    for taken in [lines + areas, lines] {
      for step in 0...8 {
        let x = frame.left + 2 + room * Double(8 - step) / 8
        for base in [y - 5, y + textSize + 2] {
          let box = (x: x - 3...x + width + 3, y: (base - textSize)...(base + 4))
          guard box.y.lowerBound >= frame.top, box.y.upperBound <= frame.bottom else { continue }
          if taken.contains(where: { $0.meets(box.x, box.y) }) { continue }
          drawing.text(name, x: x, y: base)
          take(box.x, box.y)
          return true
        }
      }
    }
    return false
  }

  private mutating func take(_ x: ClosedRange<Double>, _ y: ClosedRange<Double>) {
    lines.append(Strip(x: x, left: y, right: y))
  }
}
