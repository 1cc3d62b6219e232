internal import Digests
internal import Models
internal import Pruning
internal import Search

/// Weights that come back.
extension Branch {
  /// A mask with as many units as before: what is left of them, and those outside with the largest gradients.
  ///
  /// - Parameters:
  ///   - before: over units that are single weights; zeros are the values of all others.
  ///   - rest: what of them stays.
  ///   - reach: whether each layer gets back as many as it lost, or all together.
  func regrown(
    _ desk: inout Desk, _ splits: Splits, _ weights: Digest, from before: Mask, to rest: Mask, _ reach: PruningReach
  ) throws(Desk.Pause) -> Mask {
    let blob = try scores(&desk, splits, weights, units.weightMask(before), .gradientMagnitude)
    let (units, layout) = (units, layout)
    return try desk.mask(from: [blob]) { values throws(StudyFailure) in
      guard values[0].count == layout.prunableCount else {
        throw StudyFailure("the stored values \(blob) are not of this network")
      }
      // Units are the weights that may go, in their order.
      let places = units.weightMask(Mask(count: units.count)).inverted.keptPositions
      // Below all gradients: what was there, whether it goes or stays.
      let gradients = (0..<units.count).map { before[$0] ? -1 : values[0][places[$0]] }
      var mask = rest
      for range in reach == .global ? [0..<units.count] : units.layers.map(\.range) {
        let removed = before.population(in: range) - rest.population(in: range)
        let free = range.count - before.population(in: range)
        for unit in TopSelection.positions(min(removed, free), of: gradients, in: range) { mask[unit] = true }
      }
      return mask
    }
  }
}
