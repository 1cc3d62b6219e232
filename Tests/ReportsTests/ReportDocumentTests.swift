import Foundation
import FoundationXML
import Models
import Pruning
import Reports
import Studies
import Testing

/// Rows of a study that was never run: two networks, three strategies, three sizes, some seeds.
func sampleRows(seeds: Int = 3, from first: Int = 1, run: String = "runs/a") -> [ResultRow] {
  var rows: [ResultRow] = []
  for (model, dataset) in [("lenet", "digits"), ("conv <2>", "\"cifar\" & co")] {
    for seed in 0..<seeds {
      func row(_ strategy: String, _ requested: RequestedSize, _ kept: Int, _ correct: Int) -> ResultRow {
        ResultRow(
          run: run, study: "sample", subject: "\(model)/\(dataset)", dataset: dataset, model: model, name: strategy,
          strategy: Strategy(strategy), requested: requested,
          level: kept == 1000 ? 0 : 1, isResult: true, seed: UInt64(seed + first),
          metrics: SizeMetrics(size: 1000, sizeNonzero: kept, flops: 2000, flopsNonzero: 2 * kept),
          layers: [.init(name: "dense1", kept: kept / 2, size: 500), .init(name: "dense2", kept: kept / 2, size: 500)],
          dense: test(97 + seed), pruned: kept == 1000 ? nil : test(correct - 9), after: test(correct + seed),
          validation: .exact(correct: 90, count: 100, loss: 0.1), search: nil, curve: [], bestStep: 100 * kept,
          recipe: TrainingRecipe(), evaluations: 3, cpuSeconds: 1.5, mask: nil)
      }
      rows.append(row("Dense", .whole, 1000, 97))
      for (compression, kept) in [(2.0, 500), (8, 125), (32, 31)] {
        rows.append(row("GlobalMagWeight", .compression(compression), kept, 60 + kept / 15))
        rows.append(row("Random, \"quoted\"\n<b>", .compression(compression), kept, 30 + kept / 15))
      }
    }
  }
  return rows
}

private func test(_ correct: Int) -> TestScore {
  TestScore(.exact(correct: correct, count: 100, loss: 0.5), top5: 100)
}

private func report(_ rows: [ResultRow]) -> StudyReport {
  let source = StudyReport.Source(
    directory: "runs/a", name: "a <study>", study: "00", run: "11", history: "22",
    text: "study: \"a\" # <& ```", notes: ["Nothing was checked."])
  let picture = MaskPicture(title: "first", summary: "a picture", rows: [[1, 2], [3, nil]], label: "kept")
  return StudyReport(
    rows: rows, sources: [source], pictures: [picture],
    distributions: [.init(title: "weights", series: [("before", [-1, 0, 0.5]), ("after", [0.25])])], version: "1")
}

@Suite struct ReportDocumentTests {
  @Test("A page is well-formed, needs nothing from outside and runs nothing")
  func page() throws {
    let html = report(sampleRows()).document.html
    let body = try #require(html.split(separator: "<body>", maxSplits: 1).last?.split(separator: "</html>").first)
    let parser = XMLParser(data: Data("<html><body>\(body)</html>".utf8))
    #expect(parser.parse(), "\(String(describing: parser.parserError)) in line \(parser.lineNumber)")
    for forbidden in ["<script", "src=", "@import", "<link", "onload"] {
      #expect(!html.contains(forbidden), "\(forbidden)")
    }
    #expect(html.components(separatedBy: "url(").dropFirst().allSatisfy { $0.hasPrefix("#") })
    let addresses = html.components(separatedBy: "http").dropFirst()
    #expect(addresses.allSatisfy { $0.hasPrefix("://www.w3.org/2000/svg") }, "an address outside")
    for text in ["a &lt;study&gt;", "conv &lt;2&gt;/&quot;cifar&quot; &amp; co", "&lt;&amp; ```"] {
      #expect(html.contains(text), "\(text)")
    }
    #expect(!html.contains("<b>"))
  }

