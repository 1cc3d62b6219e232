internal import Pruning
package import Studies

/// Results as means over their seeds: a line for each network, strategy and size.
package struct ResultSummary: Hashable, Sendable {
  package struct Line: Hashable, Sendable {
    package let subject: String
    package let strategy: Strategy
    /// The strategy; of rows of several studies with the study's name, since these may train in other ways.
    package let label: String
    package let requested: RequestedSize
    /// Different seeds: as often was it repeated.
    package let seeds: Int
    package let sizeNonzero: Spread
    package let realCompression: Spread
    package let theoreticalSpeedup: Spread
    /// The share of the weights that can be pruned which is left.
    package let remaining: Spread
    /// Top-1 accuracies on `test`: of the dense network, as pruned and as it is.
    package let dense: Spread
    package let pruned: Spread?
    package let after: Spread
    /// Top-5 accuracy on `test`.
    package let after5: Spread
    /// Top-1 accuracy on samples of `train`, and how much higher it is than that on `test`, in percentage points; nil where
    /// nobody looked.
    package let train: Spread?
    package let gap: Spread?
    /// The early-stopping iteration; nil where nobody looked.
    package let bestStep: Spread?
    /// Accuracy, and early-stopping iteration, less those of the dense network of the same run and seed; nil for dense
    /// networks and where nobody looked.
    package let toDense: PairedDifference?
    package let stepToDense: PairedDifference?
    /// What it is compared with; nil for a reference itself, and for dense networks.
    package let reference: Strategy?
    /// Accuracy, and early-stopping iteration, less those of the reference in the same run and seed at the same size;
    /// nil where it has no such size.
    package let difference: PairedDifference?
    package let stepDifference: PairedDifference?
    package let cpuSeconds: Double
  }

  package let lines: [Line]
  /// What networks that grew came to on the way, by subject.
  let growth: [String: GrowthSummary]
  /// What lines are compared with, in the order of the lines.
  package let references: [Strategy]
  /// Whether tables have top-5 accuracies: they say little where there are few classes.
  let showsTop5: Bool

  /// - Parameters:
  ///   - reference: what all others are compared with, pair by pair; nil: ``Strategy/usualReference``, each its own.
  ///   - top5: whether tables have top-5 accuracies; nil: of data with more than ten classes.
  package init(_ rows: [ResultRow], reference: Strategy? = nil, top5: Bool? = nil) {
    let results = rows.filter(\.isResult)
    let groups = Groups(results)
    let order = groups.order
    func family(_ value: (Key, ResultRow) -> Double?) -> [PairedDifference?] {
      PairedDifference.family(
        order.map { key in
          groups.rows[key]!.compactMap { row in
            value(key, row).map { PairedDifference.Pair(seed: row.seed, value: $0) }
          }
        })
    }
    let rivals = order.map { key -> Strategy? in
      let name = key.strategy.isDense ? nil : reference ?? key.strategy.usualReference
      // Lines have differences to the dense network anyway.
      return name == key.strategy || name?.isDense ?? true ? nil : name
    }
    let rivalOf = Dictionary(uniqueKeysWithValues: zip(order, rivals))
    func rival(_ key: Key, _ row: ResultRow) -> ResultRow? {
      rivalOf[key]!.flatMap { groups.row(key.of($0), beside: row) }
    }
    let toDense = family { key, row in key.strategy.isDense ? nil : row.after.accuracy - row.dense.accuracy }
    let stepToDense = family { key, row in
      key.strategy.isDense ? nil : Self.steps(row, less: groups.dense(beside: row))
    }
    let differences = family { key, row in rival(key, row).map { row.after.accuracy - $0.after.accuracy } }
    let stepDifferences = family { key, row in Self.steps(row, less: rival(key, row)) }
    let isOfSeveral = Set(results.map(\.study)).count > 1
    lines = order.enumerated().map { index, key in
      let rows = groups.rows[key]!
      let pruned = rows.compactMap { $0.pruned?.accuracy }
      let steps = rows.compactMap(\.bestStep)
      let train = rows.compactMap { $0.train?.accuracy }
      let gaps = rows.compactMap(\.gap)
      return Line(
        subject: key.subject, strategy: key.strategy,
        label: isOfSeveral ? "\(key.strategy) (\(key.study))" : key.strategy.rawValue, requested: key.requested,
        seeds: Set(rows.map(\.seed)).count,
        sizeNonzero: Spread(rows.map { Double($0.metrics.sizeNonzero) }),
        realCompression: Spread(rows.map(\.metrics.realCompression)),
        theoreticalSpeedup: Spread(rows.map(\.metrics.theoreticalSpeedup)), remaining: Spread(rows.map(\.remaining)),
        dense: Spread(rows.map(\.dense.accuracy)), pruned: pruned.isEmpty ? nil : Spread(pruned),
        after: Spread(rows.map(\.after.accuracy)), after5: Spread(rows.map(\.after.accuracy5)),
        train: train.isEmpty ? nil : Spread(train), gap: gaps.isEmpty ? nil : Spread(gaps),
        bestStep: steps.isEmpty ? nil : Spread(steps.map { Double($0) }), toDense: toDense[index],
        stepToDense: stepToDense[index], reference: rivals[index], difference: differences[index],
        stepDifference: stepDifferences[index], cpuSeconds: rows.reduce(0) { $0 + $1.cpuSeconds })
    }
    growth = Dictionary(grouping: results, by: \.subject).compactMapValues(GrowthSummary.init)
    references = rivals.compactMap { $0 }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    showsTop5 = top5 ?? results.contains { $0.classes > 10 }
  }

  private static func steps(_ row: ResultRow, less other: ResultRow?) -> Double? {
    guard let own = row.bestStep, let others = other?.bestStep else { return nil }
    return Double(own - others)
  }

  /// The networks with their data, in order.
  package var subjects: [String] {
    var out: [String] = []
    for line in lines where !out.contains(line.subject) { out.append(line.subject) }
    return out
  }

  /// The most repetitions that a line has.
  package var repetitions: Int { lines.map(\.seeds).max() ?? 0 }
}

