package import Pruning
package import Randomness

extension MaskSpace {
  /// A mask of a larger size brought to this one: of what it keeps the highest scores stay, and each layer's floor.
  ///
  /// What belongs here already is left as it is. A mask of a smaller size gets the highest scores of the rest.
  ///
  /// - Precondition: the mask has as many bits as the space has units.
  /// - Complexity: linear in the number of units; O(n log n) under a cap.
  package func cut(_ mask: Mask) -> Mask {
    precondition(mask.count == count)
    guard !contains(mask) else { return mask }
    let scores = tables.magnitudes
    // Scores are at least 0, so removed units are below all kept ones, in their own order.
    return selected(
      scores.indices.map { unit in
        let score = min(scores[unit], .greatestFiniteMagnitude)
        return mask[unit] ? score : score / (1 + score) - 2
      })
  }

  /// A changed copy, with the amount of change drawn log-uniformly from a range.
  ///
  /// - Precondition: the mask belongs to the space.
  package func mutation(
    _ kind: Mutation, of mask: Mask, amounts: ClosedRange<Double>, stream: inout RandomStream
  ) -> Mask {
    let amount = Draws.logUniform(amounts, stream: &stream)
    return mutation(kind, of: mask, amount: amount, stream: &stream)
  }
}
