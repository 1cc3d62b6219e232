import Reports
import Studies
import Testing

@Suite struct StudyReportChartsTests {
  private func report(_ rows: [ResultRow]) -> ReportDocument {
    StudyReport(rows: rows, sources: [], version: "1").document
  }

  private func charts(_ document: ReportDocument, _ start: String) -> [LineChart] {
    document.blocks.compactMap { block in
      guard case .chart(.lines(let chart)) = block, chart.title.hasPrefix(start) else { return nil }
      return chart
    }
  }

  private func paragraphs(_ document: ReportDocument) -> [String] {
    document.blocks.compactMap { if case .paragraph(let text) = $0 { text } else { nil } }
  }

  /// Strategies of a sweep: magnitude, and so many others by network, by layer, and neither.
  private func sweep(_ count: Int) -> [ResultRow] {
    [denseRow()]
      + (0..<count).flatMap { index -> [ResultRow] in
        let name = index == 0 ? "GlobalMagWeight" : ["Global", "Layer", "Search"][index % 3] + "\(index)"
        return [2.0, 8].map { size in
          resultRow(name, .compression(size), accuracy: 850 - 10 * index - Int(size), left: 1 / size)
        }
      }
  }

  @Test("As many strategies as have looks of their own stand in one chart, and more in several")
  func parts() throws {
    let few = report(sweep(SeriesStyle.count))
    #expect(charts(few, "Accuracy and compression").map(\.series.count) == [SeriesStyle.count])
    #expect(!paragraphs(few).contains { $0.contains("more than one chart") })

    for count in [17, 23, 60] {
      let document = report(sweep(count))
      for start in ["Accuracy and compression", "Accuracy and theoretical speedup"] {
        let split = charts(document, start)
        #expect(split.count >= 3 && split.allSatisfy { $0.series.count <= SeriesStyle.count }, "\(count)")
        #expect(split.allSatisfy { $0.series[0].name == "GlobalMagWeight" }, "the yardstick looks the same in each")
        let others = split.flatMap { $0.series.dropFirst().map(\.name) }
        #expect(Set(others).count == count - 1 && others.count == count - 1, "each other once")
        #expect(Set(split.map(\.title)).count == split.count)
        #expect(Set(split.map(\.x.covering)).count == 1 && Set(split.map(\.y.covering)).count == 1)
      }
      let words = paragraphs(document).filter { $0.contains("more than one chart can tell apart") }
      #expect(words.count == 1 && words[0].hasPrefix("\(count) strategies"))
    }
    let bars = report(sweep(23)).blocks.compactMap { block -> BarChart? in
      guard case .chart(.bars(let chart)) = block else { return nil }
      return chart
    }
    #expect(bars.count == 3 && bars.allSatisfy { $0.series.count <= SeriesStyle.count })
  }

  /// Three levels of tickets with a control, two seeds.
  private func tickets(_ steps: Bool) -> [ResultRow] {
    var rows: [ResultRow] = []
    for seed in 1...2 {
      let dense = 900 + seed
      rows.append(denseRow(seed: seed, accuracy: dense, bestStep: steps ? 1000 : nil))
      for (level, left) in [0.8, 0.64, 0.512].enumerated() {
        rows.append(
          resultRow(
            "WinningTicket", .remaining(left), seed: seed, accuracy: dense + 10 - level, dense: dense,
            bestStep: steps ? 900 - 100 * level + seed : nil, left: left))
        rows.append(
          resultRow(
            "RandomReinit", .remaining(left), seed: seed, accuracy: dense - 10 - 10 * level, dense: dense,
            bestStep: steps ? 1100 + 100 * level : nil, left: left))
      }
    }
    return rows
  }

  @Test("The gap between train and test has a chart with a line a strategy, where it was asked for")
  func gaps() throws {
    var rows: [ResultRow] = []
    for seed in 1...2 {
      rows.append(denseRow(seed: seed, accuracy: 900, train: 980 + seed))
      for name in ["SNIP", "WinningTicket"] {
        for (size, train) in [(2.0, 880), (4, 860)] {
          rows.append(
            resultRow(name, .compression(size), seed: seed, accuracy: 880, train: train, left: 1 / size))
        }
      }
    }
    let chart = try #require(charts(report(rows), "Gap between train and test").first)
    #expect(chart.series.map(\.name) == ["SNIP", "WinningTicket"])
    for series in chart.series {
      #expect(series.points.map(\.x) == [2, 4])
      for (point, gap) in zip(series.points, [0.0, -2]) { #expect(abs(point.y! - gap) < 1e-9) }
    }
    #expect(abs(chart.references[0].y - 8.15) < 1e-9)
    #expect(chart.summary.contains("SNIP: 0.00 points at 2.0 times, -2.00 points at 4.0 times"), "\(chart.summary)")
    #expect(charts(report(sweep(3)), "Gap").isEmpty)
  }

  @Test("Tickets learn against the weights that are left, falling from the dense network")
  func weightsRemaining() throws {
    let document = report(tickets(true))
    let steps = try #require(charts(document, "Early-stopping iteration and weights remaining").first)
    let accuracy = try #require(charts(document, "Accuracy at the early-stopping iteration and weights").first)
    for chart in [steps, accuracy] {
      #expect(chart.x.isFalling && chart.x.scale == .log10 && chart.x.ticks == [0.512, 0.64, 0.8, 1])
      #expect(chart.series.map(\.name) == ["WinningTicket", "RandomReinit"])
      #expect(chart.series[0].points.map(\.x) == [1, 0.8, 0.64, 0.512])
      #expect(chart.series[1].points.map(\.x) == [0.8, 0.64, 0.512], "no dense control was trained")
    }
    #expect(steps.series[0].points.map(\.y) == [1000, 901.5, 801.5, 701.5])
    #expect(accuracy.series[1].points.allSatisfy { $0.low! < $0.y! && $0.y! < $0.high! }, "bands")
    #expect(steps.references.map(\.y) == [1000] && abs(accuracy.references[0].y - 0.9015) < 1e-12)
    #expect(charts(document, "Early-stopping iteration and compression").isEmpty, "shown once")
    let untimed = report(tickets(false))
    #expect(charts(untimed, "Early-stopping").isEmpty && charts(untimed, "Accuracy and weights remaining").count == 1)
    #expect(charts(report(sweep(3)), "Early-stopping").isEmpty && charts(report(sweep(3)), "Accuracy at").isEmpty)
  }

  @Test("A falling axis is a rising one in a mirror")
  func falling() throws {
    for scale in [AxisScale.linear, .log2, .log10] {
      for (low, high) in [(0.03, 1.0), (2, 700)] {
        func axis(_ isFalling: Bool) -> PlacedAxis {
          PlacedAxis(
            along: ChartAxis("", scale: scale, isFalling: isFalling), over: low...high, from: 100, to: 500, textSize: 13
          )
        }
        let (rising, falling) = (axis(false), axis(true))
        for share in [0, 0.3, 1] {
          let value = low + share * (high - low)
          let (place, mirrored) = (try #require(rising.place(value)), try #require(falling.place(value)))
          #expect(abs(place + mirrored - 600) < 1e-9, "\(scale) \(value)")
        }
        #expect(falling.place(high)! < falling.place(low)!)
      }
    }
  }
}
