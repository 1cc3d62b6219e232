internal import Digests
internal import Models
internal import Pruning
internal import Search

/// The jobs of procedures, for the subject that they are done with.
extension Branch {
  var layout: ParameterLayout { ParameterLayout(subject.network, scope: subject.scope) }

  var units: Units {
    guard let units = try? subject.units.units(of: subject.network, scope: subject.scope) else {
      preconditionFailure("a study whose network has no such units is not begun")
    }
    return units
  }

  func judgement(_ weights: Digest, _ mask: Mask?, _ splits: Splits) -> Evaluation<FitnessUse> {
    Evaluation(
      network: subject.network, scope: subject.scope, parameters: weights, mask: mask, slice: splits.validation)
  }

  func plan(
    _ recipe: TrainingRecipe, _ segment: SegmentLength, from weights: Digest?, at step: Int = 0, mask: Mask? = nil,
    earlyStopping: EarlyStopping?, earlyStep: Int? = nil, network: NetworkDescription? = nil
  ) -> TrainingChain.Plan {
    TrainingChain.Plan(
      network: network ?? subject.network, recipe: recipe, seed: seed, segment: segment, earlyStopping: earlyStopping,
      numerics: numerics, weights: weights, mask: mask, scope: subject.scope, earlyStep: earlyStep, firstStep: step)
  }

  func firstTraining(_ splits: Splits) -> TrainingChain.Plan {
    var earlyStep: Int?
    if case .rewind(let point) = subject.retraining.start { earlyStep = step(point, splits) }
    return plan(
      subject.training, subject.segment, from: subject.pretrained, earlyStopping: subject.earlyStopping,
      earlyStep: earlyStep)
  }

  /// A point of the first training, in optimizer steps.
  func step(_ point: SegmentLength, _ splits: Splits) -> Int {
    point.steps(perEpoch: subject.training.stepsPerEpoch(samples: splits.train.count))
  }

  /// Fresh weights, from a training of no step.
  func initialWeights(_ desk: inout Desk, _ splits: Splits) throws(Desk.Pause) -> Digest {
    var none = subject.training
    none.epochs = 0
    return try desk.train(plan(none, subject.segment, from: subject.pretrained, earlyStopping: nil), splits).result!
  }

  /// Training of what a mask keeps of fresh weights, as long as the dense network's.
  func retraining(ofInitial weights: Digest, _ mask: Mask) -> TrainingChain.Plan {
    plan(
      subject.training, subject.segment, from: weights, mask: mask, earlyStopping: subject.earlyStopping,
      network: network(for: mask))
  }

  /// - Parameter part: the layers that are trained.
  /// - Throws: a failure where the first training never came to the step that retraining begins with.
  func retraining(
    _ weights: Digest, _ trained: TrainingChain, _ mask: Mask, _ splits: Splits, part: TrainingRecipe.Part = .all
  ) throws(Desk.Pause) -> TrainingChain.Plan {
    let retraining = subject.retraining
    var recipe = retraining.recipe
    recipe.part = part
    guard retraining.start == .finetune else {
      return resetTraining(of: try early(trained, splits), mask, splits, part: part)
    }
    return plan(recipe, retraining.segment, from: weights, mask: mask, earlyStopping: nil, network: network(for: mask))
  }

  /// The weights that retraining goes back to.
  ///
  /// - Precondition: it goes back.
  /// - Throws: the branch's end where the first training never came to them.
  func early(_ trained: TrainingChain, _ splits: Splits) throws(Desk.Pause) -> Digest {
    guard case .rewind(let point) = subject.retraining.start else { preconditionFailure("fine-tuning goes on") }
    guard let early = trained.early else { throw .ended(.noEarlyWeights(step: step(point, splits))) }
    return early
  }

  /// Training of reset weights, from where the retraining begins through the rest of the recipe.
  ///
  /// - Precondition: retraining goes back to early weights.
  func resetTraining(
    of weights: Digest, _ mask: Mask, _ splits: Splits, part: TrainingRecipe.Part = .all
  ) -> TrainingChain.Plan {
    guard case .rewind(let point) = subject.retraining.start else { preconditionFailure("fine-tuning goes on") }
    var recipe = subject.retraining.recipe
    recipe.part = part
    return plan(
      recipe, subject.retraining.segment, from: weights, at: step(point, splits), mask: mask,
      earlyStopping: subject.earlyStopping, network: network(for: mask))
  }

