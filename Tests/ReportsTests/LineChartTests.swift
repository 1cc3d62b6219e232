import Reports
import Testing

@Suite struct LineChartTests {
  private func circles(_ chart: ParsedChart) -> Int {
    chart.named("path").reduce(0) { $0 + ($1.attributes["d"] ?? "").count { $0 == "a" } / 2 }
  }

  @Test("A point has a marker where it belongs, and none where it is no number or outside the axis")
  func markers() throws {
    let points = [(1.0, 0.5), (2, .nan), (.infinity, 0.5), (4, 0.9), (8, 2), (16, 0.1)].map { LineChart.Point($0, $1) }
    let series = [LineChart.Series("one", points)]
    let whole = ChartSamples.lines(series, y: ChartAxis("y"))
    // One more in the legend.
    #expect(circles(try ParsedChart(whole.svg(id: "a"))) == 5)
    let cut = ChartSamples.lines(series, x: ChartAxis("x", range: 0...10), y: ChartAxis("y", range: 0...1))
    #expect(circles(try ParsedChart(cut.svg(id: "a"))) == 3)
  }

  @Test("Places are linear, or linear in the logarithm")
  func places() throws {
    for (scale, values) in [
      (AxisScale.linear, [0.0, 25, 50, 75, 100]), (.log2, [2, 4, 8, 16, 32]), (.log10, [0.1, 1, 10, 100, 1000]),
    ] {
      let axis = PlacedAxis(
        along: ChartAxis("x", scale: scale), over: values[0]...values[4], from: 10, to: 410, textSize: 12)
      for (place, value) in values.enumerated() {
        #expect(abs(try #require(axis.place(value)) - (10 + 100 * Double(place))) < 1e-9)
      }
      #expect(axis.place(.nan) == nil && axis.place(.infinity) == nil && (axis.place(-1) == nil) == (scale != .linear))
      let far = try #require(axis.place(.greatestFiniteMagnitude))
      #expect(far.isFinite && far > 410)
    }
  }

  @Test("The axis of compression ratios is labelled with them")
  func ratios() throws {
    for width in [340.0, 720] {
      let chart = try ParsedChart(ChartSamples.lines(ChartSamples.strategies(3)).svg(width: width, id: "a"))
      let texts = chart.named("text").map(\.text)
      for label in ["2×", "4×", "8×", "16×", "32×"] { #expect(texts.contains(label)) }
    }
  }

  @Test("Gaps divide a line, and lonely points of dense lines are marked")
  func gaps() throws {
    var points = (0..<200).map { LineChart.Point(Double($0), 1) }
    points[50] = LineChart.Point(50, nil)
    points[52] = LineChart.Point(52, .nan)
    let chart = ChartSamples.lines([LineChart.Series("one", points)], x: ChartAxis("x"))
    let parsed = try ParsedChart(chart.svg(id: "a"))
    let line = try #require(parsed.named("path").first { $0.isClipped && $0.attributes["stroke-linejoin"] != nil })
    #expect(line.attributes["d"]?.count { $0 == "M" } == 2)
    #expect(circles(parsed) == 1)
  }

  @Test("Errors are areas and whiskers, whichever ends they have")
  func errors() throws {
    let points = [
      LineChart.Point(1, 0.5, low: 0.4, high: 0.6), LineChart.Point(2, 0.5, low: 0.6, high: 0.4),
      LineChart.Point(3, 0.5, low: 0.4), LineChart.Point(4, 0.5, low: .nan), LineChart.Point(5, 0.5),
    ]
    let chart = ChartSamples.lines([LineChart.Series("one", points)], x: ChartAxis("x"))
    let paths = try ParsedChart(chart.svg(id: "a")).named("path")
    #expect(paths.count { $0.attributes["fill-opacity"] != nil } == 1)
    let whiskers = try #require(paths.first { $0.attributes["stroke-width"] == "1.2" })
    #expect(whiskers.attributes["d"]?.count { $0 == "V" } == 3)
    #expect(whiskers.attributes["d"]?.count { $0 == "h" } == 6)
  }

  @Test("A reference is named in the plot where there is room, and in the legend elsewhere")
  func references() throws {
    func name(_ series: [LineChart.Series], _ y: Double) throws -> (y: Double, height: Double) {
      let chart = ChartSamples.lines(series, x: ChartAxis("x"), y: ChartAxis("y", range: 0...1), references: [y])
      let parsed = try ParsedChart(chart.svg(width: 340, plotHeight: 200, id: "a"))
      let names = parsed.named("text").filter { $0.text == "Dense network" }
      try #require(names.count == 1)
      return (names[0].number("y") ?? 0, parsed.size.height)
    }
    let level = [LineChart.Series("low", (0..<10).map { LineChart.Point(Double($0), 0.1) })]
    #expect(try name(level, 0.9).y < 200)
    let dense = [LineChart.Series("all", (0..<100).map { LineChart.Point(Double($0), Double($0 % 2)) })]
    let (y, height) = try name(dense, 0.5)
    #expect(y > height - 30)
  }

  @Test("Samples and names of a legend have room of their own", arguments: [200.0, 340, 720])
  func legend(width: Double) throws {
    let chart = ChartSamples.lines(ChartSamples.strategies(16, hasErrors: false), x: ChartAxis(""), y: ChartAxis(""))
    let parsed = try ParsedChart(chart.svg(width: width, id: "a"))
    let names = parsed.named("text").filter { $0.text.contains(/[a-z]/) }.map { parsed.ends($0) }
    #expect(names.count == 16)
    for (name, next) in zip(names, names.dropFirst()) {
      #expect(next.start.x >= 36 && (next.start.y > name.start.y + 10 || next.start.x >= name.end.x + 40))
    }
  }

  @Test("Thinned lines keep their first, last, highest and lowest points")
  func thinning() throws {
    let points = (0..<20_000).map { (x: Double($0) / 50, y: ChartSamples.noise($0)) }
    let kept = Thinning.extremes(points)
    #expect(kept.count <= 4 * 801)
    #expect(kept.first?.x == 0 && kept.last?.x == points.last?.x)
    #expect(kept.map(\.y).max() == points.map(\.y).max() && kept.map(\.y).min() == points.map(\.y).min())
    #expect(zip(kept, kept.dropFirst()).allSatisfy { $0.x <= $1.x })
    let few = Array(points.prefix(400))
    #expect(Thinning.extremes(few).count == 400)
  }

  @Test("Without numbers there is a chart that says so")
  func empty() throws {
    for series in [[], [LineChart.Series("none", [LineChart.Point(.nan, 1), LineChart.Point(1, nil)])]] {
      let chart = try ParsedChart(ChartSamples.lines(series).svg(id: "a"))
      #expect(chart.named("text").map(\.text) == ["no data"])
    }
    let half = ChartSamples.lines([LineChart.Series("one", [LineChart.Point(2, 1)]), LineChart.Series("two", [])])
    #expect(try ParsedChart(half.svg(id: "a")).named("text").contains { $0.text == "two – no data" })
  }
}
