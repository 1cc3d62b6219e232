internal import Digests
internal import Models
internal import Pruning
internal import Randomness
internal import Search

/// The procedures as people would write them down. What several have in common, such as the first training, each asks for
/// itself: equal jobs are done once.
extension Branch {
  func follow(_ desk: inout Desk) throws(Desk.Pause) {
    let splits = try desk.splits(SplitJob(dataset: subject.dataset, sizes: subject.splits, seed: seed))
    let trained = try desk.train(firstTraining(splits), splits)
    switch procedure {
    case .dense: try dense(&desk, splits, trained)
    case .pruning(let method, let compression): try prune(&desk, splits, trained, method, compression)
    case .tickets(let plan, let control): try drawTickets(&desk, splits, trained, plan, control)
    case .search(let plan, let compression, let trials): try search(&desk, splits, trained, plan, compression, trials)
    }
  }

  private func dense(_ desk: inout Desk, _ splits: Splits, _ trained: TrainingChain) throws(Desk.Pause) {
    let validation = try desk.evaluate([judgement(trained.result!, nil, splits)])[0]
    desk.report(
      Finding(
        place: place, strategy: .dense, isResult: true, requested: .whole, mask: nil, pruned: nil,
        parameters: trained.result!, recipe: subject.training, metrics: units.metrics(of: nil), validation: validation,
        curve: trained.curve))
  }

  /// Prune and retrain, round by round.
  ///
  ///   1. Score the weights that the round before left.
  ///   2. Keep the best, as many as the round's compression says, of those that are left.
  ///   3. Train what is left: on from where it is, or from an early step.
  private func prune(
    _ desk: inout Desk, _ splits: Splits, _ trained: TrainingChain, _ method: PruningMethod, _ compression: Double
  ) throws(Desk.Pause) {
    // SNIP looks at fresh weights and trains them once, as long as the dense network.
    let isUntrained = method.criterion == .snip
    var weights = isUntrained ? try initialWeights(&desk, splits) : trained.result!
    var kept: Mask?
    let compressions = method.schedule.compressions(to: compression)
    for (round, compression) in compressions.enumerated() {
      let (units, mask) = try pruned(&desk, splits, weights, kept, method, compression, round)
      kept = mask
      let ofWeights = units.weightMask(mask)
      let before = weights
      let retrained = try desk.train(
        isUntrained ? retraining(ofInitial: weights, ofWeights) : try retraining(weights, trained, ofWeights, splits),
        splits)
      weights = retrained.result!
      let validation = try desk.evaluate([judgement(weights, ofWeights, splits)])[0]
      desk.report(
        Finding(
          place: place.level(round + 1), strategy: method.strategy, isResult: round + 1 == compressions.count,
          requested: RequestedSize(compression...compression, of: subject.units.granularity), mask: ofWeights,
          pruned: before, parameters: weights, recipe: retrained.plan.recipe, metrics: units.metrics(of: mask),
          validation: validation, curve: retrained.curve))
    }
  }

  /// The best units by a criterion, over units; of a smaller mask's alone, if there is one.
  private func pruned(
    _ desk: inout Desk, _ splits: Splits, _ weights: Digest, _ kept: Mask?, _ method: PruningMethod,
    _ compression: Double, _ round: Int
  ) throws(Desk.Pause) -> (units: Units, mask: Mask) {
    let units = units
    let left = kept.map(units.weightMask)
    let blobs: [Digest]
    switch method.criterion {
    case .random, .magnitude: blobs = [weights]
    case .gradient, .snip: blobs = [try scores(&desk, splits, weights, left, .gradient)]
    case .activation: blobs = [try scores(&desk, splits, weights, left, .activation)]
    case .fisher: blobs = [try scores(&desk, splits, weights, left, .fisher, samples: Self.singleSamples)]
    case .damage: blobs = [try scores(&desk, splits, weights, left, .optimalBrainDamage, samples: Self.singleSamples)]
    case .surgeon:
      let surgeon = Scoring.Criterion.optimalBrainSurgeon(block: 64, damping: 0.1)
      blobs = [try scores(&desk, splits, weights, left, surgeon, samples: Self.singleSamples)]
    }
    let mask = try desk.mask(from: blobs) { values throws(StudyFailure) in
      let isOfWeights = [.random, .magnitude].contains(method.criterion)
      guard values[0].count == (isOfWeights ? layout.count : layout.prunableCount) else {
        throw StudyFailure("the stored values \(blobs[0]) are not of this network")
      }
      var ranked = isOfWeights ? values[0] : layout.placing(values[0])
      if let left { layout.removeOthers(than: left, from: &ranked) }
      let space: MaskSpace
      do throws(BudgetError) {
        space = try subject.units.space(
          of: subject.network, scope: subject.scope, parameters: ranked, compression: compression...compression,
          seed: seed
        ).space
      } catch { throw StudyFailure(error.description) }
      var stream = RandomStream(seed: seed, .randomPruning, UInt64(round))
      return space.mask(of: method, within: kept, &stream)
    }
    return (units, mask)
  }

