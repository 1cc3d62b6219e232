package import Digests
package import Pruning

/// A figure that an objective is about.
package enum Goal: String, Hashable, Sendable, CaseIterable {
  case accuracy
  case loss
  /// Parameters that are kept (`size_nz`).
  case size
  /// Multiply-adds of kept weights (`flops_nz`).
  case flops

  /// The figure, so that larger is better.
  func value(_ figures: Figures) -> Double {
    switch self {
    case .accuracy: figures.score.accuracy
    case .loss: -figures.score.loss
    case .size: -Double(figures.sizeNonzero)
    case .flops: -Double(figures.flopsNonzero)
    }
  }

  /// The figure of a value, as people read it.
  package func figure(_ value: Double) -> Double { self == .accuracy ? value : -value }
}

/// What is known of a candidate once it is judged.
package struct Figures: Hashable, Sendable {
  package let score: Score
  package let sizeNonzero: Int
  package let flopsNonzero: Int

  package init(score: Score, sizeNonzero: Int, flopsNonzero: Int) {
    self.score = score
    self.sizeNonzero = sizeNonzero
    self.flopsNonzero = flopsNonzero
  }
}

/// What a search optimises.
package enum Objective: Hashable, Sendable {
  /// Accuracy or loss at an exact budget.
  case best(Goal)
  /// Size or multiply-adds, as few as keep accuracy above or loss below a limit.
  case smallest(Goal, subjectTo: Goal, limit: Double)
  /// The trade-offs between several figures.
  case pareto([Goal])

  /// The figures in the order of a fitness's values.
  package var goals: [Goal] {
    switch self {
    case .best(let goal): [goal, goal == .loss ? .accuracy : .loss]
    case .smallest(let goal, let subject, _): [goal, subject]
    case .pareto(let goals): goals
    }
  }

  /// The fitness of a candidate; one that is not finite ranks below everything.
  package func fitness(_ figures: Figures) -> Fitness {
    guard case .exact = figures.score else { return .worst(values: goals.count) }
    var violation = 0.0
    if case .smallest(_, let subject, let limit) = self {
      let missing = subject == .accuracy ? limit - figures.score.accuracy : figures.score.loss - limit
      violation = max(0, missing)
    }
    return Fitness(goals.map { $0.value(figures) }, violation: violation)
  }

  /// A fitness as people say it: each figure by its name, to five digits.
  package func words(_ fitness: Fitness) -> String {
    let figures = zip(isPareto ? goals : Array(goals.prefix(1)), fitness.values).map { goal, value in
      let figure = goal.figure(value)
      guard figure.isFinite else { return "\(goal.rawValue) \(figure)" }
      guard goal == .accuracy || goal == .loss else { return "\(goal.rawValue) \(Int(figure))" }
      return "\(goal.rawValue) \((figure * 100_000).rounded() / 100_000)"
    }
    return figures.joined(separator: ", ") + (fitness.violation > 0 ? " (infeasible)" : "")
  }

  package var isPareto: Bool { if case .pareto = self { true } else { false } }

  /// How many of a fitness's values are objectives; the others decide between equals alone.
  package var objectiveCount: Int { isPareto ? goals.count : 1 }

  package func append(to bytes: inout CanonicalBytes) {
    switch self {
    case .best(let goal):
      bytes.append(0)
      bytes.append(goal.rawValue)
    case .smallest(let goal, let subject, let limit):
      bytes.append(1)
      bytes.append(goal.rawValue)
      bytes.append(subject.rawValue)
      bytes.append(limit)
    case .pareto(let goals):
      bytes.append(2)
      bytes.append(list: goals) { $0.append($1.rawValue) }
    }
  }
}
