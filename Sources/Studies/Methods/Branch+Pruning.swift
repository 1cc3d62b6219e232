internal import Digests
internal import Models
internal import Pruning
internal import Randomness
internal import Search

/// Pruning by a criterion, and the retraining behind it.
extension Branch {
  /// What a round of pruning leaves, before its retraining.
  struct Target {
    /// Over units: what is selected, without what is then dead.
    let mask: Mask
    /// Over units, dead ones included.
    let selected: Mask
    /// The weights as they are pruned: changed where the rest makes up for what goes, or biases take dead neurons in.
    let pruned: Digest
  }

  /// Prune and retrain, round by round.
  ///
  ///   1. Score the weights that the round before left.
  ///   2. Keep the best, as many as the round's compression says, of those that are left.
  ///   3. Train what is left: on from where it is, or from an early step.
  func prune(
    _ desk: inout Desk, _ splits: Splits, _ trained: TrainingChain, _ method: PruningMethod, _ compression: Double,
    _ control: TicketControl
  ) throws(Desk.Pause) {
    // SNIP looks at fresh weights and trains them once, as long as the dense network.
    let isUntrained = method.criterion == .snip
    var weights = isUntrained ? try initialWeights(&desk, splits) : trained.result!
    var scan: SensitivityScan?
    if method.criterion == .sensitivity { scan = try self.scan(&desk, splits, trained.result!) }
    var kept: Mask?
    let compressions = method.schedule.compressions(to: compression)
    for (round, size) in compressions.enumerated() {
      let isLast = round + 1 == compressions.count
      let requested = RequestedSize(size...size, of: subject.units.granularity)
      let mask: Mask
      if case .regrowing(_, let share) = method.schedule, let before = kept {
        // What comes back begins from 0, not from what it was before it went.
        weights = try rewritten(
          &desk, splits, weights, units.weightMask(Mask(count: units.count, keeping: true)),
          .folding(to: units.weightMask(before)))
        let smaller = self.compression(of: before, without: share)
        let rest = try select(&desk, splits, weights, trained, kept, method, smaller, round, scan)
        mask = try regrown(&desk, splits, weights, from: before, to: rest, method.reach)
      } else {
        mask = try select(&desk, splits, weights, trained, kept, method, size, round, scan)
      }
      if isLast, control != .none {
        try reportControl(
          control, &desk, splits, trained, before: weights, mask, kept: kept, isUntrained: isUntrained, requested)
        return
      }
      let target = try target(&desk, splits, weights, of: mask, compensates: method.compensates)
      let retrained: TrainingChain
      if isUntrained {
        retrained = try desk.train(retraining(ofInitial: target.pruned, units.weightMask(target.mask)), splits)
      } else {
        retrained = try retrain(&desk, splits, trained, target, from: weights, kept: kept)
      }
      (weights, kept) = (retrained.result!, target.mask)
      guard control == .none else { continue }
      try report(
        &desk, splits, target, retrained, method.strategy, requested, level: round + 1, isResult: isLast,
        scan: round == 0 ? scan : nil)
    }
  }

  /// Reports what is left and retrained.
  func report(
    _ desk: inout Desk, _ splits: Splits, _ target: Target, _ retrained: TrainingChain, _ strategy: Strategy,
    _ requested: RequestedSize, level: Int, isResult: Bool, scan: SensitivityScan? = nil
  ) throws(Desk.Pause) {
    let units = units
    let ofWeights = units.weightMask(target.mask)
    let validation = try desk.evaluate([judgement(retrained.result!, ofWeights, splits)])[0]
    desk.report(
      Finding(
        place: place.level(level), strategy: strategy, isResult: isResult, requested: requested, mask: ofWeights,
        pruned: target.pruned, parameters: retrained.result!, recipe: retrained.plan.recipe,
        metrics: units.metrics(of: target.mask), validation: validation, curve: retrained.curve, scan: scan))
  }

