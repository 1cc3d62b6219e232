internal import Studies

extension StudyReport {
  /// A chart of lines, before it is known how many charts it takes.
  struct Plot {
    let title: String
    let lines: [Line]
    let dense: Line?
    let x: ChartAxis
    let y: ChartAxis
    let across: (Line) -> Double
    let upwards: (Line) -> Spread?
    /// Whether the line of a strategy begins with the dense network.
    var beginsDense: (Strategy) -> Bool = { _ in false }
    /// What a point says, for those who do not see it.
    let words: (Line, Spread) -> String
  }

  /// A series for each strategy, its errors one deviation to each side: in one chart, or in as many with the same axes as
  /// it takes to tell them apart; none without lines.
  func charts(_ plot: Plot) -> [ReportDocument.Chart] {
    guard !plot.lines.isEmpty else { return [] }
    let reference = plot.dense.flatMap(plot.upwards)
    func points(_ name: String) -> [(line: Line, value: Spread)] {
      let own = plot.lines.filter { $0.label == name }
      let first = own.first.flatMap { plot.beginsDense($0.strategy) ? plot.dense : nil }
      let all = ([first].compactMap { $0 } + own).sorted { plot.across($0) < plot.across($1) }
      return (plot.x.isFalling ? all.reversed() : all).compactMap { line in plot.upwards(line).map { (line, $0) } }
    }
    let parts = parts(plot.lines)
    let whole = parts.flatMap(\.names).flatMap(points)
    var (x, y) = (plot.x, plot.y)
    if parts.count > 1 {
      x.covering = Self.extent(whole.map { plot.across($0.line) })
      y.covering = Self.extent(
        whole.flatMap { point in [-1, 0, 1].map { point.value.mean + $0 * (point.value.deviation ?? 0) } }
          .filter(y.scale.has))
    }
    return parts.map { part in
      let base = reference.map { "The dense network has \(plot.y.format.text($0.mean, significant: 4)). " } ?? ""
      return .lines(
        LineChart(
          title: plot.title + (part.words.isEmpty ? "" : ": \(part.words)"),
          summary: base
            + part.names.map { name in
              "\(name): " + points(name).map { plot.words($0.line, $0.value) }.joined(separator: ", ")
            }.joined(separator: ". "),
          x: x, y: y,
          series: part.names.map { name in
            LineChart.Series(name, points(name).map { LineChart.Point(plot.across($0.line), $0.value) })
          },
          references: reference.map { [LineChart.Reference("dense", y: $0.mean)] } ?? []))
    }
  }

  private static func extent(_ values: [Double]) -> ClosedRange<Double> {
    (values.min() ?? 0)...(values.max() ?? 0)
  }
}

extension LineChart.Point {
  /// A mean, its error one deviation to each side.
  init(_ x: Double, _ spread: Spread) {
    self.init(
      x, spread.mean, low: spread.deviation.map { spread.mean - $0 }, high: spread.deviation.map { spread.mean + $0 })
  }
}
