/// What tells one series from the others, in colour and without.
package struct SeriesStyle: Hashable, Sendable {
  package let colour: String
  /// Lengths of dashes and gaps in pixels; empty for a whole line.
  package let dashes: String
  package let marker: Marker
  /// Whether markers are outlines, as from the ninth series on.
  package let isHollow: Bool

  /// Colours with a contrast of 3 at least both on white and on #1b1b1b.
  ///
  /// The three of Okabe and Ito ("Color Universal Design", 2008) that have it, and five that were searched for: those
  /// furthest from each other and from these as people with and without colour blindness see them.
  package static let colours = [
    "#0072b2", "#d55e00", "#009e73", "#905959", "#a783cc", "#f55d89", "#0996ff", "#7d5fe3",
  ]

  private static let dashes = ["", "7 3", "2 2", "9 3 2 3", "4 2", "12 3 2 3 2 3", "16 4", "6 2 2 2"]

  /// How many series look different.
  package static let count = 16

  /// The style of a series by its place; the seventeenth looks like the first.
  ///
  /// Colour and marker go together through eight series, then again with other dashes and hollow markers.
  package init(_ place: Int) {
    let (turn, hue) = (place / 8 % 2, place % 8)
    colour = Self.colours[hue]
    dashes = Self.dashes[(hue + turn * 3) % 8]
    marker = Marker.allCases[hue]
    isHollow = turn == 1
  }
}

/// A shape that marks a point.
package enum Marker: CaseIterable, Hashable, Sendable {
  case circle, square, triangle, diamond, wedge, cross, plus, hexagon

  /// The path of the shape around a point, about 8 pixels wide; all shapes look equally large.
  func path(x: Double, y: Double) -> String {
    switch self {
    case .circle: "M\((x - 4).drawn) \(y.drawn)a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z"
    case .square: "M\((x - 3.5).drawn) \((y - 3.5).drawn)h7v7h-7z"
    case .triangle: "M\(x.drawn) \((y - 4.8).drawn)l4.6 8h-9.2z"
    case .diamond: "M\(x.drawn) \((y - 5).drawn)l5 5l-5 5l-5 -5z"
    case .wedge: "M\(x.drawn) \((y + 4.8).drawn)l4.6 -8h-9.2z"
    case .cross:
      "M\(x.drawn) \((y - 1.8).drawn)l2.6 -2.6l1.8 1.8l-2.6 2.6l2.6 2.6l-1.8 1.8l-2.6 -2.6l-2.6 2.6l-1.8 -1.8l2.6 -2.6"
        + "l-2.6 -2.6l1.8 -1.8z"
    case .plus: "M\((x - 1.3).drawn) \((y - 4.8).drawn)h2.6v3.5h3.5v2.6h-3.5v3.5h-2.6v-3.5h-3.5v-2.6h3.5z"
    case .hexagon: "M\((x - 2.3).drawn) \((y - 4).drawn)h4.6l2.3 4l-2.3 4h-4.6l-2.3 -4z"
    }
  }
}

extension Drawing {
  /// Draws the markers of a series as one shape.
  mutating func markers(_ style: SeriesStyle, at points: [(x: Double, y: Double)]) {
    guard !points.isEmpty else { return }
    let path = points.map { style.marker.path(x: $0.x, y: $0.y) }.joined()
    if style.isHollow {
      // Filled with the page's own colour, so that the line does not cross the inside; nothing where that is unknown.
      add(
        "path",
        [
          "d": path, "stroke": style.colour, "stroke-width": "1.5", "fill": "none",
          "style": "fill:var(--chart-paper,Canvas)",
        ])
    } else {
      add("path", ["d": path, "fill": style.colour])
    }
  }

  /// Draws lines of a series.
  mutating func line(_ style: SeriesStyle, _ path: String, width: Double) {
    add(
      "path",
      [
        "d": path, "fill": "none", "stroke": style.colour, "stroke-width": width.drawn, "stroke-linejoin": "round",
        "stroke-dasharray": style.dashes.isEmpty ? "none" : style.dashes,
      ])
  }
}
