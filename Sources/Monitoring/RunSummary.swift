/// What a finished run came to: its comparison on `test`, as text in the columns of its report.
///
/// The content of `summary.json` in a run's directory; made of the run's facts alone, so it can be checked and made again.
package struct RunSummary: Hashable, Codable, Sendable {
  package let study: String
  /// The run's identity.
  package let run: String
  package let testSamples: Int
  /// The field's names, `strategy` first.
  package let columns: [String]
  /// A row for each strategy.
  package let rows: [[String]]
  /// The strategies that searched.
  package let searches: [String]
  /// Of several searches the best on `validation`.
  package let chosen: String?

  package init(
    study: String, run: String, testSamples: Int, columns: [String], rows: [[String]], searches: [String],
    chosen: String?
  ) {
    self.study = study
    self.run = run
    self.testSamples = testSamples
    self.columns = columns
    self.rows = rows
    self.searches = searches
    self.chosen = chosen
  }
}

/// A finished run in a list of runs.
package struct FinishedRun: Hashable, Codable, Sendable {
  /// The name of its directory.
  package let directory: String
  /// When it was finished last, in seconds since 1970.
  package let finished: Double
  package let summary: RunSummary

  package init(directory: String, finished: Double, summary: RunSummary) {
    (self.directory, self.finished, self.summary) = (directory, finished, summary)
  }
}
