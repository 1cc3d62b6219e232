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
  /// - Parameters:
  ///   - before: the weights that were pruned.
  ///   - mask: over units.
  ///   - key: what tells this draw from the others of the branch.
  func train(
    _ control: TicketControl, _ desk: inout Desk, _ splits: Splits, _ trained: TrainingChain, before: Digest,
    mask ticket: Mask, key: (UInt64, UInt64)
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
      return done(try desk.train(try retraining(before, trained, kept, splits), splits))
    }
    var weights: Digest
    if let early = trained.early { weights = early } else { weights = try initialWeights(&desk, splits) }
    if let rule = control.resetting(seed: otherSeed) {
      weights = try rewritten(&desk, splits, weights, kept, .resetting(rule))
    }
    guard !control.isUntrained else {
      var none = subject.training
      none.epochs = 0
      return Controlled(mask: mask, parameters: weights, recipe: none, curve: [])
    }
    return done(try desk.train(resetTraining(of: weights, kept, splits), splits))
  }

  /// Training of reset weights, from where the retraining begins through the rest of the recipe.
  func resetTraining(of weights: Digest, _ mask: Mask, _ splits: Splits) -> TrainingChain.Plan {
    guard case .rewind(let point) = subject.retraining.start else { return retraining(ofInitial: weights, mask) }
    return plan(
      subject.training, subject.retraining.segment, from: weights, at: step(point, splits), mask: mask,
      earlyStopping: subject.earlyStopping)
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
