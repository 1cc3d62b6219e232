internal import Digests
internal import Models
internal import Pruning
internal import Randomness

extension Branch {
  /// Lottery tickets, level by level.
  ///
  ///   1. Train the dense network from its initial weights.
  ///   2. Remove the lowest of the weights that are left, so many of each layer or of all.
  ///   3. Reset what is left to the initial weights, or to those of an early step, and train again: that is the ticket.
  ///   4. Go on with 2. from the ticket's trained weights; of one shot from the dense network's.
  ///   5. Of a control, train something else with the ticket's sizes beside it. Its own weights decide nothing.
  func drawTickets(
    _ desk: inout Desk, _ splits: Splits, _ trained: TrainingChain, _ plan: TicketPlan, _ control: TicketControl
  ) throws(Desk.Pause) {
    var ticket = Mask(count: units.count, keeping: true)
    var weights = trained.result!
    for level in 1...plan.levels {
      let before = weights
      let winner: TrainingChain
      (ticket, winner) = try drawTicket(&desk, splits, trained, plan, level, from: before, within: ticket)
      if !plan.isOneShot { weights = winner.result! }
      let score = try judge(&desk, splits, winner, mask: ticket, level: level, plan, control, before: before, trained)
      if let least = plan.leastAccuracy, score.accuracy < least { return }
    }
  }

  /// Tickets of another subject, trained with this one's data and recipe.
  func transferTickets(_ desk: inout Desk, _ splits: Splits, _ plan: TicketPlan) throws(Desk.Pause) {
    let donor = ofDonor
    let theirs = try desk.splits(SplitJob(dataset: donor.subject.dataset, sizes: donor.subject.splits, seed: seed))
    let trained = try desk.train(donor.firstTraining(theirs), theirs)
    var ticket = Mask(count: units.count, keeping: true)
    var weights = trained.result!
    for level in 1...plan.levels {
      let winner: TrainingChain
      (ticket, winner) = try donor.drawTicket(&desk, theirs, trained, plan, level, from: weights, within: ticket)
      if !plan.isOneShot { weights = winner.result! }
      let early = try donor.early(trained, theirs)
      let kept = units.weightMask(ticket)
      let own = try desk.train(resetTraining(of: early, kept, splits), splits)
      let score = try desk.evaluate([judgement(own.result!, kept, splits)])[0]
      desk.report(
        Finding(
          place: place.level(level), strategy: procedure.strategy, isResult: true,
          requested: .remaining(Double(ticket.population) / Double(ticket.count)), mask: kept, pruned: nil,
          parameters: own.result!, recipe: own.plan.recipe, metrics: units.metrics(of: ticket), validation: score,
          curve: own.curve))
      if let least = plan.leastAccuracy, score.accuracy < least { return }
    }
  }

  /// The ticket of a level, and its training.
  ///
  /// - Parameters:
  ///   - before: the weights whose lowest ones go.
  ///   - last: the ticket of the level before.
  private func drawTicket(
    _ desk: inout Desk, _ splits: Splits, _ trained: TrainingChain, _ plan: TicketPlan, _ level: Int,
    from before: Digest, within last: Mask
  ) throws(Desk.Pause) -> (ticket: Mask, winner: TrainingChain) {
    let units = units
    let within = plan.isOneShot ? Mask(count: units.count, keeping: true) : last
    var blobs = [before]
    if plan.criterion.readsInitial { blobs.append(try early(trained, splits)) }
    let ticket = try desk.mask(from: blobs) { values throws(StudyFailure) in
      guard values.allSatisfy({ $0.count == layout.count }) else {
        throw StudyFailure("the stored weights \(before) are not of this network")
      }
      let scores = units.ticketScores(plan, values, level: level, seed: seed)
      return units.ticket(plan, level: level, scores: scores, within: within)
    }
    return (ticket, try desk.train(try retraining(before, trained, units.weightMask(ticket), splits), splits))
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
    var own = score
    var made = Controlled(
      mask: ticket, parameters: winner.result!, recipe: winner.plan.recipe, curve: winner.curve)
    if control != .none {
      made = try train(
        control, &desk, splits, trained, before: before, mask: ticket, key: (UInt64(level), plan.isOneShot ? 2 : 1))
      own = try desk.evaluate([judgement(made.parameters, units.weightMask(made.mask), splits)])[0]
    }
    desk.report(
      Finding(
        place: place.level(level), strategy: procedure.strategy, isResult: true,
        requested: .remaining(Double(made.mask.population) / Double(made.mask.count)),
        mask: units.weightMask(made.mask), pruned: control == .none ? before : nil, parameters: made.parameters,
        recipe: made.recipe, metrics: units.metrics(of: made.mask), validation: own, curve: made.curve))
    return score
  }
}

extension TicketCriterion {
  /// Whether it looks at the weights that a ticket is reset to.
  fileprivate var readsInitial: Bool { ![.largeFinal, .smallFinal, .random].contains(self) }
}

extension Units {
  /// What a level keeps the highest of.
  ///
  /// - Parameter values: the trained parameters and, where the criterion looks at them, the initial ones.
  fileprivate func ticketScores(_ plan: TicketPlan, _ values: [[Float]], level: Int, seed: UInt64) -> [Float] {
    let final = scores(values[0])
    let initial = values.count > 1 ? scores(values[1]) : []
    switch plan.criterion {
    case .largeFinal: return final
    case .smallFinal: return final.map { -$0 }
    case .largeInitial: return initial
    case .smallInitial: return initial.map { -$0 }
    case .magnitudeIncrease: return zip(final, initial).map { $0 - $1 }
    case .movement: return scores(zip(values[0], values[1]).map { $0 - $1 })
    case .largeFinalSameSign:
      let signs = values[1].map { (value: Float) -> Float in value < 0 ? -1 : 1 }
      let products = zip(values[0], signs).map { $0 * $1 }
      // A score is a magnitude: those above 0 and those below are scored apart.
      let (above, below) = (scores(products.map { max($0, 0) }), scores(products.map { min($0, 0) }))
      return zip(above, below).map { $0 - $1 }
    case .largeInitialLargeFinal:
      var out = initial
      for layer in layers {
        func mean(_ values: [Float]) -> Double { layer.range.reduce(0) { $0 + Double(values[$1]) } }
        let (first, last) = (mean(initial), mean(final))
        let factor = last > 0 ? Float(first / last) : 1
        for unit in layer.range { out[unit] = min(factor * final[unit], initial[unit]) }
      }
      return out
    case .random:
      var stream = RandomStream(seed: seed, .randomPruning, UInt64(level), 3)
      return final.map { _ in Float(stream.uniform()) }
    }
  }

  /// The best units of those that are left, as many as a level keeps.
  fileprivate func ticket(_ plan: TicketPlan, level: Int, scores: [Float], within kept: Mask) -> Mask {
    let ranking = scores.indices.map { kept[$0] ? scores[$0] : -.infinity }
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
}
