internal import Studies

extension ResultSummary {
  /// The columns of ``cells(_:)``, with the field's names.
  package var columns: [String] {
    ["strategy", "compression", "size_nz", "real_compression", "theoretical_speedup", "pre_acc1"]
      + (hasPruned ? ["pruned_acc1"] : []) + ["post_acc1", "std", "n"] + (hasSteps ? ["best_step"] : [])
      + ["difference", "p_holm", "wilcoxon", "cpu_seconds"]
  }

  private var hasPruned: Bool { lines.contains { $0.pruned != nil } }
  private var hasSteps: Bool { lines.contains { $0.bestStep != nil } }

  /// The cells of a line, as text in the order of ``columns``.
  package func cells(_ line: Line) -> [String] {
    func cell(_ value: Double?, _ digits: Int = 4) -> String { value.map { $0.fixed(digits: digits) } ?? "-" }
    return [
      line.label, line.requested.text, line.sizeNonzero.mean.short, cell(line.realCompression.mean, 3),
      cell(line.theoreticalSpeedup.mean, 3), cell(line.dense.mean),
    ] + (hasPruned ? [cell(line.pruned?.mean)] : [])
      + [cell(line.after.mean), cell(line.after.deviation), "\(line.after.count)"]
      + (hasSteps ? [cell(line.bestStep?.mean, 0)] : []) + [
        cell(line.difference?.mean) + (line.isSignificant ? " *" : ""), cell(line.adjusted), cell(line.wilcoxon),
        cell(line.cpuSeconds, 1),
      ]
  }

  /// The tables for a terminal, one for each network.
  package var text: String {
    subjects.map { subject in
      let rows = lines.filter { $0.subject == subject }.map(cells)
      return "\(subject)\n\n\(TextTable.aligned(header: columns, rows: rows))"
    }.joined(separator: "\n\n")
  }

  /// What a reader has to know of the differences, in a sentence or two.
  package var caveat: String {
    guard lines.contains(where: { $0.difference != nil }) else {
      return "Nothing is compared with \(reference): no line has its size and seed. --reference names another strategy."
    }
    return "Differences are to \(reference) at the same size, paired by seed. "
      + (repetitions < 10
        ? "Fewer than ten seeds: no claim of significance."
        : "* marks those below 5 % in a paired t test after Holm's correction over the whole table.")
  }
}