  /// The network that is trained where a mask leaves so much of it.
  private func network(for mask: Mask) -> NetworkDescription {
    subject.retraining.scalesDropout ? withScaledDropout(mask) : subject.network
  }

  /// The network with each rate of dropout times √(C_r / C_o), C the connections of the layer in front, as they are left
  /// and as they were.
  ///
  /// Source: Han, Pool, Tran, Dally, "Learning both weights and connections for efficient neural networks", NIPS 2015,
  /// section 3.2.
  private func withScaledDropout(_ mask: Mask) -> NetworkDescription {
    let layout = layout
    return subject.network.scalingDropout { node in
      guard let range = layout[node, .weight]?.maskRange else { return 1 }
      return (Double(mask.population(in: range)) / Double(range.count)).squareRoot()
    }
  }

  /// Other parameters, made of those that a mask keeps.
  func rewritten(
    _ desk: inout Desk, _ splits: Splits, _ weights: Digest, _ mask: Mask, _ rewriting: Scoring.Rewriting,
    samples: Int = 1
  ) throws(Desk.Pause) -> Digest {
    let job = Scoring(
      network: subject.network, scope: subject.scope, parameters: weights, mask: mask, slice: splits.train,
      samples: samples, criterion: .rewriting(rewriting), numerics: numerics)
    guard let blob = try desk.scores(job) else { throw .ended(.weightsNotFinite) }
    return blob
  }

  /// Weights whose biases hold what dead neurons gave; the same ones where none died.
  func folded(
    _ desk: inout Desk, _ splits: Splits, _ weights: Digest, from mask: Mask, to closed: Mask
  ) throws(Desk.Pause) -> Digest {
    guard mask != closed else { return weights }
    return try rewritten(
      &desk, splits, weights, units.weightMask(mask), .folding(to: units.weightMask(closed)))
  }

  /// A mask without the weights of dead neurons, where the study says so; found once.
  func withoutDead(_ desk: inout Desk, _ mask: Mask) throws(Desk.Pause) -> Mask {
    guard removesDeadNeurons else { return mask }
    return try desk.mask(from: []) { _ in withoutDead(mask) }
  }

  /// A mask over single weights without those of dead neurons.
  func withoutDead(_ mask: Mask) -> Mask {
    let units = units
    let others = units.weightMask(Mask(count: units.count))
    let closed = DeadChannels(subject.network, scope: subject.scope).removed(
      from: units.weightMask(mask), within: others.inverted)
    // Units are the weights that may go, in their order.
    var out = Mask(count: units.count)
    for (unit, place) in others.inverted.keptPositions.enumerated() { out[unit] = closed[place] }
    return out
  }

  /// A study of one search on the trained weights.
  func searchStudy(
    _ plan: SearchPlan, _ compression: Double, _ trials: Int, of weights: Digest
  ) -> Study {
    var none = subject.training
    none.epochs = 0
    return Study(
      name: label, seed: seed, dataset: subject.dataset, splits: subject.splits, normalization: subject.normalization,
      network: subject.network, pretrained: weights, training: none, segment: subject.segment, scope: subject.scope,
      units: subject.units, objective: .best(.loss), compression: compression...compression, searches: [plan],
      numerics: numerics)
  }

  /// Training of what a mask keeps of other fresh weights than the dense network's.
  func reinitialized(_ mask: Mask, seed: UInt64) -> TrainingChain.Plan {
    TrainingChain.Plan(
      network: network(for: mask), recipe: subject.training, seed: seed, segment: subject.segment,
      earlyStopping: subject.earlyStopping, numerics: numerics, weights: nil, mask: mask, scope: subject.scope,
      earlyStep: nil)
  }
}

extension FindingPlace {
  func level(_ level: Int) -> FindingPlace {
    FindingPlace(subject: subject, procedure: procedure, replicate: replicate, level: level)
  }
}
