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
          dense: test(97 + seed), pruned: kept == 1000 ? test(correct + seed) : test(correct - 9),
          after: test(correct + seed), validation: .exact(correct: 90, count: 100, loss: 0.1), search: nil, curve: [],
          bestStep: 100 * kept, recipe: TrainingRecipe(), completedEpochs: 17.5, classes: 10, evaluations: 3,
          cpuSeconds: 1.5, mask: nil)
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
    // Trade-offs by size, in errors before and behind retraining, by speed, steps and layers of two networks, a histogram; each twice, and a picture.
    #expect(images == 2 * (2 * 6 + 1) + 1)
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
    // Of two networks results, differences in accuracy and in steps.
    #expect(text.components(separatedBy: "| strategy |").count - 1 == 2 * 3)
    #expect(text.contains("\n````\nstudy:"), "a fence longer than what is in it")
    let rows = text.split(separator: "\n").filter { $0.hasPrefix("| GlobalMagWeight") }
    #expect(rows.count == 6 * 3)
  }

  @Test("CSV reads back, whatever is in a name")
  func csv() throws {
    let rows = sampleRows()
    let parsed = parse(ResultRow.csv(rows))
    #expect(parsed.count == rows.count + 1 && parsed[0] == ResultRow.columns)
    for (row, cells) in zip(rows, parsed.dropFirst()) {
      #expect(cells == row.cells && cells.count == ResultRow.columns.count)
    }
    func cell(_ name: String, _ row: Int) throws -> String {
      parsed[row][try #require(ResultRow.columns.firstIndex(of: name))]
    }
    #expect(try cell("post_acc5", 1) == "1.0" && cell("completed_epochs", 1) == "17.5")
    // The dense network of the seed, and the network as pruned and as retrained.
    #expect(try cell("dense_acc1", 2) == "0.97" && cell("pre_acc1", 2) == "0.84" && cell("post_acc1", 2) == "0.93")
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
}
