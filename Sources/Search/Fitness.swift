package import Digests

/// How good a candidate is under an objective; larger is better.
///
/// Feasibility comes first (Deb, "An efficient constraint handling method for genetic algorithms", 2000): of two the one
/// that violates less is better; of equally feasible ones, the one with the larger values, the first deciding.
/// No part of it is ever NaN, so that any two compare.
package struct Fitness: Hashable, Sendable, Comparable {
  /// By how much constraints are missed; 0 is feasible.
  package let violation: Double
  /// What is maximised. Searches for one best read them one after another, the later ones as tie-breaks; searches for a
  /// Pareto front take each as an objective. The same number of values in all candidates of a search.
  package let values: [Double]

  /// A fitness in which NaN counts as the worst there is.
  package init(_ values: [Double], violation: Double = 0) {
    self.values = values.contains(where: \.isNaN) ? values.map { $0.isNaN ? -.infinity : $0 } : values
    self.violation = violation.isNaN ? .infinity : violation
  }

  /// The fitness of what cannot be judged: below everything of as many values.
  package static func worst(values count: Int) -> Fitness {
    Fitness(Array(repeating: -.infinity, count: count), violation: .infinity)
  }

  /// What comes first, for temperatures and tables.
  package var value: Double { values[0] }

  package static func < (left: Fitness, right: Fitness) -> Bool {
    if left.violation != right.violation { return left.violation > right.violation }
    for (mine, others) in zip(left.values, right.values) where mine != others { return mine < others }
    return false
  }

  /// Whether this one is as good in every objective and better in one, feasibility first (Deb's constrained dominance).
  package func dominates(_ other: Fitness) -> Bool {
    if violation != other.violation { return violation < other.violation }
    var isBetter = false
    for (mine, others) in zip(values, other.values) {
      if mine < others { return false }
      if mine > others { isBetter = true }
    }
    return isBetter
  }

  package func append(to bytes: inout CanonicalBytes) {
    bytes.append(violation)
    bytes.append(list: values) { $0.append($1) }
  }

  package init(from reader: inout CanonicalReader) throws(CanonicalError) {
    violation = try reader.double()
    var values: [Double] = []
    for _ in 0..<(try reader.count(width: 8)) { values.append(try reader.double()) }
    guard !values.isEmpty else { throw CanonicalError("a fitness without a value") }
    self.values = values
    guard !violation.isNaN, !values.contains(where: \.isNaN) else { throw CanonicalError("a fitness is not a number") }
  }
}

/// What came of a trial.
package enum Answer: Hashable, Sendable {
  case exact(Fitness)
  /// The fitness is below the trial's threshold; how far was not worth finding out.
  case worseThanThreshold

  /// The fitness where it is known.
  package var fitness: Fitness? { if case .exact(let fitness) = self { fitness } else { nil } }
}
