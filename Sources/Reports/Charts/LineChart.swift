/// Numbers over numbers: accuracy over compression, loss over epochs.
///
/// Series differ in colour, dashes and markers; errors are areas with whiskers, which stay visible in print without
/// colours. Points that are no finite numbers, or for which an axis has no place, are left out, and lines have gaps
/// there.
package struct LineChart: Hashable, Sendable {
  package struct Point: Hashable, Sendable {
    package let x: Double
    /// Nil for a gap in the line.
    package let y: Double?
    /// The ends of an error: a mean less and plus its deviation, for instance.
    package let low: Double?
    package let high: Double?

    package init(_ x: Double, _ y: Double?, low: Double? = nil, high: Double? = nil) {
      (self.x, self.y, self.low, self.high) = (x, y, low, high)
    }
  }

  package struct Series: Hashable, Sendable {
    package let name: String
    /// In the order in which the line visits them, from left to right where they are many.
    package let points: [Point]

    package init(_ name: String, _ points: [Point]) { (self.name, self.points) = (name, points) }
  }

  /// A line at one height, such as the accuracy of the dense network.
  package struct Reference: Hashable, Sendable {
    package let name: String
    package let y: Double

    package init(_ name: String, y: Double) { (self.name, self.y) = (name, y) }
  }

  package let title: String
  /// What it shows, in words, for those who do not see it.
  package let summary: String
  package let x: ChartAxis
  package let y: ChartAxis
  package let series: [Series]
  package let references: [Reference]

  package init(
    title: String, summary: String, x: ChartAxis, y: ChartAxis, series: [Series], references: [Reference] = []
  ) {
    (self.title, self.summary, self.x, self.y) = (title, summary, x, y)
    (self.series, self.references) = (series, references)
  }

  /// The chart as an image; the title is not drawn, as headings of a page break into lines and those of images do not.
  ///
  /// - Parameters:
  ///   - width: in pixels; 340 suits phones, 720 pages.
  ///   - plotHeight: of the plot alone, in pixels; legend and labels come below it.
  ///   - id: starts the names of its parts; no other image of a page may have the same.
  /// - Complexity: O(points).
  package func svg(width: Double = 720, plotHeight: Double? = nil, id: String) -> String {
    var drawing = Drawing(width: width)
    let height = draw(on: &drawing, width: width, plotHeight: plotHeight ?? (width < 480 ? 220 : 320), id: id)
    return drawing.document(width: width, height: height, id: id, title: title, summary: summary)
  }

  /// - Returns: the height of it all.
  private func draw(on drawing: inout Drawing, width: Double, plotHeight: Double, id: String) -> Double {
    let size = drawing.textSize
    let points = series.flatMap { $0.points.filter(isVisible) }
    guard !points.isEmpty else { return drawing.empty(width: width) }
    let heights = points.flatMap { [$0.y, $0.low, $0.high].compactMap { $0 }.filter(y.scale.has) }
    let lines = references.filter { y.scale.has($0.y) && y.range?.contains($0.y) ?? true }
    let xs = points.map(\.x)
    let frame = PlotFrame(
      y, over: y.extent(heights + lines.map(\.y)), width: width, top: 0, plotHeight: plotHeight, textSize: size)
    let hasMarkers = series.map { Double($0.points.count(where: isVisible)) * 14 <= frame.right - frame.left }
    let step = shift(hasMarkers, width: frame.right - frame.left)
    // Markers stand free of the axis.
    let inset = hasMarkers.contains(true) ? 9 + step * Double(series.count - 1) / 2 : 0
    let axis = PlacedAxis(
      along: x, over: x.extent(xs), from: frame.left + inset, to: frame.right - inset, textSize: size)
    let placed = series.indices.map { index in
      PlacedSeries(
        series[index].points.map { isVisible($0) ? $0 : nil }, style: SeriesStyle(index),
        hasMarkers: hasMarkers[index], shift: step * (Double(index) - Double(series.count - 1) / 2), x: axis,
        frame: frame)
    }

    frame.draw(on: &drawing)
    let end = frame.draw(axis, label: x.label, on: &drawing, width: width)
    drawing.clip(frame, id: "\(id)-plot")
    drawing.clipped(by: "\(id)-plot") { drawing in
      for line in placed { line.drawArea(on: &drawing, opacity: placed.count > 4 ? 0.1 : 0.18) }
    }
    var labels = ReferenceLabels(placed, frame: frame, textSize: size)
    let unlabelled = lines.filter { line in
      !labels.draw(line.name, at: frame.y.place(line.y) ?? frame.top, on: &drawing)
    }
    for (place, line) in placed.enumerated() {
      drawing.group(title: series[place].name) { drawing in
        drawing.clipped(by: "\(id)-plot") { drawing in line.drawLine(on: &drawing) }
        line.drawPoints(on: &drawing, place: place, of: placed.count)
      }
    }
    let items = placed.indices.map { place in
      Legend.Item(
        name: series[place].name + (placed[place].runs.isEmpty ? " – no data" : ""),
        sample: .line(placed[place].style, hasMarker: placed[place].hasMarkers && !placed[place].runs.isEmpty))
    }
    let legend = Legend(
      items + unlabelled.map { Legend.Item(name: $0.name, sample: .reference) }, width: width, textSize: size)
    legend.draw(on: &drawing, x: 0, y: end)
    return end + legend.height + 4
  }

  /// How far right of the series before it a series stands, in pixels: errors at the same few places would cover each
  /// other.
  private func shift(_ hasMarkers: [Bool], width: Double) -> Double {
    let points = series.flatMap { $0.points.filter(isVisible) }.filter { $0.low != nil || $0.high != nil }
    let places = Set(points.map(\.x)).count
    guard series.count > 1, !hasMarkers.contains(false), points.count >= 2 * places, places > 0 else { return 0 }
    return min(3, width / Double(places) * 0.4 / Double(series.count))
  }

  private func isVisible(_ point: Point) -> Bool {
    x.scale.has(point.x) && x.range?.contains(point.x) ?? true && point.y.map(y.scale.has) ?? false
  }
}