  @Test("Every chart and picture has a text of its own, and every id is one")
  func alternatives() throws {
    let html = report(sampleRows()).document.html
    let images = html.components(separatedBy: "<svg").count - 1
    // Trade-offs by size and by speed, steps and layers of two networks, a histogram; each twice, and a picture.
    #expect(images == 2 * (2 * 4 + 1) + 1)
    #expect(html.components(separatedBy: "role=\"img\"").count - 1 == images)
    #expect(html.components(separatedBy: "<desc").count - 1 == images)
    let ids = html.components(separatedBy: " id=\"").dropFirst().map { $0.prefix { $0 != "\"" } }
    #expect(Set(ids).count == ids.count && ids.count >= 2 * images)
  }

  @Test("The same rows make the same bytes")
  func determinism() {
    let rows = sampleRows()
    #expect(report(rows).document.html == report(rows).document.html)
    #expect(report(rows).document.markdown == report(rows).document.markdown)
  }

  @Test("Markdown has every table, and names with marks stay names")
  func markdown() {
    let text = report(sampleRows()).document.markdown
    #expect(text.hasPrefix("# a \\<study\\>\n"))
    #expect(text.components(separatedBy: "| strategy |").count - 1 == 2)
    #expect(text.contains("\n````\nstudy:"), "a fence longer than what is in it")
    let rows = text.split(separator: "\n").filter { $0.hasPrefix("| GlobalMagWeight") }
    #expect(rows.count == 6)
  }

  @Test("CSV reads back, whatever is in a name")
  func csv() throws {
    let rows = sampleRows()
    let parsed = parse(ResultRow.csv(rows))
    #expect(parsed.count == rows.count + 1 && parsed[0] == ResultRow.columns)
    for (row, cells) in zip(rows, parsed.dropFirst()) {
      #expect(cells == row.cells && cells.count == ResultRow.columns.count)
    }
    let place = try #require(ResultRow.columns.firstIndex(of: "post_acc5"))
    #expect(parsed[1][place] == "1.0")
  }

  /// RFC 4180.
  private func parse(_ text: String) -> [[String]] {
    var (rows, row, cell, isQuoted) = ([[String]](), [String](), "", false)
    var rest = Array(text.unicodeScalars)[...]
    while let scalar = rest.popFirst() {
      if isQuoted {
        if scalar != "\"" {
          cell.unicodeScalars.append(scalar)
        } else if rest.first == "\"" {
          cell.append("\"")
          rest.removeFirst()
        } else {
          isQuoted = false
        }
      } else if scalar == "\"" {
        isQuoted = true
      } else if scalar == "," || scalar == "\r" {
        row.append(cell)
        cell = ""
        guard scalar == "\r" else { continue }
        rest.removeFirst()
        rows.append(row)
        row = []
      } else {
        cell.unicodeScalars.append(scalar)
      }
    }
    return rows
  }

  @Test("Lines are means over seeds, and differences pairs of the same seed")
  func summary() throws {
    let summary = ResultSummary(sampleRows())
    #expect(summary.reference == .globalMagnitude && summary.repetitions == 3)
    #expect(summary.lines.count == 2 * 7)
    let line = try #require(summary.lines.first { $0.strategy.rawValue.hasPrefix("Random") })
    // 30 + 500 / 15 and 60 + 500 / 15, with the same seeds.
    #expect(abs(line.difference!.mean + 0.3) < 1e-12 && line.difference!.deviation! < 1e-12)
    #expect(abs(line.after.mean - 0.64) < 1e-12 && abs(line.dense.mean - 0.98) < 1e-12)
    #expect(abs(line.pruned!.mean - 0.54) < 1e-12)
    #expect(!line.isSignificant, "three seeds are too few")
    func random(_ rows: [ResultRow]) throws -> ResultSummary.Line {
      try #require(ResultSummary(rows).lines.first { $0.strategy.rawValue.hasPrefix("Random") })
    }
    let ten = try random(sampleRows(seeds: 5) + sampleRows(seeds: 5, from: 6, run: "runs/b"))
    #expect(ten.after.count == 10 && ten.difference?.count == 10 && ten.isSignificant)
    let twice = try random(sampleRows(seeds: 5) + sampleRows(seeds: 5, run: "runs/b"))
    #expect(twice.after.count == 10 && !twice.isSignificant, "five seeds are five, however often they are run")
    #expect(ResultSummary(sampleRows(), reference: .dense).lines.allSatisfy { $0.difference == nil })
  }
}
