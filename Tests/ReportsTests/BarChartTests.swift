import Reports
import Testing

@Suite struct BarChartTests {
  private func chart(_ values: [[Double?]], groups: Int) -> BarChart {
    BarChart(
      title: "", summary: "", groups: (0..<groups).map { "fc\($0)" }, y: ChartAxis("", format: .percent),
      series: values.enumerated().map { BarChart.Series("s\($0)", $1) })
  }

  /// The bars' heights, from those that are filled with one colour.
  private func heights(_ svg: String) throws -> [Double] {
    try ParsedChart(svg).named("path").filter { $0.attributes["fill"]?.hasPrefix("#") ?? false }.map { path in
      let points = ParsedChart.points(path).map(\.y)
      return points.max()! - points.min()!
    }
  }

  @Test("Bars are as high as their numbers, and numbers that are none have no bar")
  func heights() throws {
    let heights = try heights(chart([[0.2, 0.4, nil, .nan, 0.8]], groups: 6).svg(id: "a"))
    // The last is the legend's.
    try #require(heights.count == 4)
    #expect(abs(heights[1] - 2 * heights[0]) < 0.05 && abs(heights[2] - 4 * heights[0]) < 0.05)
  }

  @Test("A bar of nothing is still seen, and one below zero hangs from it")
  func signs() throws {
    let heights = try heights(chart([[0, -0.5, 0.5]], groups: 3).svg(id: "a"))
    #expect(heights[0] == 1 && abs(heights[1] - heights[2]) < 0.02)
  }

  @Test("All groups are named, in further rows where they are many; numbers stand on bars that have room")
  func rows() throws {
    let names = (0..<20).map { "conv\($0)" }
    let values = names.indices.map { Double($0 + 1) / 20 }
    let one = BarChart(
      title: "", summary: "", groups: names, y: ChartAxis("", format: .percent), series: [BarChart.Series("s", values)])
    let eight = BarChart(
      title: "", summary: "", groups: names, y: ChartAxis("", format: .percent),
      series: (0..<8).map { BarChart.Series("s\($0)", values) })
    let texts = try ParsedChart(one.svg(id: "a")).named("text").map(\.text)
    #expect(names.allSatisfy(texts.contains) && texts.contains("35\u{A0}%"))
    let narrow = try ParsedChart(eight.svg(width: 340, id: "a"))
    let few = narrow.named("text").map(\.text)
    #expect(names.allSatisfy(few.contains) && !few.contains("35\u{A0}%"))
    #expect(narrow.size.height > 500)
  }

  @Test("Neighbours differ without colours")
  func textures() throws {
    let parsed = try ParsedChart(chart((0..<4).map { _ in [0.5] }, groups: 1).svg(id: "a"))
    #expect(parsed.named("pattern").count == 2)
    let fills = parsed.named("path").filter { $0.attributes["fill"].map { $0 != "none" } ?? false }
    let looks = Set(fills.map { "\($0.attributes["fill"] ?? "") \($0.attributes["fill-opacity"] ?? "")" })
    #expect(looks.count >= 4)
  }
}
