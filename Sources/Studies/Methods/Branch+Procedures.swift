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
    // A network that grows is another one from its first step on.
    switch procedure {
    case .growth(let plan): return try grow(&desk, splits, plan)
    case .structure(let plan): return try searchStructure(&desk, splits, plan)
    default: break
    }
    let trained = try desk.train(firstTraining(splits), splits)
    try follow(procedure, &desk, splits, trained, control: .none)
  }

  private func follow(
    _ procedure: Procedure, _ desk: inout Desk, _ splits: Splits, _ trained: TrainingChain, control: TicketControl
  ) throws(Desk.Pause) {
    switch procedure {
    case .dense: try dense(&desk, splits, trained)
    case .pruning(let method, let compression):
      try prune(&desk, splits, trained, method, compression, control)
    case .tickets(let plan, let control): try drawTickets(&desk, splits, trained, plan, control)
    case .transferred(_, _, let plan): try transferTickets(&desk, splits, plan)
    case .search(let plan, let compression, let trials):
      try search(&desk, splits, trained, plan, compression, trials, control)
    case .growth, .structure: preconditionFailure("it begins before any other training")
    case .controlled(let inner, let control): try follow(inner, &desk, splits, trained, control: control)
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

  /// Search on the trained weights, then retrain what the best mask keeps, as the methods do.
  private func search(
    _ desk: inout Desk, _ splits: Splits, _ trained: TrainingChain, _ plan: SearchPlan, _ compression: Double,
    _ trials: Int, _ control: TicketControl
  ) throws(Desk.Pause) {
    let before = trained.result!
    let mask = try desk.search { () throws(StudyFailure) in
      do throws(BudgetError) {
        return try SearchStudy(
          searchStudy(plan, compression, trials, of: before), dataset: subject.dataset, trials: trials)
      } catch { throw StudyFailure(error.description) }
    }
    let requested = RequestedSize(compression...compression, of: subject.units.granularity)
    guard control == .none else {
      try reportControl(control, &desk, splits, trained, before: before, mask, kept: nil, requested)
      return
    }
    let target = try target(&desk, splits, before, of: mask, compensates: false)
    let retrained = try retrain(&desk, splits, trained, target, from: before, kept: nil)
    try report(&desk, splits, target, retrained, plan.strategy, requested, level: 1, isResult: true)
  }

  /// Trains what a control puts in the place of what a procedure ends with, and reports it.
  func reportControl(
    _ control: TicketControl, _ desk: inout Desk, _ splits: Splits, _ trained: TrainingChain, before: Digest,
    _ selected: Mask, kept: Mask?, isUntrained: Bool = false, _ requested: RequestedSize
  ) throws(Desk.Pause) {
    let units = units
    let mask = try withoutDead(&desk, selected)
    let made = try train(
      control, &desk, splits, trained, before: before, mask: mask, kept: kept, isUntrained: isUntrained, key: (1, 0))
    let ofWeights = units.weightMask(made.mask)
    let validation = try desk.evaluate([judgement(made.parameters, ofWeights, splits)])[0]
    desk.report(
      Finding(
        place: place.level(1), strategy: procedure.strategy, isResult: true, requested: requested, mask: ofWeights,
        pruned: nil, parameters: made.parameters, recipe: made.recipe, metrics: units.metrics(of: made.mask),
        validation: validation, curve: made.curve))
  }
}
