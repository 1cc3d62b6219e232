package import Pruning

/// What a search optimises at an exact budget.
package enum Objective: String, Hashable, Sendable, CaseIterable {
  case accuracy
  case loss

  /// A fitness as people say it: the name of the objective and its value to five digits.
  package func words(_ fitness: Fitness) -> String {
    let value = self == .loss ? -fitness.value : fitness.value
    guard value.isFinite else { return "\(rawValue) \(value)" }
    let rounded = (value * 100_000).rounded()
    return "\(rawValue) \(rounded / 100_000)"
  }

  /// The fitness of a score; a non-finite one ranks below everything.
  package func fitness(_ score: Score) -> Fitness {
    guard case .exact(_, _, let loss) = score else { return .worst(values: 2) }
    return switch self {
    case .accuracy: Fitness([score.accuracy, -loss])
    case .loss: Fitness([-loss, score.accuracy])
    }
  }
}
