internal import Digests
internal import Models
internal import Pruning
internal import Search

/// Weights that come back.
extension Branch {
  /// The compression of the whole network at which a mask over units has lost a share of what it keeps; what is never
  /// pruned stays.
  func compression(of mask: Mask, without share: Double) -> Double {
    let units = units
    let fixed = units.metrics(of: Mask(count: units.count)).sizeNonzero
    let metrics = units.metrics(of: mask)
    // Of each layer one stays at least.
    let left = max(units.layers.count, Int(((1 - share) * Double(metrics.sizeNonzero - fixed)).rounded()))
    return Double(metrics.size) / Double(fixed + left)
  }

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
      // What has just gone comes back where nothing else is left; what stays stands below all.
      let gradients = (0..<units.count).map { before[$0] ? (rest[$0] ? -2 : -1) : values[0][places[$0]] }
      var mask = rest
      for range in reach == .global ? [0..<units.count] : units.layers.map(\.range) {
        let removed = before.population(in: range) - rest.population(in: range)
        for unit in TopSelection.positions(removed, of: gradients, in: range) { mask[unit] = true }
      }
      return mask
    }
  }
}
