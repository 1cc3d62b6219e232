internal import Digests
internal import Models
package import Pruning
internal import Search
package import Studies

/// One line of the comparison on `test`: a strategy at its exact size, with what it gained and cost.
package struct ComparisonRow: Hashable, Sendable {
  package let strategy: Strategy
  /// The size that was asked for.
  package let requested: RequestedSize
  /// Top-1 accuracy on the test slice of the dense network, or of the largest one where architectures are searched.
  package let accuracyBefore: Double
  /// Top-1 accuracy under the mask on the test slice.
  package let accuracyAfter: Double
  /// The scores behind it, and the same on the slices that no comparison is about.
  package let scores: SliceScores
  package let metrics: SizeMetrics
  /// Distinct evaluations that its account asked for.
  package let evaluations: Int
  /// Processor seconds of the workers, for its account's own jobs.
  package let cpuSeconds: Double
}

/// What a network scores on each slice that it is judged on, as means over draws.
package struct SliceScores: Hashable, Sendable {
  package let test: Score
  /// Nil in runs that ended before such judgements were made.
  package let search: Score?
  package let validation: Score?
}

/// The comparison that a run ends with.
package struct ComparisonTable: Hashable, Sendable {
  package let rows: [ComparisonRow]
  package let testSamples: Int
  /// The search with the best fitness on `validation`: the one to speak of, whatever the others have on `test`. Nil with
  /// fewer than two of them, and for fronts.
  package let chosen: Strategy?

  /// The rows of a finished run.
  ///
  /// - Parameters:
  ///   - evaluations: distinct evaluations by account.
  ///   - cpuSeconds: processor seconds by account.
  /// - Returns: nil if a test outcome is missing.
  package init?(
    _ study: Study, contestants: [Contestant], outcome: (Job) -> Outcome?, evaluations: [Strategy: Int],
    cpuSeconds: [Strategy: Double]
  ) {
    var scores: [SliceScores] = []
    for contestant in contestants {
      guard let test = Self.mean(contestant.jobs, outcome) else { return nil }
      scores.append(
        SliceScores(
          test: test, search: Self.mean(contestant.searchJobs, outcome),
          validation: Self.mean(contestant.validationJobs, outcome)))
    }
    guard let dense = contestants.firstIndex(where: { [.dense, .largest].contains($0.strategy) }) else { return nil }
    let before = scores[dense].test.accuracy
    rows = zip(contestants, scores).map { contestant, scores in
      ComparisonRow(
        strategy: contestant.strategy, requested: contestant.requested, accuracyBefore: before,
        accuracyAfter: scores.test.accuracy, scores: scores,
        metrics: contestant.metrics, evaluations: evaluations[contestant.account] ?? 0,
        cpuSeconds: cpuSeconds[contestant.account] ?? 0)
    }
    if case .test(let job)? = contestants[dense].jobs.first { testSamples = job.sampleCount } else { testSamples = 0 }
    chosen = Self.chosen(of: rows.filter { row in study.searches.contains { $0.strategy == row.strategy } }, study)
  }

  /// The mean score of a contestant's jobs on one slice; nil where an outcome is missing.
  private static func mean(_ jobs: [Job], _ outcome: (Job) -> Outcome?) -> Score? {
    var draws: [Score] = []
    for job in jobs {
      switch outcome(job) {
      case .tested(let test): draws.append(test.score)
      case .evaluated(let score): draws.append(score)
      default: return nil
      }
    }
    return .mean(draws)
  }

  private static func chosen(of rows: [ComparisonRow], _ study: Study) -> Strategy? {
    let judged = rows.compactMap { row -> (Strategy, Fitness)? in
      guard let score = row.scores.validation else { return nil }
      let figures = Figures(
        score: score, sizeNonzero: row.metrics.sizeNonzero, flopsNonzero: row.metrics.flopsNonzero)
      return (row.strategy, study.objective.fitness(figures))
    }
    guard judged.count == rows.count, rows.count >= 2 else { return nil }
    // Of equals the first.
    return judged.reduce(judged[0]) { $1.1 > $0.1 ? $1 : $0 }.0
  }

  /// The field's column names.
  package static let columns = [
    "strategy", "compression", "size", "size_nz", "real_compression", "theoretical_speedup", "dense_acc1", "post_acc1",
    "evaluations", "cpu_seconds",
  ]

  /// The cells of each row, as text in the order of ``columns``.
  package var cells: [[String]] {
    rows.map { row in
      [
        row.strategy.rawValue, row.requested.text,
        "\(row.metrics.size)", "\(row.metrics.sizeNonzero)", row.metrics.realCompression.fixed(digits: 3),
        row.metrics.theoreticalSpeedup.fixed(digits: 3), row.accuracyBefore.fixed(digits: 4),
        row.accuracyAfter.fixed(digits: 4), "\(row.evaluations)", row.cpuSeconds.fixed(digits: 2),
      ]
    }
  }

  /// The table for a terminal: text to the left, numbers to the right.
  package var text: String { TextTable.aligned(header: Self.columns, rows: cells) }

  /// What each line has on the slice that decided fitness, on `validation` and on `test`: how far masks fit by chance.
  package var sliceText: String {
    TextTable.aligned(
      header: ["strategy", "search_acc1", "val_acc1", "post_acc1", "search_loss", "val_loss", "post_loss"],
      rows: rows.map { row in
        let scores = [row.scores.search, row.scores.validation, row.scores.test]
        return [row.strategy.rawValue] + scores.map { $0?.accuracy.fixed(digits: 4) ?? "-" }
          + scores.map { $0?.loss.fixed(digits: 4) ?? "-" }
      })
  }
}

extension RequestedSize {
  /// For headings: `32×`, `21.5 % left`.
  package var words: String {
    switch self {
    case .compression(let compression): "\(compression.short)×"
    case .remaining(let share): "\((100 * share).fixed(digits: 1)) % left"
    case .whole, .range, .architecture, .pattern: text
    }
  }

  /// As the study file asks for it: `1` for the dense network, `10.0`, `5-50`, `2:4`.
  package var text: String {
    switch self {
    case .whole: "1"
    case .compression(let compression): compression.fixed(digits: 1)
    case .range(let range): "\(range.lowerBound.short)-\(range.upperBound.short)"
    case .architecture: "-"
    case .pattern(let kept, let group): "\(kept):\(group)"
    case .remaining(let share): "\((100 * share).fixed(digits: 1))%"
    }
  }
}
