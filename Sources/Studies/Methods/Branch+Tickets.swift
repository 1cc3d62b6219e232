internal import Digests
internal import Models
internal import Pruning
internal import Randomness

extension Branch {
  /// Lottery tickets, level by level.
  ///
  ///   1. Train the dense network from its initial weights.
  ///   2. Remove the smallest of the weights that are left, so many of each layer or of all.
  ///   3. Reset what is left to the initial weights, or to those of an early step, and train again: that is the ticket.
  ///   4. Go on with 2. from the ticket's trained weights; of one shot from the dense network's.
  ///   5. Of a control, train something else with the ticket's sizes beside it. Its own weights decide nothing.
  func drawTickets(
    _ desk: inout Desk, _ splits: Splits, _ trained: TrainingChain, _ plan: TicketPlan, _ control: TicketControl
  ) throws(Desk.Pause) {
    let units = units
    var ticket = Mask(count: units.count, keeping: true)
    var weights = trained.result!
    for level in 1...plan.levels {
      let before = weights
      let within = plan.isOneShot ? Mask(count: units.count, keeping: true) : ticket
      ticket = try desk.mask(from: [before]) { values throws(StudyFailure) in
        guard values[0].count == layout.count else {
          throw StudyFailure("the stored weights \(before) are not of this network")
        }
        return units.ticket(plan, level: level, scores: units.scores(values[0]), within: within)
      }
      let winner = try desk.train(try retraining(before, trained, units.weightMask(ticket), splits), splits)
      if !plan.isOneShot { weights = winner.result! }
      let score = try judge(&desk, splits, winner, mask: ticket, level: level, plan, control, before: before, trained)
      if let least = plan.leastAccuracy, score.accuracy < least { return }
    }
  }

  /// Reports the ticket, or trains a control of its sizes and reports that.
  ///
  /// - Returns: the ticket's score on `validation`.
  private func judge(
    _ desk: inout Desk, _ splits: Splits, _ winner: TrainingChain, mask ticket: Mask, level: Int, _ plan: TicketPlan,
    _ control: TicketControl, before: Digest, _ trained: TrainingChain
  ) throws(Desk.Pause) -> Score {
    let units = units
    let score = try desk.evaluate([judgement(winner.result!, units.weightMask(ticket), splits)])[0]
    var (mask, chain, pruned) = (ticket, winner, before as Digest?)
    if control != .none {
      let key = (UInt64(level), UInt64(plan.isOneShot ? 2 : 1))
      mask = try desk.mask(from: []) { _ throws(StudyFailure) in
        var stream = RandomStream(seed: seed, .randomPruning, key.0, key.1)
        return units.shuffled(ticket, control, &stream)
      }
      let kept = units.weightMask(mask)
      pruned = nil
      var fresh = RandomStream(seed: seed, .initialWeights, key.0, key.1)
      chain = try desk.train(
        control == .reinitialize
          ? reinitialized(kept, seed: fresh.next()) : try retraining(before, trained, kept, splits), splits)
    }
    let own =
      control == .none ? score : try desk.evaluate([judgement(chain.result!, units.weightMask(mask), splits)])[0]
    desk.report(
      Finding(
        place: place.level(level), strategy: control.strategy(isOneShot: plan.isOneShot), isResult: true,
        requested: .remaining(Double(mask.population) / Double(mask.count)), mask: units.weightMask(mask),
        pruned: pruned, parameters: chain.result!, recipe: chain.plan.recipe, metrics: units.metrics(of: mask),
        validation: own, curve: chain.curve))
    return score
  }
}

extension Units {
  /// The best units of those that are left, as many as a level keeps.
  fileprivate func ticket(_ plan: TicketPlan, level: Int, scores: [Float], within kept: Mask) -> Mask {
    let ranking = scores.indices.map { kept[$0] ? scores[$0] : -1 }
    let counts = plan.kept(atLevel: level, of: layers.map { ($0.name, $0.range.count) })
    var mask = Mask(count: count)
    guard plan.reach == .layer else {
      for unit in TopSelection.positions(counts[0], of: ranking, in: 0..<count) { mask[unit] = true }
      return mask
    }
    for (layer, kept) in zip(layers, counts) {
      for unit in TopSelection.positions(kept, of: ranking, in: layer.range) { mask[unit] = true }
    }
    return mask
  }

  /// The mask that a control trains in the place of a ticket.
  fileprivate func shuffled(_ ticket: Mask, _ control: TicketControl, _ stream: inout RandomStream) -> Mask {
    switch control {
    case .none, .reinitialize: return ticket
    case .shuffle: return Mask(count: count, keeping: stream.choose(ticket.population, of: count))
    case .shuffleLayers:
      var mask = Mask(count: count)
      for layer in layers {
        let kept = stream.choose(ticket.population(in: layer.range), of: layer.range.count)
        for unit in kept { mask[layer.range.lowerBound + unit] = true }
      }
      return mask
    }
  }
}
