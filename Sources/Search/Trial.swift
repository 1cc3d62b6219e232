internal import Digests
package import Pruning

/// The name of a trial: which generation of its search, and the place within it.
package struct TrialID: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let generation: Int
  package let index: Int

  package init(generation: Int, index: Int) {
    self.generation = generation
    self.index = index
  }

  package static func < (left: TrialID, right: TrialID) -> Bool {
    (left.generation, left.index) < (right.generation, right.index)
  }

  package var description: String { "\(generation):\(index)" }
}

/// A candidate that a search wants evaluated.
package struct Trial: Hashable, Sendable {
  package let id: TrialID
  package let mask: Mask
  /// The trials that it was bred from; empty for founders.
  package let parents: [TrialID]

  package init(id: TrialID, mask: Mask, parents: [TrialID]) {
    self.id = id
    self.mask = mask
    self.parents = parents
  }
}

/// How good a score is under an objective; larger is better.
package struct Fitness: Hashable, Sendable, Comparable {
  /// What the objective names: accuracy, or minus the loss.
  package let value: Double
  /// Decides between equal values: minus the loss.
  package let tieBreak: Double

  package init(value: Double, tieBreak: Double = 0) {
    self.value = value
    self.tieBreak = tieBreak
  }

  package static func < (left: Fitness, right: Fitness) -> Bool {
    (left.value, left.tieBreak) < (right.value, right.tieBreak)
  }
}

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
    guard case .exact(_, _, let loss) = score else { return Fitness(value: -.infinity, tieBreak: -.infinity) }
    switch self {
    case .accuracy: return Fitness(value: score.accuracy, tieBreak: -loss)
    case .loss: return Fitness(value: -loss)
    }
  }
}

/// A trial with its fitness.
package struct Individual: Hashable, Sendable {
  package let trial: Trial
  package let fitness: Fitness

  package init(trial: Trial, fitness: Fitness) {
    self.trial = trial
    self.fitness = fitness
  }

  /// Best first; of equals the earlier trial, so that no order of arrival can decide.
  package static func isBetter(_ left: Individual, _ right: Individual) -> Bool {
    left.fitness != right.fitness ? left.fitness > right.fitness : left.trial.id < right.trial.id
  }

  func append(to bytes: inout CanonicalBytes) {
    bytes.append(trial.id.generation)
    bytes.append(trial.id.index)
    bytes.append(list: trial.parents) { bytes, parent in
      bytes.append(parent.generation)
      bytes.append(parent.index)
    }
    bytes.append(trial.mask.count)
    bytes.append(words: trial.mask.words)
    bytes.append(fitness.value)
    bytes.append(fitness.tieBreak)
  }

  init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let id = TrialID(generation: try reader.int(), index: try reader.int())
    var parents: [TrialID] = []
    for _ in 0..<(try reader.count(width: 16)) {
      parents.append(TrialID(generation: try reader.int(), index: try reader.int()))
    }
    let count = try reader.int()
    guard let mask = Mask(count: count, words: try reader.words()) else {
      throw CanonicalError("the words of a mask do not fit its length")
    }
    trial = Trial(id: id, mask: mask, parents: parents)
    fitness = Fitness(value: try reader.double(), tieBreak: try reader.double())
  }
}