extension ResultSummary {
  /// What the rows of one line have in common.
  fileprivate struct Key: Hashable {
    let study: String
    let subject: String
    let strategy: Strategy
    let requested: RequestedSize

    func of(_ other: Strategy) -> Key { Key(study: study, subject: subject, strategy: other, requested: requested) }
  }

  /// Rows by their lines, and by what they are paired with.
  private struct Groups {
    private struct Place: Hashable {
      let key: Key
      let run: String
      let seed: UInt64
    }

    private struct Repetition: Hashable {
      let study: String
      let subject: String
      let run: String
      let seed: UInt64

      init(_ row: ResultRow) { (study, subject, run, seed) = (row.study, row.subject, row.run, row.seed) }
    }

    private(set) var order: [Key] = []
    private(set) var rows: [Key: [ResultRow]] = [:]
    private var places: [Place: ResultRow] = [:]
    private var dense: [Repetition: ResultRow] = [:]

    init(_ results: [ResultRow]) {
      for row in results {
        let key = Key(study: row.study, subject: row.subject, strategy: row.strategy, requested: row.requested)
        if rows[key] == nil { order.append(key) }
        rows[key, default: []].append(row)
        places[Place(key: key, run: row.run, seed: row.seed)] = row
        if row.strategy.isDense { dense[Repetition(row)] = row }
      }
    }

    /// A line's row of the same run and seed.
    func row(_ key: Key, beside row: ResultRow) -> ResultRow? { places[Place(key: key, run: row.run, seed: row.seed)] }

    func dense(beside row: ResultRow) -> ResultRow? { dense[Repetition(row)] }
  }
}

extension ResultRow {
  /// The share of the weights that can be pruned which is left.
  fileprivate var remaining: Double {
    let (kept, size) = layers.reduce((0, 0)) { ($0.0 + $1.kept, $0.1 + $1.size) }
    return Double(kept) / Double(max(size, 1))
  }
}

extension TestScore {
  package var accuracy: Double { score.accuracy }
}
