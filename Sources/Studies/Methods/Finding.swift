package import Digests
package import Models
package import Pruning

/// Where a network stands in a study of methods.
package struct FindingPlace: Hashable, Sendable {
  /// Places of the subject and the procedure in the study.
  package let subject: Int
  package let procedure: Int
  /// Counted from 0.
  package let replicate: Int
  /// Rounds of pruning behind it; 0 for a dense network.
  package let level: Int

  package init(subject: Int, procedure: Int, replicate: Int, level: Int) {
    self.subject = subject
    self.procedure = procedure
    self.replicate = replicate
    self.level = level
  }
}

/// A network that a procedure of a study of methods made.
package struct Finding: Hashable, Sendable {
  package let place: FindingPlace
  package let strategy: Strategy
  /// Whether it is what the procedure is for, and not on the way there.
  package let isResult: Bool
  package let requested: RequestedSize
  /// Over weights; nil for all of them.
  package let mask: Mask?
  /// The weights as they were pruned, before any retraining; nil for dense networks.
  package let pruned: Digest?
  package let parameters: Digest
  /// The training that they come from.
  package let recipe: TrainingRecipe
  package let metrics: SizeMetrics
  /// On `validation`.
  package let validation: Score
  /// The scores on `validation` in the course of its training, by step; empty where nobody looked.
  package let curve: [CurvePoint]
  /// What the dense network's layers bear, where the procedure asked; of its first round alone.
  package var scan: SensitivityScan?
  /// What was trained, where it is not the subject's network.
  package var network: NetworkDescription?
  /// What was seen on the way, where networks grow.
  package var growth: GrowthCourse?
  /// The step with the lowest loss of ``curve``: the early-stopping iteration.
  package var bestStep: Int? { curve.filter(\.isBest).last?.step }

  /// The line of `sentei history`, that the history digest is taken over.
  package func line(_ name: String) -> String {
    let fitness = validation.words
    let best = bestStep.map { " best_step=\($0)" } ?? ""
    let grown = network.map { " network=\($0.digest.hex.prefix(12))" } ?? ""
    // Last: a genome has spaces.
    let genome = growth?.lineage.last.map { " lineage=\(growth!.lineageDigest.short) genome=\($0.genome.words)" } ?? ""
    return
      "\(name) \(mask?.digest.hex ?? "-") \(fitness) \(parameters.hex) size_nz=\(metrics.sizeNonzero)\(best)\(grown)\(genome)"
  }
}

/// A judgement in the course of a training.
package struct CurvePoint: Hashable, Sendable {
  /// Optimizer steps done.
  package let step: Int
  package let score: Score
  /// Whether its loss was the lowest until then.
  package let isBest: Bool
}

extension Score {
  /// Accuracy and loss, for one line.
  fileprivate var words: String {
    switch self {
    case .exact(let correct, let count, let loss): "\(correct)/\(count),\(loss)"
    case .nonfinite: "nonfinite"
    }
  }
}
