/// How often numbers occur: weights before and after pruning, over the same bins.
///
/// The first distribution is filled, all are outlined, each with dashes of its own.
package struct HistogramChart: Hashable, Sendable {
  package struct Series: Hashable, Sendable {
    package let name: String
    /// Of each bin; missing ones count as 0.
    package let counts: [Int]

    package init(_ name: String, _ counts: [Int]) { (self.name, self.counts) = (name, counts) }
  }

  package let title: String
  /// What it shows, in words, for those who do not see it.
  package let summary: String
  /// Linear.
  package let x: ChartAxis
  package let bins: HistogramBins
  /// Of the counts' axis.
  package let label: String
  /// Whether counts are on a logarithmic axis, which shows few beside many.
  package let isLogarithmic: Bool
  package let series: [Series]

  package init(
    title: String, summary: String, x: ChartAxis, bins: HistogramBins, label: String, isLogarithmic: Bool = false,
    series: [Series]
  ) {
    (self.title, self.summary, self.x, self.bins, self.label) = (title, summary, x, bins, label)
    (self.isLogarithmic, self.series) = (isLogarithmic, series)
  }

  /// The chart as an image; the title is not drawn.
  ///
  /// - Parameters:
  ///   - width: in pixels; 340 suits phones, 720 pages.
  ///   - plotHeight: of the plot alone, in pixels; legend and labels come below it.
  ///   - id: starts the names of its parts; no other image of a page may have the same.
  /// - Complexity: O(bins) for each series.
  package func svg(width: Double = 720, plotHeight: Double? = nil, id: String) -> String {
    var drawing = Drawing(width: width)
    let height = draw(on: &drawing, width: width, plotHeight: plotHeight ?? (width < 480 ? 200 : 280))
    return drawing.document(width: width, height: height, id: id, title: title, summary: summary)
  }

  /// - Returns: the height of it all.
  private func draw(on drawing: inout Drawing, width: Double, plotHeight: Double) -> Double {
    let size = drawing.textSize
    let most = series.flatMap(\.counts).max() ?? 0
    guard most > 0 else { return drawing.empty(width: width) }
    // A count of 1 is half a tick above the bottom, and not on it.
    let counts = ChartAxis(label, scale: isLogarithmic ? .log10 : .linear, format: .count)
    let frame = PlotFrame(
      counts, over: (isLogarithmic ? 0.5 : 0)...Double(most), width: width, top: 0, plotHeight: plotHeight,
      textSize: size)
    let axis = PlacedAxis(
      along: ChartAxis(x.label, format: x.format, range: bins.range, ticks: x.ticks), over: bins.range,
      from: frame.left, to: frame.right, textSize: size)
    frame.draw(on: &drawing)
    let edges = bins.edges.map { axis.place($0) ?? frame.left }
    for (place, line) in series.enumerated() {
      let tops = line.counts.prefix(bins.count).map { count in
        count > 0 ? frame.y.place(Double(count)) ?? frame.bottom : frame.bottom
      }
      drawing.group(title: line.name) { drawing in
        let path = Self.steps(tops, edges, bottom: frame.bottom)
        drawing.outline(SeriesStyle(place), path, isFilled: place == 0)
      }
    }
    let end = frame.draw(axis, label: x.label, on: &drawing, width: width)
    let legend = Legend(
      series.indices.map {
        Legend.Item(name: series[$0].name, sample: .outline(SeriesStyle($0), isFilled: $0 == 0))
      }, width: width, textSize: size)
    legend.draw(on: &drawing, x: 0, y: end)
    return end + legend.height + 4
  }

  /// Stairs over the bins; where nothing is counted, there is no line.
  private static func steps(_ tops: [Double], _ edges: [Double], bottom: Double) -> String {
    var path = ""
    var height = bottom
    for (place, top) in tops.enumerated() where top != height {
      if height == bottom { path += "M\(edges[place].drawn) \(bottom.drawn)" } else { path += "H\(edges[place].drawn)" }
      path += "V\(top.drawn)"
      height = top
    }
    if height != bottom { path += "H\(edges[tops.count].drawn)V\(bottom.drawn)" }
    return path
  }
}

extension Drawing {
  /// Draws the outline of a distribution.
  mutating func outline(_ style: SeriesStyle, _ path: String, isFilled: Bool) {
    guard !path.isEmpty else { return }
    if isFilled { add("path", ["d": path, "fill": style.colour, "fill-opacity": "0.25"]) }
    line(style, path, width: 1.8)
  }
}
