package import Models
package import Randomness

/// Masks from scores of single weights: the baselines that every search must pass.
package enum ScorePruning {
  /// Keeps the `budget` highest scores of the whole network; of equal scores the lower position is kept.
  ///
  /// - Complexity: O(n) on average.
  package static func global(scores: [Float], budget: Budget) -> Mask {
    Mask(count: scores.count, keeping: TopSelection.positions(budget.kept, of: scores, in: scores.indices))
  }

  /// Keeps the same fraction of each tensor; what rounding leaves over goes to the largest remainders, so that the
  /// total is exact.
  package static func perLayer(scores: [Float], budget: Budget, layout: ParameterLayout) -> Mask {
    let ranges = layout.prunable.compactMap(\.maskRange)
    var mask = Mask(count: scores.count)
    for (range, kept) in zip(ranges, Apportionment.shares(of: budget.kept, sizes: ranges.map(\.count))) {
      for position in TopSelection.positions(kept, of: scores, in: range) { mask[position] = true }
    }
    return mask
  }

  /// A mask of exactly `budget` weights, each set of positions equally likely (ShrinkBench's RandomPruning).
  package static func random(count: Int, budget: Budget, stream: inout RandomStream) -> Mask {
    Mask(count: count, keeping: stream.choose(budget.kept, of: count))
  }
}
