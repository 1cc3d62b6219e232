import ArgumentParser
import Formats
import Foundation
import Reports
import Services
import Studies

/// `sentei report`: what runs came to, on a terminal or as files.
struct ReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Show what runs came to: tables, charts, learning curves, statistics, costs.",
    discussion: """
      Prints the comparison on test and, for one run of searches, how they went: acceptance, exchanges, hypervolumes, cache; this \
      works while the run goes on, the comparison comes with its end. With --html, --markdown or --csv it writes files instead; \
      several runs then stand in one table and one chart, those of the same network and data beside each other. The HTML file \
      needs no other file and no network.
      """)

  @Argument(help: "The runs' directories.")
  var runs: [String]

  @Option(
    help: "The strategy that all others are compared with; by default GlobalMagWeight, of tickets WinningTicket.")
  var reference: String?

  @Flag(help: "Show top-5 accuracies in tables too; data of more than ten classes have them anyway.")
  var top5 = false

  @Option(help: "Write one self-contained page: .html.")
  var html: String?

  @Option(help: "Write text and tables: .md.")
  var markdown: String?

  @Option(help: "Write a row for each network, in ShrinkBench's columns and more: .csv.")
  var csv: String?

  func validate() throws {
    guard !runs.isEmpty else { throw ValidationError("expected the directory of a run at least") }
    for (option, path, ending) in [("html", html, ".html"), ("markdown", markdown, ".md"), ("csv", csv, ".csv")] {
      guard let path, !path.hasSuffix(ending) else { continue }
      throw ValidationError("--\(option) takes a file that ends in \(ending), found '\(path)'")
    }
    if let twice = runs.first(where: { run in runs.count { $0 == run } > 1 }) {
      throw ValidationError("\(twice) is given twice")
    }
  }

  private var writesFiles: Bool { html != nil || markdown != nil || csv != nil }

  func run() async throws {
    try await reporting {
      if runs.count == 1, !writesFiles, reference == nil, !top5 { return try show(runs[0]) }
      for path in [html, markdown, csv] { if let path { try OutputPlace.check(path) } }
      var results: [RunResults] = []
      for directory in runs { results.append(try RunResults(directory: directory)) }
      let rows = results.flatMap(\.rows)
      try Self.check(rows)
      if let reference, !rows.contains(where: { $0.strategy.rawValue == reference }) {
        let names = Set(rows.map(\.strategy.rawValue)).sorted().joined(separator: ", ")
        throw ValidationError("--reference \(reference): no run has it; expected one of \(names)")
      }
      let report = StudyReport(
        rows: rows, reference: reference.map { Strategy($0) }, top5: top5 ? true : nil, sources: results.map(\.source),
        pictures: results.flatMap(\.pictures), distributions: results.flatMap(\.distributions),
        version: Build.version)
      if !writesFiles {
        print("\n\(report.summary.text)\n\n\(report.summary.caveat)\n")
        for source in results.map(\.source) {
          for note in source.notes { print("\(source.directory): \(note)") }
        }
      }
      func write(_ text: @autoclosure () -> String, to path: String?) throws {
        guard let path else { return }
        try WholeFile.replace(path, with: Array(text().utf8))
        print(path)
      }
      try write(report.document.html, to: html)
      try write(report.document.markdown, to: markdown)
      try write(ResultRow.csv(rows), to: csv)
    }
  }

  /// Refuses what would be no repetition: a network with the same study, seed and size in two runs.
  private static func check(_ rows: [ResultRow]) throws {
    struct Key: Hashable {
      let study: String
      let name: String
      let seed: UInt64
      let requested: RequestedSize
      let level: Int
    }
    var runs: [Key: String] = [:]
    for row in rows {
      let key = Key(
        study: row.study, name: "\(row.subject) \(row.strategy)", seed: row.seed, requested: row.requested,
        level: row.level)
      if let other = runs[key], other != row.run {
        throw ValidationError(
          "\(other) and \(row.run) both have \(row.strategy) of study \(row.study) with seed \(row.seed); runs of one study "
            + "have to differ in their seeds")
      }
      runs[key] = row.run
    }
  }

  /// One run on the terminal.
  private func show(_ run: String) throws {
    let any = try AnyConclusion(directory: run)
    any.printTable()
    guard case .search(let conclusion) = any else {
      if any.summary == nil {
        Terminal.standard.say("the run is not finished; `sentei status \(run)` says how far it is")
      }
      return
    }
    if let table = conclusion.table { print("\nOn the slices:\n\n\(table.sliceText)") }
    let text = conclusion.searches.text(conclusion.states)
    if !text.isEmpty { print("\nOn the way there, on search:\n\n\(text)") }
    if conclusion.table == nil {
      Terminal.standard.say("the run is not finished; this is how it went so far")
    }
  }
}
