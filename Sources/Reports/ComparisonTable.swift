internal import Digests
internal import Models
package import Pruning
package import Studies

/// One line of the comparison on `test`: a strategy at its exact size, with what it gained and cost.
package struct ComparisonRow: Hashable, Sendable {
  package let strategy: Strategy
  /// The compression that was asked for.
  package let compression: Double
  /// Top-1 accuracy on the test slice of the dense network, or of the largest one where architectures are searched.
  package let accuracyBefore: Double
  /// Top-1 accuracy under the mask on the test slice.
  package let accuracyAfter: Double
  package let metrics: SizeMetrics
  /// Distinct candidates that the strategy asked for.
  package let evaluations: Int
  /// Processor seconds of the workers, for the strategy's own jobs.
  package let cpuSeconds: Double
}

/// The comparison that a run ends with.
package struct ComparisonTable: Hashable, Sendable {
  package let rows: [ComparisonRow]
  package let testSamples: Int

  /// The rows of a finished run.
  ///
  /// - Parameters:
  ///   - evaluations: distinct candidates by strategy.
  ///   - cpuSeconds: processor seconds by strategy.
  /// - Returns: nil if a test outcome is missing.
  package init?(
    contestants: [Contestant], outcome: (Job) -> Outcome?, evaluations: [Strategy: Int],
    cpuSeconds: [Strategy: Double]
  ) {
    var scores: [Score] = []
    for contestant in contestants {
      var draws: [Score] = []
      for job in contestant.jobs {
        guard case .tested(let test) = outcome(job) else { return nil }
        draws.append(test.score)
      }
      scores.append(.mean(draws))
    }
    guard let dense = contestants.firstIndex(where: { [.dense, .largest].contains($0.strategy) }) else { return nil }
    let before = scores[dense].accuracy
    rows = zip(contestants, scores).map { contestant, score in
      ComparisonRow(
        strategy: contestant.strategy, compression: contestant.compression, accuracyBefore: before,
        accuracyAfter: score.accuracy,
        metrics: contestant.metrics, evaluations: evaluations[contestant.strategy] ?? 0,
        cpuSeconds: cpuSeconds[contestant.strategy] ?? 0)
    }
    if case .exact(_, let count, _) = scores[dense] { testSamples = count } else { testSamples = 0 }
  }

  /// The field's column names.
  package static let columns = [
    "strategy", "compression", "size", "size_nz", "real_compression", "theoretical_speedup", "pre_acc1", "post_acc1",
    "evaluations", "cpu_seconds",
  ]

  /// The cells of each row, as text in the order of ``columns``.
  package var cells: [[String]] {
    rows.map { row in
      [
        row.strategy.rawValue, row.strategy == .dense ? "1" : row.compression.fixed(digits: 1),
        "\(row.metrics.size)", "\(row.metrics.sizeNonzero)", row.metrics.realCompression.fixed(digits: 3),
        row.metrics.theoreticalSpeedup.fixed(digits: 3), row.accuracyBefore.fixed(digits: 4),
        row.accuracyAfter.fixed(digits: 4), "\(row.evaluations)", row.cpuSeconds.fixed(digits: 2),
      ]
    }
  }

  /// The table for a terminal: text to the left, numbers to the right.
  package var text: String { TextTable.aligned(header: Self.columns, rows: cells) }
}
