import Reports
import Testing

@Suite struct HistogramChartTests {
  @Test("Every number inside the bins is counted once, in the bin with its bounds around it")
  func counts() {
    let bins = HistogramBins(-1...1, count: 8)
    #expect(bins.edges == [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1])
    #expect(bins.counts(of: [-1, -0.75, 0, 1, 1.01, .nan, .infinity, 0.74]) == [1, 1, 0, 0, 1, 0, 1, 1])
    let counts = ChartSamples.bins.counts(of: ChartSamples.weights)
    #expect(counts.reduce(0, +) == ChartSamples.weights.count)
    let edges = ChartSamples.bins.edges
    for place in stride(from: 0, to: 60, by: 12) {
      let inside = ChartSamples.weights.count { Double($0) >= edges[place] && Double($0) < edges[place + 1] }
      #expect(counts[place] == inside)
    }
  }

  @Test("Bins around zero have it in the middle of the middle one")
  func middle() {
    let bins = HistogramBins(around: [[0.5, .nan], [Float(-2)]], count: 5)
    #expect(bins.range == -2...2)
    #expect(bins.counts(of: [Float(0), 0]) == [0, 0, 2, 0, 0])
    #expect(HistogramBins(around: [[Float]]()).range == -1...1)
    #expect(HistogramBins(3...3, count: 2).range.contains(3))
  }

  @Test("Stairs are as high as the counts; the first is filled")
  func stairs() throws {
    let chart = HistogramChart(
      title: "", summary: "", x: ChartAxis(""), bins: HistogramBins(0...3, count: 3), label: "",
      series: [HistogramChart.Series("a", [10, 0, 20]), HistogramChart.Series("b", [1])])
    let paths = try ParsedChart(chart.svg(plotHeight: 200, id: "h")).named("path")
    let lines = paths.filter { $0.attributes["stroke-width"] == "1.8" }
    try #require(lines.count == 4)
    let points = ParsedChart.points(lines[0])
    let (bottom, top) = (points.map(\.y).max()!, points.map(\.y).min()!)
    let tops = Set(points.map(\.y)).sorted()
    try #require(tops.count == 3)
    #expect(abs((bottom - tops[1]) * 2 - (bottom - top)) < 0.03)
    // One area in the plot, one in the legend.
    #expect(paths.count { $0.attributes["fill-opacity"] == "0.25" } == 2)
  }

  @Test("On a logarithmic axis a single one is still seen")
  func single() throws {
    let chart = HistogramChart(
      title: "", summary: "", x: ChartAxis(""), bins: HistogramBins(0...2, count: 2), label: "", isLogarithmic: true,
      series: [HistogramChart.Series("a", [1, 100_000])])
    let line = try #require(
      try ParsedChart(chart.svg(id: "h")).named("path").first { $0.attributes["stroke-width"] == "1.8" })
    let heights = Set(ParsedChart.points(line).map(\.y)).sorted()
    #expect(heights.count == 3 && heights[2] - heights[1] > 5)
  }
}
