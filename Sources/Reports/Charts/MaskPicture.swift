/// Numbers on a grid as shades of the text's colour: how many weights each pixel of an input has kept.
package struct MaskPicture: Hashable, Sendable {
  package let title: String
  /// What it shows, in words, for those who do not see it.
  package let summary: String
  /// From top to bottom, each from left to right; rows may differ in length. What is nil or no finite number stays
  /// empty.
  package let rows: [[Double?]]
  /// What the shades mean, for the legend.
  package let label: String
  package let format: TickFormat
  /// The number without and the one with full shade; nil for 0, or the least below it, and the largest.
  package let range: ClosedRange<Double>?

  /// Shades beside none.
  static let levels = 12
  /// Larger pictures are averaged to this many fields in a row, which keeps the text below 50 kilobytes.
  static let mostFields = 64

  package init(
    title: String, summary: String, rows: [[Double?]], label: String, format: TickFormat = .number,
    range: ClosedRange<Double>? = nil
  ) {
    (self.title, self.summary, self.rows, self.label) = (title, summary, rows, label)
    (self.format, self.range) = (format, range)
  }

  /// The picture as an image; the title is not drawn.
  ///
  /// - Parameters:
  ///   - width: in pixels.
  ///   - id: starts the names of its parts; no other image of a page may have the same.
  /// - Complexity: O(fields).
  package func svg(width: Double = 280, id: String) -> String {
    var drawing = Drawing(width: width)
    let height = draw(on: &drawing, width: width)
    return drawing.document(width: width, height: height, id: id, title: title, summary: summary)
  }

  /// - Returns: the height of it all.
  private func draw(on drawing: inout Drawing, width: Double) -> Double {
    let grid = Grid(rows, atMost: Self.mostFields)
    let fields = grid.rows.joined().compactMap { $0 }
    guard let least = fields.min(), let most = fields.max() else { return drawing.empty(width: width) }
    let bounds = AxisScale.linear.drawable(range ?? min(least, 0)...max(most, 0))
    // Fields of whole pixels have no seams; a few rows or columns alone need not be as large as they can.
    let room = min(24, (width - 2) / Double(max(grid.columns, 1)))
    let field = room >= 4 ? room.rounded(.down) : room
    let (right, bottom) = (Double(grid.columns) * field + 1, Double(grid.rows.count) * field + 1)
    drawing.group(
      "g",
      [
        "transform": "translate(1 1) scale(\(field.drawn))", "stroke": "currentColor", "fill": "none",
        "shape-rendering": "crispEdges",
      ]
    ) { drawing in
      for (level, path) in grid.paths(bounds, levels: Self.levels).enumerated().dropFirst() where !path.isEmpty {
        drawing.add("path", ["d": path, "stroke-opacity": Self.opacity(level)])
      }
    }
    drawing.rule("M0.5 0.5H\((right + 0.5).drawn)V\((bottom + 0.5).drawn)H0.5z", opacity: 0.5)
    return drawLegend(on: &drawing, bounds, width: width, top: bottom + 8, averaged: grid.factor)
  }

  /// The scale of the shades, between the numbers at its ends.
  private func drawLegend(
    on drawing: inout Drawing, _ bounds: ClosedRange<Double>, width: Double, top: Double, averaged: Int
  ) -> Double {
    let size = drawing.textSize
    let ends = [bounds.lowerBound, bounds.upperBound].map { format.text($0) }
    let widths = ends.map { TextWidth.of($0, size: size) }
    let left = 1 + widths[0] + 6
    let step = ((min(width, 280) - left - widths[1] - 8) / Double(Self.levels + 1)).rounded(.down)
    drawing.text(ends[0], x: 1, y: top + size)
    for level in 1...Self.levels {
      let x = left + Double(level) * step
      let path = "M\(x.drawn) \((top + 2).drawn)h\(step.drawn)v12h\((-step).drawn)z"
      drawing.add("path", ["d": path, "fill-opacity": Self.opacity(level)])
    }
    let end = left + Double(Self.levels + 1) * step
    drawing.rule("M\(left.drawn) \((top + 2).drawn)H\(end.drawn)v12H\(left.drawn)z", opacity: 0.5)
    drawing.text(ends[1], x: end + 6, y: top + size)
    let words = label + (averaged > 1 ? " (means of \(averaged)×\(averaged))" : "")
    drawing.text(TextWidth.shortened(words, to: width - 1, size: size), x: 1, y: top + 2 * size + 8)
    return top + 2 * size + 16
  }

  private static func opacity(_ level: Int) -> String { (Double(level) / Double(levels)).drawn }
}