  /// What a selection leaves: without dead neurons, and with weights that make up for the rest, where the study says so.
  func target(
    _ desk: inout Desk, _ splits: Splits, _ weights: Digest, of mask: Mask, compensates: Bool
  ) throws(Desk.Pause) -> Target {
    var pruned = weights
    if compensates {
      let moved = Scoring.Rewriting.compensation(block: 64, damping: 0.1)
      pruned = try rewritten(&desk, splits, pruned, units.weightMask(mask), moved, samples: Self.singleSamples)
    }
    let closed = try withoutDead(&desk, mask)
    pruned = try folded(&desk, splits, pruned, from: mask, to: closed)
    return Target(mask: closed, selected: mask, pruned: pruned)
  }

  /// Trains what a round leaves: at once, or first its dense layers with the others fixed, then the others.
  ///
  /// - Parameter kept: over units, what was left before; nil: all.
  func retrain(
    _ desk: inout Desk, _ splits: Splits, _ trained: TrainingChain, _ target: Target, from weights: Digest, kept: Mask?
  ) throws(Desk.Pause) -> TrainingChain {
    let ofWeights = units.weightMask(target.mask)
    guard subject.retraining.alternates else {
      return try desk.train(try retraining(target.pruned, trained, ofWeights, splits), splits)
    }
    let before = kept ?? Mask(count: units.count, keeping: true)
    let denseOnly = units.taking(.dense, from: target.selected, else: before, of: subject.network)
    let first = try desk.train(
      try retraining(weights, trained, units.weightMask(denseOnly), splits, part: .dense), splits)
    // What the first half trained is pruned in the other layers, and loses its dead neurons, now.
    var start = first.result!
    if removesDeadNeurons { start = try folded(&desk, splits, start, from: target.selected, to: target.mask) }
    return try desk.train(try retraining(start, trained, ofWeights, splits, part: .convolutions), splits)
  }

  /// The best units by a criterion, over units; of a smaller mask's alone, if there is one.
  private func select(
    _ desk: inout Desk, _ splits: Splits, _ weights: Digest, _ trained: TrainingChain, _ kept: Mask?,
    _ method: PruningMethod, _ compression: Double, _ round: Int, _ scan: SensitivityScan?
  ) throws(Desk.Pause) -> Mask {
    let units = units
    let left = kept.map(units.weightMask)
    let blobs: [Digest]
    switch method.criterion {
    case .random, .magnitude, .deviation: blobs = [weights]
    case .sensitivity: blobs = [weights, trained.result!]
    case .gradient, .snip: blobs = [try scores(&desk, splits, weights, left, .gradient)]
    case .activation: blobs = [try scores(&desk, splits, weights, left, .activation)]
    case .fisher: blobs = [try scores(&desk, splits, weights, left, .fisher, samples: Self.singleSamples)]
    case .damage: blobs = [try scores(&desk, splits, weights, left, .optimalBrainDamage, samples: Self.singleSamples)]
    case .surgeon:
      let surgeon = Scoring.Criterion.optimalBrainSurgeon(block: 64, damping: 0.1)
      blobs = [try scores(&desk, splits, weights, left, surgeon, samples: Self.singleSamples)]
    }
    return try desk.mask(from: blobs) { values throws(StudyFailure) in
      let isOfWeights = method.criterion.isOfWeights
      guard values[0].count == (isOfWeights ? layout.count : layout.prunableCount) else {
        throw StudyFailure("the stored values \(blobs[0]) are not of this network")
      }
      var ranked = isOfWeights ? values[0] : layout.placing(values[0])
      let thresholds = LayerThresholds(layout)
      switch method.criterion {
      case .deviation: ranked = thresholds.relative(ranked, left: left, qualities: nil)
      case .sensitivity:
        let qualities = thresholds.qualities(values[1], densities: densities(scan!))
        ranked = thresholds.relative(ranked, left: left, qualities: qualities)
      default: break
      }
      if let left { layout.removeOthers(than: left, from: &ranked) }
      func best(_ compression: Double) throws(StudyFailure) -> Mask {
        do throws(BudgetError) {
          let space = try subject.units.space(
            of: subject.network, scope: subject.scope, parameters: ranked, compression: compression...compression,
            seed: seed, isDrawnFrom: false
          ).space
          var stream = RandomStream(seed: seed, .randomPruning, UInt64(round))
          return space.mask(of: method, within: kept, &stream)
        } catch { throw StudyFailure(error.description) }
      }
      let mask = try best(compression)
      return removesDeadNeurons ? try refilled(mask, within: kept, best) : mask
    }
  }

