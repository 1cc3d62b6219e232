internal import Pruning
package import Studies

/// Several finished runs beside each other: the same strategies on other splits, networks and draws.
///
/// Differences are paired: each strategy against a reference in the same run at the same requested size.
package struct RunComparison: Sendable {
  /// One strategy at one size over all runs that have it.
  package struct Line: Sendable {
    package let strategy: Strategy
    /// The size that was asked for, as the tables of the runs say it.
    package let requested: String
    /// Top-1 accuracy on test.
    package let accuracy: Spread
    /// Mean accuracy on `validation`, by which a search is chosen; nil where a run has none.
    package let validation: Double?
    /// Mean loss on the slice that decided fitness, and on test: the difference is what masks fitted by chance.
    package let searchLoss: Double?
    package let testLoss: Double
    /// Accuracy less that of the reference; nil for the reference itself and where no run has both.
    package let difference: Spread?
    /// Wilcoxon's probability of the differences.
    package let wilcoxon: Double?
    /// The t test's probability after Holm's correction over all lines.
    package let adjusted: Double?

    /// Whether the difference is one that may be called significant: at least ten pairs, and 5 % after the correction.
    package var isSignificant: Bool { (difference?.count ?? 0) >= 10 && (adjusted ?? 1) < 0.05 }
  }

  package let lines: [Line]
  package let reference: Strategy

  /// - Parameter tables: of one run each.
  package init(_ tables: [ComparisonTable], reference: Strategy) {
    struct Key: Hashable {
      let strategy: Strategy
      let requested: String
    }
    self.reference = reference
    var order: [Key] = []
    var found: [Key: [ComparisonRow]] = [:]
    var differences: [Key: [Double]] = [:]
    for table in tables {
      for row in table.rows {
        let key = Key(strategy: row.strategy, requested: row.requested.text)
        if found[key] == nil { order.append(key) }
        found[key, default: []].append(row)
        let rival = table.rows.first { $0.strategy == reference && $0.requested == row.requested }
        guard let rival, row.strategy != reference else { continue }
        differences[key, default: []].append(row.accuracyAfter - rival.accuracyAfter)
      }
    }
    let compared = order.filter { differences[$0] != nil }
    let probabilities = compared.map { Spread(differences[$0]!).probability }
    let known = compared.indices.filter { probabilities[$0] != nil }
    let adjusted = Dictionary(
      uniqueKeysWithValues: zip(known.map { compared[$0] }, Holm.adjusted(known.map { probabilities[$0]! })))
    lines = order.map { key in
      let rows = found[key]!
      return Line(
        strategy: key.strategy, requested: key.requested, accuracy: Spread(rows.map(\.accuracyAfter)),
        validation: Self.mean(rows.map { $0.scores.validation?.accuracy }),
        searchLoss: Self.mean(rows.map { $0.scores.search?.loss }), testLoss: Spread(rows.map(\.scores.test.loss)).mean,
        difference: differences[key].map { Spread($0) }, wilcoxon: differences[key].map { Wilcoxon.probability($0) },
        adjusted: adjusted[key])
    }
  }

  private static func mean(_ values: [Double?]) -> Double? {
    values.contains { $0 == nil } ? nil : Spread(values.map { $0! }).mean
  }

  /// The columns of ``text``.
  package static let columns = [
    "strategy", "compression", "runs", "search_loss", "post_loss", "val_acc1", "post_acc1", "std", "difference",
    "95% low", "95% high", "p_holm", "wilcoxon", "",
  ]

  /// The table for a terminal; accuracies and differences as fractions.
  package var text: String {
    TextTable.aligned(
      header: Self.columns,
      rows: lines.map { line in
        let interval = line.difference?.interval()
        func cell(_ value: Double?, _ digits: Int = 4) -> String { value.map { $0.fixed(digits: digits) } ?? "-" }
        return [
          line.strategy.rawValue, line.requested, "\(line.accuracy.count)", cell(line.searchLoss),
          cell(line.testLoss), cell(line.validation), cell(line.accuracy.mean),
          cell(line.accuracy.deviation), cell(line.difference?.mean), cell(interval?.lowerBound),
          cell(interval?.upperBound), cell(line.adjusted), cell(line.wilcoxon), line.isSignificant ? "*" : "",
        ]
      })
  }
}
