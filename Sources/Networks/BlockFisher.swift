package import Models
package import Pruning

/// Pruning by second derivatives in which the kept weights make up for the removed ones: the optimal brain surgeon, by
/// blocks.
///
/// A change δ of the weights is taken to change the mean loss by ½ · δᵀFδ with
///
///     F = λI + 1/N · Σᵢ Σ_c s_c · g_c·g_cᵀ,   λ = damping · mean diagonal of the sums
///
/// where g_c is the gradient of sample i's loss if its class were c, taken as in ``WeightScores/fisher()``. Shares s of
/// 1 for the label alone make the damped empirical Fisher matrix. Those that the network predicts make the Gauss–Newton
/// matrix: better in our measurements, and as many times the work as there are classes. The first-order term counts as
/// 0, as at the end of training. Of F only blocks on the diagonal are looked at, each of consecutive weights of one
/// tensor. Biases and normalisation stay as they are.
///
/// A weight of 0 counts as removed before: its score is 0, and nothing brings it back.
///
/// Matrices are sums in `Double`, in the order of the samples. They are not kept: each call passes over the samples, so
/// often that the blocks of one pass fit in `memory`. The bits are those of one ``NumericsClass``.
///
/// Sources: Hassibi, Stork, "Second order derivatives for network pruning: optimal brain surgeon", NIPS 1992; Singh,
/// Alistarh, "WoodFisher: efficient second-order approximation for neural network compression", NeurIPS 2020, for the
/// blocks of the empirical Fisher matrix. Their damping is λ itself; but gradients become smaller by orders of
/// magnitude as a training goes on, and a part of them does not have to follow.
package struct BlockFisher: Sendable {
  private let weights: WeightScores
  private let losses: WeightScores.SampleLosses
  private let block: Int
  private let damping: Double
  private let memory: Int

  /// Weights of the largest block: 4 MiB of its matrix.
  package static let largestBlock = 1024

  /// - Parameters:
  ///   - samples: the first so many are looked at; nil: all.
  ///   - losses: of the labels for the empirical Fisher matrix, of predictions for the Gauss–Newton matrix.
  ///   - block: consecutive weights in a block, 1 to ``largestBlock``; the last of a tensor may have fewer.
  ///   - damping: λ as a part of the mean over all prunable weights but those of 0; if no gradient is left, λ itself.
  ///   - memory: bytes for blocks, or one block if that takes more; part of no result.
  /// - Throws: ``NetworkError`` if data or parameters do not belong to the network, there is no sample, the data have
  ///   targets, or block or damping are impossible.
  package init(
    network: NetworkDescription, scope: PruningScope, parameters: [Float], data: LabelledData, samples: Int? = nil,
    losses: WeightScores.SampleLosses = .labels, block: Int = 64, damping: Double = 0.1, memory: Int = 256 << 20,
    variant: KernelVariant = .best
  ) throws(NetworkError) {
    guard (1...Self.largestBlock).contains(block) else {
      throw NetworkError("blocks have 1 to \(Self.largestBlock) weights, found \(block)")
    }
    guard damping > 0, damping.isFinite else { throw NetworkError("damping is a number above 0, found \(damping)") }
    weights = try WeightScores(
      network: network, scope: scope, parameters: parameters, data: data, samples: samples, variant: variant)
    try weights.checkClasses()
    self.losses = losses
    self.block = block
    self.damping = damping
    self.memory = memory
  }

  /// w² / (2 · [F⁻¹]ₖₖ) of each prunable weight, in mask order: what its removal costs if the rest of its block makes
  /// up for it; nil if it is not finite.
  ///
  /// - Complexity: ``WeightScores/fisher()`` (or ``WeightScores/optimalBrainDamage()``) for λ and once more for each
  ///   `memory` bytes of matrices, 4 · `block` a weight; prunable weights × `block` × (gradients / 2 + `block` / 3).
  package func scores() -> [Float]? {
    var factors = [Double](repeating: 0, count: weights.layout.trainableCount)
    let isDone = forEachMatrix { block, matrix in
      guard let variances = matrix.inverseDiagonal() else { return false }
      for (index, variance) in zip(block.range, variances) {
        factors[index] = Double(weights.parameters[index]) / (2 * variance)
      }
      return true
    }
    return isDone ? weights.scores { factors[$0] } : nil
  }

  /// All parameters with the removed weights 0 and the kept ones of each block moved to where ½ · δᵀFδ is least; nil if
  /// one is not finite.
  ///
  /// That is δ = −F⁻¹E(EᵀF⁻¹E)⁻¹Eᵀw with a column of E for each removed weight, so for the kept weights K and the
  /// removed R the solution of F_KK · δ_K = F_KR · w_R, which is taken because it inverts nothing.
  ///
  /// A model of the loss nearby: where most weights go at once, it may lead kept ones astray, most where inputs do not
  /// correlate. More damping or several steps with new matrices help.
  ///
  /// - Precondition: the mask has a bit for each prunable weight of the scope.
  /// - Complexity: at most that of ``scores()``.
  package func compensated(keeping mask: Mask) -> [Float]? {
    precondition(mask.count == weights.layout.prunableCount)
    let old = weights.parameters
    var new = old
    let isDone = forEachMatrix { block, matrix in
      let first = block.range.lowerBound
      let kept = (0..<matrix.count).filter { mask[block.maskStart + $0] }
      let removed = (0..<matrix.count).filter { !mask[block.maskStart + $0] }
      var change = kept.map { row in removed.reduce(0.0) { $0 + matrix[row, $1] * Double(old[first + $1]) } }
      guard matrix.restricted(to: kept).solve(&change) else { return false }
      for offset in removed { new[first + offset] = 0 }
      for (offset, step) in zip(kept, change) { new[first + offset] = Float(Double(old[first + offset]) + step) }
      return true
    }
    return isDone && new.allSatisfy(\.isFinite) ? new : nil
  }

  /// Calls `body` with each block and its part of F, which it may destroy, until it says no.
  ///
  /// - Returns: false if it said no, or where the loss of a sample is not finite.
  private func forEachMatrix(_ body: (FisherBlock, PackedMatrix) -> Bool) -> Bool {
    guard let squares = weights.meanSquares(losses) else { return false }
    let moving = weights.layout.prunable.flatMap { $0.range.filter { weights.parameters[$0] != 0 } }
    let mean = moving.reduce(0) { $0 + squares[$1] } / Double(max(moving.count, 1))
    let lambda = damping * (mean > 0 ? mean : 1)
    for blocks in FisherBlock.spans(of: weights.layout, size: block, memory: memory) {
      let sums = FisherSums(blocks, weights.parameters)
      guard weights.forEachGradient(losses, sums.add) else { return false }
      sums.finish(samples: weights.count, lambda: lambda)
      for (number, block) in blocks.enumerated() {
        guard body(block, sums.matrix(number)) else { return false }
      }
    }
    return true
  }
}
