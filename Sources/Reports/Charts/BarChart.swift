/// Numbers of several series for each of several groups: kept shares per layer, by strategy.
///
/// Bars of a group stand in the order of the legend. Where groups would be too narrow, the chart goes on in a further
/// row.
package struct BarChart: Hashable, Sendable {
  package struct Series: Hashable, Sendable {
    package let name: String
    /// One for each group; nil for none, and missing ones count as nil.
    package let values: [Double?]

    package init(_ name: String, _ values: [Double?]) { (self.name, self.values) = (name, values) }
  }

  package let title: String
  /// What it shows, in words, for those who do not see it.
  package let summary: String
  package let groups: [String]
  /// Linear; bars begin at 0, which is always seen.
  package let y: ChartAxis
  package let series: [Series]

  package init(title: String, summary: String, groups: [String], y: ChartAxis, series: [Series]) {
    (self.title, self.summary, self.groups, self.y, self.series) = (title, summary, groups, y, series)
  }

  /// The chart as an image; the title is not drawn.
  ///
  /// - Parameters:
  ///   - width: in pixels; 340 suits phones, 720 pages.
  ///   - plotHeight: of a row of bars, in pixels; labels and legend come below.
  ///   - id: starts the names of its parts; no other image of a page may have the same.
  /// - Complexity: O(bars).
  package func svg(width: Double = 720, plotHeight: Double? = nil, id: String) -> String {
    var drawing = Drawing(width: width)
    let height = draw(on: &drawing, width: width, plotHeight: plotHeight, id: id)
    return drawing.document(width: width, height: height, id: id, title: title, summary: summary)
  }

  /// The number of a bar, if it has one that can be drawn.
  func value(_ series: Int, _ group: Int) -> Double? {
    let values = self.series[series].values
    return group < values.count ? values[group].flatMap { $0.isFinite ? $0 : nil } : nil
  }

  private func text(_ value: Double) -> String { y.format.text(value, significant: 2) }

  /// - Returns: the height of it all.
  private func draw(on drawing: inout Drawing, width: Double, plotHeight: Double?, id: String) -> Double {
    let size = drawing.textSize
    let values = groups.indices.flatMap { group in series.indices.compactMap { value($0, group) } }
    guard let least = values.min(), let most = values.max() else { return drawing.empty(width: width) }
    let extent = min(least, 0)...max(most, 0)
    let labels = values.map(text)
    var layout = BarLayout(groups: groups, bars: series.count, labels: labels, left: 0, right: width, textSize: size)
    let height = plotHeight ?? (layout.rows.count == 1 ? (width < 480 ? 220 : 260) : 180)
    func frame(_ top: Double, label: String, headroom: Double = 0) -> PlotFrame {
      PlotFrame(
        ChartAxis(label, format: y.format, range: y.range, ticks: y.ticks), over: extent, width: width, top: top,
        plotHeight: height, headroom: headroom, leastLeft: layout.left, textSize: size)
    }
    let probe = frame(0, label: "")
    layout = BarLayout(
      groups: groups, bars: series.count, labels: labels, left: probe.left, right: probe.right, textSize: size)
    // Bars are lowered by as much as the number above the highest one needs.
    let highest = probe.bottom - max(probe.y.place(most) ?? probe.top, probe.top)
    let headroom = max(0, height - height * (height - layout.labelHeight) / max(highest, 1))
    drawing.textures(series.indices.map { SeriesStyle($0) }, id: id)
    var top = 0.0
    for (place, row) in layout.rows.enumerated() {
      let frame = frame(top, label: place == 0 ? y.label : "", headroom: headroom)
      frame.draw(on: &drawing)
      for (column, group) in row.enumerated() {
        let left = frame.left + Double(column) * layout.groupWidth
        drawing.group(title: groups[group]) { drawing in
          for bar in series.indices {
            guard let value = value(bar, group) else { continue }
            draw(value, bar, left + layout.offset(bar), frame, layout, on: &drawing, id: id)
          }
        }
        layout.drawName(group, middle: left + layout.groupWidth / 2, bottom: frame.bottom, on: &drawing)
      }
      let zero = frame.y.place(0) ?? frame.bottom
      drawing.rule("M\(frame.left.drawn) \(zero.drawn)H\(frame.right.drawn)", opacity: 0.7)
      top = frame.bottom + layout.nameHeight + 6
    }
    let legend = Legend(
      series.indices.map { Legend.Item(name: series[$0].name, sample: .bar($0, id: id)) }, width: width, textSize: size)
    legend.draw(on: &drawing, x: 0, y: top)
    return top + legend.height + 4
  }

  private func draw(
    _ value: Double, _ bar: Int, _ x: Double, _ frame: PlotFrame, _ layout: BarLayout, on drawing: inout Drawing,
    id: String
  ) {
    let base = min(max(frame.y.place(0) ?? frame.bottom, frame.top), frame.bottom)
    let end = min(max(frame.y.place(value) ?? base, frame.top), frame.bottom)
    // A bar of next to nothing is still one.
    let (top, bottom) = end > base ? (base, end) : (min(end, base - 1), base)
    let path = "M\(x.drawn) \(top.drawn)h\(layout.barWidth.drawn)V\(bottom.drawn)h\((-layout.barWidth).drawn)z"
    drawing.bar(SeriesStyle(bar), path, texture: bar, id: id)
    layout.drawValue(text(value), x: x, top: top, on: &drawing)
  }
}