  /// Samples of `train` at most, where each passes through the network alone.
  private static let singleSamples = 1000

  private func scores(
    _ desk: inout Desk, _ splits: Splits, _ weights: Digest, _ mask: Mask?, _ criterion: Scoring.Criterion,
    samples: Int = SearchStudy.scoredSamples
  ) throws(Desk.Pause) -> Digest {
    let job = Scoring(
      network: subject.network, scope: subject.scope, parameters: weights, mask: mask, slice: splits.train,
      samples: samples, criterion: criterion, numerics: numerics)
    guard let blob = try desk.scores(job) else {
      throw .ended(.scoresNotFinite)
    }
    return blob
  }

  /// Search on the trained weights, then retrain what the best mask keeps, as the methods do.
  private func search(
    _ desk: inout Desk, _ splits: Splits, _ trained: TrainingChain, _ plan: SearchPlan, _ compression: Double,
    _ trials: Int
  ) throws(Desk.Pause) {
    let before = trained.result!
    let mask = try desk.search { () throws(StudyFailure) in
      do throws(BudgetError) {
        return try SearchStudy(
          searchStudy(plan, compression, trials, of: before), dataset: subject.dataset, trials: trials)
      } catch { throw StudyFailure(error.description) }
    }
    let units = units
    let ofWeights = units.weightMask(mask)
    let retrained = try desk.train(try retraining(before, trained, ofWeights, splits), splits)
    let validation = try desk.evaluate([judgement(retrained.result!, ofWeights, splits)])[0]
    desk.report(
      Finding(
        place: place.level(1), strategy: plan.strategy, isResult: true,
        requested: RequestedSize(compression...compression, of: subject.units.granularity), mask: ofWeights,
        pruned: before, parameters: retrained.result!, recipe: retrained.plan.recipe, metrics: units.metrics(of: mask),
        validation: validation, curve: retrained.curve))
  }
}

extension MaskSpace {
  /// Whether N:M says what each layer keeps.
  private var isPattern: Bool { if case .pattern = size { true } else { false } }

  /// The mask of a method, over units.
  ///
  /// - Parameter kept: what is left so far; the scores of all else are the lowest already, but for random pruning.
  fileprivate func mask(of method: PruningMethod, within kept: Mask?, _ stream: inout RandomStream) -> Mask {
    let best: Mask
    if method.criterion == .random {
      best = selected((0..<count).map { (kept?[$0] ?? true) ? Float(stream.uniform()) : -1 })
    } else if method.reach == .global || isPattern {
      best = selected(tables.magnitudes)
    } else {
      best = mask(sparsities: layers.map { _ in 0 })
    }
    // What fills the rest of a budget of multiply-adds may have been removed before.
    return kept.map { best.intersection($0) } ?? best
  }
}

extension ParameterLayout {
  /// Makes values of a parameter buffer those of the weights that a mask keeps: the removed ones are 0, which is below all
  /// others.
  fileprivate func removeOthers(than mask: Mask, from values: inout [Float]) {
    for tensor in prunable {
      for (place, index) in zip(tensor.maskRange!, tensor.range) {
        values[index] = mask[place] ? max(abs(values[index]), .leastNormalMagnitude) : 0
      }
    }
  }
}
