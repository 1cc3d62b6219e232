internal import Digests

/// What is done with one subject in one replicate: a chain of jobs that ends with pruned networks.
package indirect enum Procedure: Hashable, Sendable {
  /// The network as it is trained.
  case dense
  /// Pruned to a compression by a criterion, and retrained.
  case pruning(PruningMethod, compression: Double)
  /// Lottery tickets, or a control of theirs, level by level.
  case tickets(TicketPlan, control: TicketControl)
  /// Tickets of another subject of the study, with the same network, trained with this one's data and recipe.
  ///
  /// Source: Morcos, Yu, Paganini, Tian, "One ticket to win them all: generalizing lottery ticket initializations across
  /// datasets and optimizers", NeurIPS 2019.
  case transferred(from: Int, named: String, TicketPlan)
  /// Pruned by a search with so many trials, and retrained.
  case search(SearchPlan, compression: Double, trials: Int)
  /// Trained while it grows, or as a baseline of that.
  case growth(GrowthPlan)
  /// Grown and pruned as the best genome of a search says.
  case structure(StructurePlan)
  /// What a control trains in the place of what another procedure, a pruning or a search, ends with.
  case controlled(Procedure, TicketControl)

  /// The name of its lines in reports.
  package var strategy: Strategy {
    switch self {
    case .dense: .dense
    case .pruning(let method, _): method.strategy
    case .tickets(let plan, let control): plan.strategy(control)
    case .transferred(_, let name, let plan): Strategy("\(plan.strategy(.none))/from-\(name)")
    case .search(let plan, _, _): plan.strategy
    case .growth(let plan): plan.strategy
    case .structure(let plan): plan.strategy
    case .controlled(let procedure, let control):
      Strategy("\(procedure.strategy)+\(control.strategy(isOneShot: false))")
    }
  }

  /// What tells it from the others of a study.
  var name: String {
    switch self {
    case .dense, .tickets, .transferred, .growth, .structure: strategy.rawValue
    case .pruning(_, let compression), .search(_, let compression, _): "\(strategy)@\(compression)"
    case .controlled(let procedure, let control): "\(procedure.name)+\(control.strategy(isOneShot: false))"
    }
  }

  func append(to bytes: inout CanonicalBytes) {
    switch self {
    case .dense: bytes.append(0)
    case .pruning(let method, let compression):
      bytes.append(1)
      method.append(to: &bytes)
      bytes.append(compression)
    case .search(let plan, let compression, let trials):
      bytes.append(2)
      plan.append(to: &bytes)
      bytes.append(compression)
      bytes.append(trials)
    case .tickets(let plan, let control):
      bytes.append(3)
      plan.append(to: &bytes)
      bytes.append(control.rawValue)
    case .controlled(let procedure, let control):
      bytes.append(4)
      procedure.append(to: &bytes)
      bytes.append(control.rawValue)
    case .transferred(let source, _, let plan):
      bytes.append(5)
      bytes.append(source)
      plan.append(to: &bytes)
    case .growth(let plan):
      bytes.append(6)
      plan.append(to: &bytes)
    case .structure(let plan):
      bytes.append(7)
      plan.append(to: &bytes)
    }
  }

  /// Whether it is for a subject: tickets are no transfer to where they come from.
  func isMeant(forSubject subject: Int) -> Bool {
    if case .transferred(subject, _, _) = self { return false }
    return true
  }

  /// How it lets networks grow, or is a baseline of that; nil for all others, which train the subject's network.
  package var growthPlan: GrowthPlan? {
    switch self {
    case .growth(let plan): plan
    case .structure(let plan): plan.growth
    default: nil
    }
  }

  /// Whether it needs what another subject's branches make.
  var isTransfer: Bool { if case .transferred = self { true } else { false } }
}
