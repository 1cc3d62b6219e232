internal import Digests
internal import Elementary

/// What decides which weights a method removes.
package enum PruningCriterion: String, Hashable, Sendable, CaseIterable {
  case random
  /// |w|.
  case magnitude
  /// |w| / σ, σ the standard deviation of the layer's weights: one quality parameter for all layers (Han 2015).
  case deviation
  /// |w| / (q · σ), q the quality parameter that the layer bears by a scan (Han 2015).
  case sensitivity
  /// |w · ∂L/∂w|.
  case gradient
  /// |w| · ‖x‖₂, x what the weight is multiplied with.
  case activation
  /// ½ · w² · mean (∂Lᵢ/∂w)², by the gradients of single samples.
  case fisher
  /// ½ · w² · h, h on the diagonal of the loss's Gauss–Newton matrix (optimal brain damage).
  case damage
  /// w² / (2 · [F⁻¹]ₖₖ), F the Fisher matrix in blocks (optimal brain surgeon).
  case surgeon
  /// |w · ∂L/∂w| of fresh weights, before any training (SNIP).
  case snip

  /// Whether it is for the network as a whole alone: within layers it would be random, or by magnitude.
  package var isGlobal: Bool { [.random, .deviation, .sensitivity].contains(self) }
}

/// Over what the lowest scores are looked for.
package enum PruningReach: String, Hashable, Sendable, CaseIterable {
  /// Every layer keeps the same share.
  case layer
  case global
}

/// In how many rounds of pruning and retraining a compression is come to.
package enum PruningSchedule: Hashable, Sendable {
  case oneShot
  /// Each round removes the same share of what is left.
  case iterative(rounds: Int)
  /// Much at first, little at the end: a sparsity of s · (1 − (1 − i/n)³) behind round i of n.
  ///
  /// Source: Zhu, Gupta, "To prune, or not to prune", 2017.
  case cubic(rounds: Int)
  /// To the compression at once; then in each other round this share of what is left goes, by the criterion, and as much
  /// comes back from what was removed, where the loss has the largest gradients, beginning from 0.
  ///
  /// Source: Evci, Gale, Menick, Castro, Elsen, "Rigging the lottery: making all tickets winners", ICML 2020, section 3.
  case regrowing(rounds: Int, share: Double)

  /// Whether weights come back.
  package var isRegrowing: Bool { if case .regrowing = self { true } else { false } }

  /// The compressions behind the rounds; the last one is `target` itself.
  package func compressions(to target: Double) -> [Double] {
    switch self {
    case .oneShot: return [target]
    case .iterative(let rounds):
      let logarithm = Elementary.log(target)
      return (1..<rounds).map { Elementary.exp(logarithm * Double($0) / Double(rounds)) } + [target]
    case .cubic(let rounds):
      let sparsity = 1 - 1 / target
      return (1..<rounds).map { round in
        let open = 1 - Double(round) / Double(rounds)
        return 1 / (1 - sparsity * (1 - open * open * open))
      } + [target]
    case .regrowing(let rounds, _): return Array(repeating: target, count: rounds)
    }
  }

  func append(to bytes: inout CanonicalBytes) {
    switch self {
    case .oneShot: bytes.append(0)
    case .iterative(let rounds):
      bytes.append(1)
      bytes.append(rounds)
    case .cubic(let rounds):
      bytes.append(2)
      bytes.append(rounds)
    case .regrowing(let rounds, let share):
      bytes.append(3)
      bytes.append(rounds)
      bytes.append(share)
    }
  }
}

/// A way to prune without a search: what goes, from where, in how many rounds.
package struct PruningMethod: Hashable, Sendable {
  package var criterion: PruningCriterion
  package var reach: PruningReach
  package var schedule: PruningSchedule
  /// Whether what is left makes up for what goes, in front of the retraining (optimal brain surgeon).
  package var compensates: Bool

  package init(
    _ criterion: PruningCriterion, _ reach: PruningReach, schedule: PruningSchedule = .oneShot,
    compensates: Bool = false
  ) {
    self.criterion = criterion
    self.reach = reach
    self.schedule = schedule
    self.compensates = compensates
  }

  /// Its name in reports: ShrinkBench's where it has one.
  package var strategy: Strategy {
    func named(_ name: String) -> String { (reach == .global ? "Global" : "Layer") + name }
    var name =
      switch criterion {
      case .random: Strategy.randomPruning.rawValue
      case .magnitude: (reach == .global ? Strategy.globalMagnitude : .layerMagnitude).rawValue
      case .deviation: "MagDeviation"
      case .sensitivity: "MagSensitivity"
      case .gradient: (reach == .global ? Strategy.globalGradient : .layerGradient).rawValue
      case .activation: named("MagActivation")
      case .fisher: named("Fisher")
      case .damage: named("OBD")
      case .surgeon: named("OBS")
      case .snip: reach == .global ? "SNIP" : "LayerSNIP"
      }
    if compensates { name += "/compensated" }
    return switch schedule {
    case .oneShot: Strategy(name)
    case .iterative(let rounds): Strategy("\(name)/iterative-\(rounds)")
    case .cubic(let rounds): Strategy("\(name)/AGP-\(rounds)")
    case .regrowing(let rounds, _): Strategy("\(name)/regrow-\(rounds)")
    }
  }

  func append(to bytes: inout CanonicalBytes) {
    bytes.append(criterion.rawValue + (compensates ? "/compensated" : ""))
    bytes.append(reach.rawValue)
    schedule.append(to: &bytes)
  }
}
