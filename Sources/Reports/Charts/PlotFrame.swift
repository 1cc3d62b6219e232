/// The place of a plot in its drawing, with the axis at its left.
struct PlotFrame {
  let left: Double
  let right: Double
  let top: Double
  let bottom: Double
  let y: PlacedAxis
  private let label: String
  private let labelBase: Double

  /// - Parameters:
  ///   - top: where its place begins; a line for the axis's label comes first.
  ///   - headroom: kept free above the axis's upper end.
  ///   - leastLeft: where the plot may begin at the soonest.
  init(
    _ axis: ChartAxis, over extent: ClosedRange<Double>, width: Double, top: Double, plotHeight: Double,
    headroom: Double = 0, leastLeft: Double = 0, textSize: Double
  ) {
    label = TextWidth.shortened(axis.label, to: width, size: textSize)
    labelBase = top + textSize
    self.top = top + (label.isEmpty ? textSize / 2 : textSize * 1.5 + 8)
    bottom = self.top + plotHeight
    y = PlacedAxis(rising: axis, over: extent, from: bottom, to: self.top + headroom, textSize: textSize)
    left = max(leastLeft, (y.ticks.map(\.width).max() ?? 0) + 8).rounded(.up)
    right = width - 10
  }

  /// Draws the lines of the ticks, their labels and that of the axis.
  func draw(on drawing: inout Drawing) {
    let size = drawing.textSize
    if !label.isEmpty { drawing.text(label, x: 0, y: labelBase) }
    let lines = y.ticks.map { "M\(left.drawn) \($0.place.drawn)H\(right.drawn)" }.joined()
    drawing.rule(lines, opacity: 0.18)
    for tick in y.ticks { drawing.text(tick.label, x: left - 6, y: tick.place + size * 0.36, anchor: "end") }
  }

  /// Draws an axis under the plot.
  ///
  /// - Returns: where what comes under it begins.
  func draw(_ x: PlacedAxis, label: String, on drawing: inout Drawing, width: Double) -> Double {
    let size = drawing.textSize
    drawing.rule("M\(left.drawn) \(bottom.drawn)H\(right.drawn)", opacity: 0.7)
    drawing.rule(x.ticks.map { "M\($0.place.drawn) \(bottom.drawn)v5" }.joined(), opacity: 0.7)
    for tick in x.ticks {
      // Labels at the ends stay inside the drawing.
      let middle = min(max(tick.place, tick.width / 2), width - tick.width / 2)
      drawing.text(tick.label, x: middle, y: bottom + 7 + size, anchor: "middle")
    }
    let end = bottom + size + 12
    guard !label.isEmpty else { return end }
    let short = TextWidth.shortened(label, to: width, size: size)
    let half = TextWidth.of(short, size: size) / 2
    let middle = min(max((left + right) / 2, half), width - half)
    drawing.text(short, x: middle, y: end + size, anchor: "middle")
    return end + size + 8
  }
}

extension Drawing {
  /// Draws thin lines in the colour of the text.
  mutating func rule(_ path: String, opacity: Double) {
    guard !path.isEmpty else { return }
    add("path", ["d": path, "fill": "none", "stroke": "currentColor", "stroke-opacity": opacity.drawn])
  }

  /// Draws the line of a reference.
  mutating func reference(_ path: String) {
    add(
      "path",
      ["d": path, "fill": "none", "stroke": "currentColor", "stroke-width": "1.2", "stroke-dasharray": "10 4"])
  }
}

extension Drawing {
  /// Names the place of a plot, for ``clipped(by:_:)``.
  mutating func clip(_ frame: PlotFrame, id: String) {
    group("clipPath", ["id": id]) { drawing in
      drawing.add(
        "rect",
        [
          // Lines along the upper and lower edges keep their width.
          "x": frame.left.drawn, "y": (frame.top - 1).drawn, "width": (frame.right - frame.left).drawn,
          "height": (frame.bottom - frame.top + 2).drawn,
        ])
    }
  }

  /// Draws what is cut off at the edges of a named place.
  mutating func clipped(by id: String, _ body: (inout Drawing) -> Void) {
    group("g", ["clip-path": "url(#\(id))"], body)
  }
}
