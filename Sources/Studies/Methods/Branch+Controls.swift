internal import Digests
internal import Models
internal import Pruning
internal import Randomness

/// What is trained beside a pruned network, with as many weights, to see what its mask and its weights are worth.
extension Branch {
  /// A network that a control made.
  struct Controlled {
    /// Over units.
    let mask: Mask
    let parameters: Digest
    let recipe: TrainingRecipe
    let curve: [CurvePoint]
  }

  /// Trains, or only resets, what a control puts in the place of a mask.
  ///
  /// Weights are trained as those that they stand beside: reset ones by the rest of the recipe, fresh ones by all of it.
  ///
  /// - Parameters:
  ///   - before: the weights that were pruned.
  ///   - mask: over units.
  ///   - kept: over units, what was left before the last round; nil: all.
  ///   - isUntrained: whether the weights were pruned before any training, which is then the whole recipe.
  ///   - key: what tells this draw from the others of the branch.
  func train(
    _ control: TicketControl, _ desk: inout Desk, _ splits: Splits, _ trained: TrainingChain, before: Digest,
    mask ticket: Mask, kept last: Mask? = nil, isUntrained: Bool = false, key: (UInt64, UInt64)
  ) throws(Desk.Pause) -> Controlled {
    let units = units
    let mask = try desk.mask(from: []) { _ throws(StudyFailure) in
      var stream = RandomStream(seed: seed, .randomPruning, key.0, key.1)
      return units.shuffled(ticket, control, &stream)
    }
    let kept = units.weightMask(mask)
    var fresh = RandomStream(seed: seed, .initialWeights, key.0, key.1)
    let otherSeed = fresh.next()
    func done(_ chain: TrainingChain) -> Controlled {
      Controlled(mask: mask, parameters: chain.result!, recipe: chain.plan.recipe, curve: chain.curve)
    }
    if control == .reinitialize { return done(try desk.train(reinitialized(kept, seed: otherSeed), splits)) }
    guard control.isUntrained || control.resetting(seed: otherSeed) != nil else {
      if isUntrained { return done(try desk.train(retraining(ofInitial: before, kept), splits)) }
      let target = Target(mask: mask, selected: mask, pruned: before)
      return done(try retrain(&desk, splits, trained, target, from: before, kept: last))
    }
    var weights: Digest
    let isWhole = isUntrained || subject.retraining.start == .finetune
    if isWhole { weights = try initialWeights(&desk, splits) } else { weights = try early(trained, splits) }
    if let rule = control.resetting(seed: otherSeed) {
      weights = try rewritten(&desk, splits, weights, kept, .resetting(rule))
    }
    guard !control.isUntrained else {
      var none = subject.training
      none.epochs = 0
      return Controlled(mask: mask, parameters: weights, recipe: none, curve: [])
    }
    return done(
      try desk.train(
        isWhole ? retraining(ofInitial: weights, kept) : resetTraining(of: weights, kept, splits), splits))
  }
}

extension Units {
  /// The mask that a control trains in the place of a ticket's.
  fileprivate func shuffled(_ ticket: Mask, _ control: TicketControl, _ stream: inout RandomStream) -> Mask {
    switch control {
    case .shuffle: return Mask(count: count, keeping: stream.choose(ticket.population, of: count))
    case .shuffleLayers:
      var mask = Mask(count: count)
      for layer in layers {
        let kept = stream.choose(ticket.population(in: layer.range), of: layer.range.count)
        for unit in kept { mask[layer.range.lowerBound + unit] = true }
      }
      return mask
    case .none, .reinitialize, .reinitializeKeepingSigns, .reshuffle, .reshuffleKeepingSigns, .constant,
      .constantKeepingSigns, .supermask, .supermaskConstant:
      return ticket
    }
  }
}
