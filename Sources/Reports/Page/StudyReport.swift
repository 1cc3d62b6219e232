internal import Models
internal import Pruning
package import Studies

/// What a report is made of: the rows of one run or several, and what they come from.
package struct StudyReport: Sendable {
  /// A run that rows are from.
  package struct Source: Sendable {
    package let directory: String
    package let name: String
    /// The identities of study and run, and the digest of the history.
    package let study: String
    package let run: String
    package let history: String
    /// The study file as it is.
    package let text: String
    /// What others have to know: audits, notes about the data.
    package let notes: [String]

    package init(
      directory: String, name: String, study: String, run: String, history: String, text: String, notes: [String]
    ) {
      (self.directory, self.name, self.study, self.run) = (directory, name, study, run)
      (self.history, self.text, self.notes) = (history, text, notes)
    }
  }

  /// Weights of one network before and after, for a histogram.
  package struct Distribution: Sendable {
    package let title: String
    package let series: [(name: String, values: [Float])]

    package init(title: String, series: [(name: String, values: [Float])]) {
      (self.title, self.series) = (title, series)
    }
  }

  package let rows: [ResultRow]
  package let summary: ResultSummary
  let sources: [Source]
  let pictures: [MaskPicture]
  let distributions: [Distribution]
  /// The version of the program.
  let version: String

  package init(
    rows: [ResultRow], reference: Strategy? = nil, top5: Bool? = nil, sources: [Source], pictures: [MaskPicture] = [],
    distributions: [Distribution] = [], version: String
  ) {
    self.rows = rows
    summary = ResultSummary(rows, reference: reference, top5: top5)
    (self.sources, self.pictures, self.distributions) = (sources, pictures, distributions)
    self.version = version
  }

  /// The report in the order in which people read: what came out, how, and what it was made of.
  package var document: ReportDocument {
    let names = sources.map(\.name)
    var document = ReportDocument(title: Set(names).sorted().joined(separator: ", "))
    document.add(.paragraph(abstract))
    for subject in summary.subjects { add(subject, to: &document) }
    if !pictures.isEmpty {
      document.add(.heading(2, "Masks of the first layer"))
      document.add(.pictures(pictures))
    }
    for distribution in distributions { document.add(.chart(.histogram(histogram(distribution)))) }
    document.add(.heading(2, "How to make it again"))
    document.add(
      .table(
        caption: "Runs", header: ["run", "study", "study digest", "run id", "history digest"],
        rows: sources.map { [$0.directory, $0.name, $0.study, $0.run, $0.history] }))
    for note in sources.flatMap({ source in source.notes.map { "\(source.directory): \($0)" } }) {
      document.add(.paragraph(note))
    }
    document.add(
      .paragraph(
        "Made with sentei \(version). `sentei history RUN --digest` gives the history's digest, `sentei verify RUN` evaluates "
          + "stored masks afresh, `sentei report RUN --csv FILE` writes a row for each network."))
    for source in sources {
      document.add(.source(name: "The study file of \(source.directory)", text: source.text))
    }
    return document
  }

  private var abstract: String {
    let seconds = summary.lines.reduce(0) { $0 + $1.cpuSeconds }
    return
      "\(rows.count) networks of \(summary.subjects.joined(separator: ", ")); \(summary.repetitions) "
      + "\(summary.repetitions == 1 ? "seed" : "seeds"); \(Self.duration(seconds)) of the workers' processors. Accuracies are "
      + "top-1 on test, which was read when everything else was known. Errors in charts are ± one standard deviation. "
      + summary.caveat
  }

  private static func duration(_ seconds: Double) -> String {
    seconds < 600 ? "\(seconds.fixed(digits: 1)) seconds" : "\((seconds / 3600).fixed(digits: 2)) hours"
  }

  private func add(_ subject: String, to document: inout ReportDocument) {
    document.add(.heading(2, subject))
    let lines = summary.lines.filter { $0.subject == subject }
    let shown = lines.filter { !$0.strategy.isDense }
    let parts = parts(shown)
    if parts.count > 1 {
      document.add(
        .paragraph(
          "\(labels(shown).count) strategies are more than one chart can tell apart. They stand in \(parts.count) charts with the "
            + "same axes, those that others are compared with in each: "
            + parts.map { "\($0.words) \($0.names.count)" }.joined(separator: ", ") + "."))
    }
    let growth = summary.growth[subject].map { growing(subject, $0) } ?? []
    // Networks that grow end with one size, and their own charts show all of their courses.
    let isOfGrowth = !growth.isEmpty && shown.allSatisfy(\.strategy.isOfGrowth)
    let others = isOfGrowth ? [] : tradeOffs(subject, lines) + tickets(subject, lines) + courses(subject)
    for chart in growth + others {
      document.add(.chart(chart))
    }
    for table in summary.tables(subject) {
      document.add(.table(caption: table.caption, header: table.header, rows: table.rows))
    }
    for chart in layers(subject, lines) + sensitivity(subject) { document.add(.chart(chart)) }
  }
}
