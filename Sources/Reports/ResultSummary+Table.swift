internal import Studies

extension ResultSummary {
  /// A table of a report.
  package struct Table: Hashable, Sendable {
    package let caption: String
    package let header: [String]
    package let rows: [[String]]
  }

  /// What is said of each line.
  fileprivate struct Column {
    /// Among all columns.
    let name: String
    /// In a table, where it stands behind what it belongs to.
    let heading: String
    let cell: (Line) -> String

    init(_ name: String, heading: String? = nil, _ cell: @escaping (Line) -> String) {
      (self.name, self.heading, self.cell) = (name, heading ?? name, cell)
    }
  }

  private static var identity: [Column] {
    [Column("strategy") { $0.label }, Column("compression") { $0.requested.text }]
  }

  private static var dense: Column { Column("dense_acc1") { text($0.dense.mean) } }

  private var results: [Column] {
    // Where nothing was retrained, a network is as it was pruned.
    let isRetrained = lines.contains { $0.pruned != nil && $0.pruned != $0.after }
    var columns = [
      Column("size_nz") { $0.sizeNonzero.mean.short },
      Column("real_compression") { Self.text($0.realCompression.mean, 3) },
      Column("theoretical_speedup") { Self.text($0.theoreticalSpeedup.mean, 3) },
    ]
    if isRetrained { columns.append(Column("pre_acc1") { Self.text($0.pruned?.mean) }) }
    columns += [
      Column("post_acc1") { Self.text($0.after.mean) }, Column("ci95") { Self.margin($0.after) },
      Column("std") { Self.text($0.after.deviation) }, Column("n") { "\($0.after.count)" },
    ]
    if showsTop5 {
      columns += [
        Column("post_acc5") { Self.text($0.after5.mean) },
        Column("post_acc5_ci95", heading: "ci95") { Self.margin($0.after5) },
      ]
    }
    if lines.contains(where: { $0.bestStep != nil }) {
      columns += [
        Column("best_step") { Self.text($0.bestStep?.mean, 0) },
        Column("best_step_ci95", heading: "ci95") { Self.margin($0.bestStep, 0) },
      ]
    }
    return columns + [Column("cpu_seconds") { Self.text($0.cpuSeconds, 1) }]
  }

  private static var gaps: [Column] {
    [
      Column("train_acc1") { text($0.train?.mean) },
      Column("train_acc1_ci95", heading: "ci95") { margin($0.train) },
      Column("gap") { text($0.gap?.mean, 2) }, Column("gap_ci95", heading: "ci95") { margin($0.gap, 2) },
    ]
  }

  private static var accuracyDifferences: [Column] {
    differences("to_dense", 4, \.toDense)
      + [Column("reference") { $0.difference == nil ? "-" : $0.reference!.rawValue }]
      + differences("difference", 4, \.difference)
  }

  private static var stepDifferences: [Column] {
    differences("step_to_dense", 0, \.stepToDense)
      + [Column("step_reference", heading: "reference") { $0.stepDifference == nil ? "-" : $0.reference!.rawValue }]
      + differences("step_difference", 0, \.stepDifference)
  }

  /// One kind of difference with its statistics.
  private static func differences(
    _ name: String, _ digits: Int, _ value: @escaping (Line) -> PairedDifference?
  ) -> [Column] {
    [
      Column(name) { text(value($0)?.spread.mean, digits) + (value($0)?.isSignificant ?? false ? " *" : "") },
      Column("\(name)_ci95", heading: "ci95") { margin(value($0)?.spread, digits) },
      Column("\(name)_p_holm", heading: "p_holm") { probability(value($0)?.adjusted) },
      Column("\(name)_wilcoxon", heading: "wilcoxon") { probability(value($0)?.wilcoxon) },
    ]
  }

  private static func text(_ value: Double?, _ digits: Int = 4) -> String {
    // What rounds to nothing has no sign.
    value.map { value in
      let text = value.fixed(digits: digits)
      return Double(text) == 0 ? 0.0.fixed(digits: digits) : text
    } ?? "-"
  }

  private static func probability(_ value: Double?) -> String {
    value.map { $0 > 0 && $0 < 0.0001 ? "<0.0001" : text($0) } ?? "-"
  }

  /// How far the interval reaches that holds the true mean with 95 %.
  private static func margin(_ spread: Spread?, _ digits: Int = 4) -> String {
    spread?.margin().map { "±\($0.fixed(digits: digits))" } ?? "-"
  }

  /// The tables of one network: results, then the gaps between train and test, and the differences in accuracy and in
  /// early-stopping iterations, that there are.
  package func tables(_ subject: String) -> [Table] {
    let own = lines.filter { $0.subject == subject }
    func table(_ caption: String, _ columns: [Column], _ lines: [Line]) -> Table {
      let columns = Self.identity + columns
      return Table(
        caption: caption, header: columns.map(\.heading), rows: lines.map { line in columns.map { $0.cell(line) } })
    }
    return [
      table("Results on test: means over seeds with 95 % t intervals, processor seconds of all", results, own),
      table(
        "Gap between train and test: accuracy on train less that on test, in percentage points", Self.gaps,
        own.filter { $0.train != nil }),
      table(
        "Differences in accuracy: paired by run and seed", [Self.dense] + Self.accuracyDifferences,
        own.filter { $0.toDense != nil || $0.difference != nil }),
      table(
        "Differences in the early-stopping iteration: paired by run and seed", Self.stepDifferences,
        own.filter { $0.stepToDense != nil || $0.stepDifference != nil }),
    ].filter { !$0.rows.isEmpty } + (growth[subject].map(Self.tables) ?? [])
  }

  /// The names of all columns in one, for programs: the field's where it has one.
  package var columns: [String] { all.map(\.name) }

  /// The cells of a line, as text in the order of ``columns``.
  package func cells(_ line: Line) -> [String] { all.map { $0.cell(line) } }

  private var all: [Column] {
    let hasGaps = lines.contains { $0.train != nil }
    let hasSteps = lines.contains { $0.stepToDense != nil || $0.stepDifference != nil }
    return Self.identity + [Self.dense] + results + (hasGaps ? Self.gaps : []) + Self.accuracyDifferences
      + (hasSteps ? Self.stepDifferences : [])
  }

  /// The tables for a terminal, those of one network below each other.
  package var text: String {
    subjects.map { subject in
      ([subject] + tables(subject).flatMap { [$0.caption + ":", TextTable.aligned(header: $0.header, rows: $0.rows)] })
        .joined(separator: "\n\n")
    }.joined(separator: "\n\n\n")
  }

  /// What a reader has to know of the differences, in a few sentences.
  package var caveat: String {
    guard lines.contains(where: { $0.toDense != nil || $0.difference != nil }) else {
      return "Nothing is compared: there are dense networks alone."
    }
    return comparisons + " ci95 is half of a 95 % t interval. p_holm is a paired t test's probability after Holm's "
      + "correction over all lines, for each kind of difference by itself. "
      + (repetitions < 10
        ? "Fewer than ten seeds: no claim of significance." : "* marks those below 0.05, of ten seeds at least.")
  }

  private var comparisons: String {
    let found = references.filter { name in lines.contains { $0.reference == name && $0.difference != nil } }
    let dense = "Differences are to the dense network of the same seed"
    guard !references.isEmpty else { return dense + "." }
    guard !found.isEmpty else {
      let names = references.map(\.rawValue).joined(separator: " or ")
      return dense + "; no line has the size and seed of \(names), and --reference names another strategy."
    }
    let names = found.map(\.rawValue).joined(separator: " or ")
    return dense + ", and to \(names) of the same size and seed."
  }
}
