package import Models

/// A budget that no mask can meet.
package struct BudgetError: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String

  package init(description: String) { self.description = description }
}

/// How many prunable weights every candidate keeps: one exact number.
package struct Budget: Hashable, Sendable {
  package let kept: Int

  /// The budget that brings the whole network, biases and unpruned layers included, nearest below `compression`.
  ///
  /// size_nz = ⌊size / compression⌋, so `real_compression` is never less than the requested one.
  ///
  /// - Throws: ``BudgetError`` for a compression not above 1 or one that leaves not a weight for each prunable tensor.
  package init(compression: Double, layout: ParameterLayout) throws(BudgetError) {
    guard compression.isFinite, compression > 1 else {
      throw BudgetError(description: "compression must be above 1, found \(compression)")
    }
    let unprunable = layout.trainableCount - layout.prunableCount
    let kept = Int((Double(layout.trainableCount) / compression).rounded(.down)) - unprunable
    try self.init(kept: kept, layout: layout, asked: "compression \(compression)")
  }

  /// A budget of exactly `kept` units, whatever they are.
  package init(exactly kept: Int) {
    precondition(kept >= 0)
    self.kept = kept
  }

  /// A budget of exactly `kept` weights.
  ///
  /// - Throws: ``BudgetError`` if it is larger than the network or below one weight a prunable tensor.
  package init(kept: Int, layout: ParameterLayout) throws(BudgetError) {
    try self.init(kept: kept, layout: layout, asked: "kept_weights \(kept)")
  }

  private init(kept: Int, layout: ParameterLayout, asked: String) throws(BudgetError) {
    guard kept <= layout.prunableCount else {
      throw BudgetError(
        description: "\(asked): \(kept) weights to keep, but the network has only \(layout.prunableCount) prunable ones"
      )
    }
    guard kept >= max(layout.prunable.count, 1) else {
      let fixed = layout.trainableCount - layout.prunableCount
      throw BudgetError(
        description:
          "\(asked): of \(layout.trainableCount) parameters \(fixed) are never pruned (biases, the classifier), which leaves "
          + "\(max(kept, 0)) weights for \(layout.prunable.count) layers; ask for less compression")
    }
    self.kept = kept
  }
}
