package import Digests

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

  package func append(to bytes: inout CanonicalBytes) {
    bytes.append(generation)
    bytes.append(index)
  }

  package init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self.init(generation: try reader.int(), index: try reader.int())
  }
}

/// A candidate that a search wants evaluated.
package struct Trial: Hashable, Sendable {
  package let id: TrialID
  package let genome: Genome
  /// The trials that it was bred from; empty for founders.
  package let parents: [TrialID]
  /// If the fitness is below this one, it is enough to know that. Only where it follows from earlier answers and draws.
  package let threshold: Fitness?
  /// Judged on this share of the samples (the first ones); 1 is all of them. Fitnesses of different shares never meet.
  package let share: Double

  package init(id: TrialID, genome: Genome, parents: [TrialID] = [], threshold: Fitness? = nil, share: Double = 1) {
    self.id = id
    self.genome = genome
    self.parents = parents
    self.threshold = threshold
    self.share = share
  }

  package func append(to bytes: inout CanonicalBytes) {
    id.append(to: &bytes)
    genome.append(to: &bytes)
    bytes.append(list: parents) { $1.append(to: &$0) }
    bytes.append(list: threshold.map { [$0] } ?? []) { $1.append(to: &$0) }
    bytes.append(share)
  }

  package init(from reader: inout CanonicalReader) throws(CanonicalError) {
    id = try TrialID(from: &reader)
    genome = try Genome(from: &reader)
    var parents: [TrialID] = []
    for _ in 0..<(try reader.count(width: 16)) { parents.append(try TrialID(from: &reader)) }
    self.parents = parents
    var threshold: Fitness?
    for _ in 0..<(try reader.count(width: 16)) { threshold = try Fitness(from: &reader) }
    self.threshold = threshold
    share = try reader.double()
    guard share > 0, share <= 1 else { throw CanonicalError("a trial on \(share) of the samples") }
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
    isBetter((left.trial.id, left.fitness), (right.trial.id, right.fitness))
  }

  /// The same, where genomes do not matter.
  static func isBetter(_ left: (id: TrialID, fitness: Fitness), _ right: (id: TrialID, fitness: Fitness)) -> Bool {
    left.fitness != right.fitness ? left.fitness > right.fitness : left.id < right.id
  }

  package func append(to bytes: inout CanonicalBytes) {
    trial.append(to: &bytes)
    fitness.append(to: &bytes)
  }

  package init(from reader: inout CanonicalReader) throws(CanonicalError) {
    trial = try Trial(from: &reader)
    fitness = try Fitness(from: &reader)
  }
}
