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
    /// Top-1 accuracies on `test`: dense, as pruned, as it is.
    package let dense: Spread
    package let pruned: Spread?
    package let after: Spread
    /// The early-stopping iteration; nil where nobody looked.
    package let bestStep: Spread?
    /// Accuracy less that of the reference, in the same run and seed at the same size; nil for the reference itself, and
    /// where it has no such size.
    package let difference: Spread?
    /// The t test's probability after Holm's correction over all lines, and Wilcoxon's.
    package let adjusted: Double?
    package let wilcoxon: Double?
    package let cpuSeconds: Double

    /// Whether the difference is one that may be called significant: ten seeds at least, and 5 % after the correction.
    package var isSignificant: Bool { min(seeds, difference?.count ?? 0) >= 10 && (adjusted ?? 1) < 0.05 }
  }

  package let lines: [Line]
  package let reference: Strategy

  /// - Parameter reference: what the others are compared with, pair by pair; nil: global magnitude, or where there is none
  ///   a winning ticket.
  package init(_ rows: [ResultRow], reference: Strategy? = nil) {
    struct Key: Hashable {
      let study: String
      let subject: String
      let strategy: Strategy
      let requested: RequestedSize
    }
    struct Place: Hashable {
      let key: Key
      let run: String
      let seed: UInt64
    }
    let results = rows.filter(\.isResult)
    let usual = [Strategy.globalMagnitude, Strategy("WinningTicket")]
    let reference = reference ?? usual.first { name in results.contains { $0.strategy == name } } ?? usual[0]
    self.reference = reference
    var order: [Key] = []
    var groups: [Key: [ResultRow]] = [:]
    var places: [Place: ResultRow] = [:]
    for row in results {
      let key = Key(study: row.study, subject: row.subject, strategy: row.strategy, requested: row.requested)
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(row)
      places[Place(key: key, run: row.run, seed: row.seed)] = row
    }
    let found = order.map { key -> [Double] in
      guard key.strategy != reference else { return [] }
      let rival = Key(study: key.study, subject: key.subject, strategy: reference, requested: key.requested)
      return groups[key]!.compactMap { row in
        places[Place(key: rival, run: row.run, seed: row.seed)].map { row.after.accuracy - $0.after.accuracy }
      }
    }
    let known = order.indices.filter { found[$0].count > 1 }
    let adjusted = Dictionary(
      uniqueKeysWithValues: zip(known, Holm.adjusted(known.map { Spread(found[$0]).probability! })))
    let isOfSeveral = Set(results.map(\.study)).count > 1
    lines = order.enumerated().map { index, key in
      let rows = groups[key]!
      let pruned = rows.compactMap { $0.pruned?.accuracy }
      let steps = rows.compactMap(\.bestStep)
      return Line(
        subject: key.subject, strategy: key.strategy,
        label: isOfSeveral ? "\(key.strategy) (\(key.study))" : key.strategy.rawValue, requested: key.requested,
        seeds: Set(rows.map(\.seed)).count,
        sizeNonzero: Spread(rows.map { Double($0.metrics.sizeNonzero) }),
        realCompression: Spread(rows.map(\.metrics.realCompression)),
        theoreticalSpeedup: Spread(rows.map(\.metrics.theoreticalSpeedup)), dense: Spread(rows.map(\.dense.accuracy)),
        pruned: pruned.isEmpty ? nil : Spread(pruned), after: Spread(rows.map(\.after.accuracy)),
        bestStep: steps.isEmpty ? nil : Spread(steps.map { Double($0) }),
        difference: found[index].isEmpty ? nil : Spread(found[index]), adjusted: adjusted[index],
        wilcoxon: found[index].count > 1 ? Wilcoxon.probability(found[index]) : nil,
        cpuSeconds: rows.reduce(0) { $0 + $1.cpuSeconds })
    }
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

extension TestScore {
  package var accuracy: Double { score.accuracy }
}
