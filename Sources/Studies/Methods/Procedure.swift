internal import Digests

/// What is done with one subject in one replicate: a chain of jobs that ends with pruned networks.
package enum Procedure: Hashable, Sendable {
  /// The network as it is trained.
  case dense
  /// Pruned to a compression by a criterion, and retrained.
  case pruning(PruningMethod, compression: Double)
  /// Lottery tickets, or a control of theirs, level by level.
  case tickets(TicketPlan, control: TicketControl)
  /// Pruned by a search with so many trials, and retrained.
  case search(SearchPlan, compression: Double, trials: Int)

  /// The name of its lines in reports.
  package var strategy: Strategy {
    switch self {
    case .dense: .dense
    case .pruning(let method, _): method.strategy
    case .tickets(let plan, let control): control.strategy(isOneShot: plan.isOneShot)
    case .search(let plan, _, _): plan.strategy
    }
  }

  /// What tells it from the others of a study.
  var name: String {
    switch self {
    case .dense, .tickets: strategy.rawValue
    case .pruning(_, let compression), .search(_, let compression, _): "\(strategy)@\(compression)"
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
    }
  }
}
