import Reports
import Testing

@Suite struct MaskChartTests {
  @Test("Each field has its level, runs are one line, and empty fields are none")
  func levels() {
    let grid = Grid([[0, 1, 1, 2], [nil, .nan, 2, 0.01]], atMost: 64)
    let paths = grid.paths(0...2, levels: 4)
    #expect(paths[2] == "M1 0.5h2")
    #expect(paths[4] == "M3 0.5h1M2 1.5h1")
    #expect(paths[1] == "M3 1.5h1")
    #expect(paths[3] == "")
  }

  @Test("All shaded fields are drawn once")
  func area() {
    let rows = ChartSamples.noise(rows: 28, columns: 28)
    let paths = Grid(rows, atMost: 64).paths(0...1, levels: 12)
    let drawn = paths.dropFirst().joined().matches(of: /h(\d+)/).reduce(0) { $0 + (Int($1.1) ?? 0) }
    #expect(drawn == rows.joined().count { ($0 ?? 0) > 0 })
  }

  @Test("Large pictures are means of blocks, and small in bytes", arguments: [28, 32, 64, 65, 300])
  func size(side: Int) throws {
    let picture = ChartSamples.picture(ChartSamples.noise(rows: side, columns: side))
    let svg = picture.svg(id: "m")
    #expect(svg.utf8.count < 50_000)
    #expect(svg.contains("means of") == (side > 64))
    let grid = Grid([[1, 3, 3], [nil, nil, 5], [.infinity, 7, 8]], atMost: 2)
    #expect(grid.factor == 2 && grid.columns == 2)
    #expect(grid.rows == [[2, 4], [7, 8]])
  }

  @Test("Without numbers there is a picture that says so; of zeros there is a white one")
  func empty() throws {
    let none = try ParsedChart(ChartSamples.picture([]).svg(id: "m"))
    #expect(none.named("text").map(\.text) == ["no data"])
    let zeros = try ParsedChart(ChartSamples.picture([[0, 0]]).svg(id: "m"))
    #expect(!zeros.named("path").contains { $0.attributes["stroke-opacity"].map { Double($0) == 1 } ?? false })
  }
}
