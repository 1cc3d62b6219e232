internal import Digests
internal import Models
package import Pruning
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
  package let metrics: SizeMetrics
  /// Distinct evaluations that its account asked for.
  package let evaluations: Int
  /// Processor seconds of the workers, for its account's own jobs.
  package let cpuSeconds: Double
}

/// The comparison that a run ends with.
package struct ComparisonTable: Hashable, Sendable {
  package let rows: [ComparisonRow]
  package let testSamples: Int

  /// The rows of a finished run.
  ///
  /// - Parameters:
  ///   - evaluations: distinct evaluations by account.
  ///   - cpuSeconds: processor seconds by account.
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
        strategy: contestant.strategy, requested: contestant.requested, accuracyBefore: before,
        accuracyAfter: score.accuracy,
        metrics: contestant.metrics, evaluations: evaluations[contestant.account] ?? 0,
        cpuSeconds: cpuSeconds[contestant.account] ?? 0)
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
        row.strategy.rawValue, row.requested.text,
        "\(row.metrics.size)", "\(row.metrics.sizeNonzero)", row.metrics.realCompression.fixed(digits: 3),
        row.metrics.theoreticalSpeedup.fixed(digits: 3), row.accuracyBefore.fixed(digits: 4),
        row.accuracyAfter.fixed(digits: 4), "\(row.evaluations)", row.cpuSeconds.fixed(digits: 2),
      ]
    }
  }

  /// The table for a terminal: text to the left, numbers to the right.
  package var text: String { TextTable.aligned(header: Self.columns, rows: cells) }
}

extension RequestedSize {
  /// As the study file asks for it: `1` for the dense network, `10.0`, `5-50`, `2:4`.
  var text: String {
    switch self {
    case .whole: "1"
    case .compression(let compression): compression.fixed(digits: 1)
    case .range(let range): "\(range.lowerBound.short)-\(range.upperBound.short)"
    case .architecture: "-"
    case .pattern(let kept, let group): "\(kept):\(group)"
    }
  }
}