  /// The largest selection that is no larger than a mask once its dead neurons are gone: what they held goes to the next
  /// best.
  ///
  /// A larger selection by the same ranking leaves no fewer, so bisection finds it.
  ///
  /// - Parameter best: the selection at a compression of the whole network.
  /// - Complexity: a logarithm of the number of weights selections.
  private func refilled(
    _ mask: Mask, within kept: Mask?, _ best: (Double) throws(StudyFailure) -> Mask
  ) throws(StudyFailure) -> Mask {
    let (units, measure) = (units, subject.units.measure)
    func cost(_ mask: Mask?) -> Int {
      let metrics = units.metrics(of: mask)
      return measure == .keptWeights ? metrics.sizeNonzero : metrics.flopsNonzero
    }
    let (whole, budget) = (Double(cost(nil)), cost(mask))
    // All of it is no compression.
    var (selection, least, most) = (mask, budget, min(cost(kept), cost(nil) - 1))
    while least < most {
      let middle = (least + most + 1) / 2
      // Half a unit of cost more than it is, so that rounding cannot take one away.
      let larger = try best(whole / (Double(middle) + 0.5))
      if cost(withoutDead(larger)) <= budget { (selection, least) = (larger, middle) } else { most = middle - 1 }
    }
    return selection
  }

  /// The network's worth with each layer alone pruned by magnitude.
  private func scan(
    _ desk: inout Desk, _ splits: Splits, _ weights: Digest
  ) throws(Desk.Pause) -> SensitivityScan {
    let (layout, plan) = (layout, sensitivity)
    let tensors = scanned
    let scores = try desk.evaluate(from: [weights]) { values throws(StudyFailure) in
      guard values[0].count == layout.count else {
        throw StudyFailure("the stored weights \(weights) are not of this network")
      }
      let magnitudes = layout.prunableValues(of: values[0]).map(abs)
      let masks = tensors.flatMap { tensor in
        plan.densities.map { density in
          let range = tensor.maskRange!
          var mask = Mask(count: layout.prunableCount, keeping: true)
          mask.set(range, to: false)
          let kept = min(max(1, Int((Double(range.count) * density).rounded())), range.count)
          for place in TopSelection.positions(kept, of: magnitudes, in: range) { mask[place] = true }
          return mask
        }
      }
      return ([nil] + masks).map { judgement(weights, $0, splits) }
    }
    let layers = tensors.enumerated().map { number, tensor in
      let first = 1 + number * plan.densities.count
      return SensitivityScan.Layer(
        name: subject.network.nodes[tensor.node].name, scores: Array(scores[first..<first + plan.densities.count]))
    }
    return SensitivityScan(plan: plan, whole: scores[0], layers: layers)
  }

  /// The weight tensors that are pruned.
  private var scanned: [ParameterTensor] {
    let names = Set(units.layers.map(\.name))
    return layout.prunable.filter { names.contains(subject.network.nodes[$0.node].name) }
  }

  /// What each prunable tensor bears; those that are not pruned, everything.
  private func densities(_ scan: SensitivityScan) -> [Double] {
    layout.prunable.map { tensor in
      let name = subject.network.nodes[tensor.node].name
      return scan.layers.firstIndex { $0.name == name }.map(scan.leastDensity) ?? 1
    }
  }

  /// Samples of `train` at most, where each passes through the network alone.
  static let singleSamples = 1000

  func scores(
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
}

extension PruningCriterion {
  /// Whether masks are made of the weights themselves.
  fileprivate var isOfWeights: Bool { [.random, .magnitude, .deviation, .sensitivity].contains(self) }
}

extension Units {
  /// A mask with the units of some layers from one and those of the others from another.
  fileprivate func taking(
    _ part: TrainingRecipe.Part, from mask: Mask, else other: Mask, of network: NetworkDescription
  ) -> Mask {
    let names = Set(network.nodes.filter { part.includes($0.layer) }.map(\.name))
    var out = other
    for layer in layers where names.contains(layer.name) { out.replace(layer.range, from: mask) }
    return out
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
