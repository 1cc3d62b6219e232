package import Digests
internal import Pruning
internal import Randomness

/// Random search: masks from the genetic algorithm's own founders' distribution, with no selection.
///
/// What it does: each trial is global magnitude under Gumbel noise drawn between none and the founders' largest. It is
/// the control that says how much of a search's gain is only "many draws around magnitude, the best one kept".
/// When not to use it: as a rival of its own. Evaluations per step: the batch.
package struct RandomSearch: Sendable {
  package let batchSize: Int
  package let noise: Double
  package let space: SearchSpace
  /// Batches told so far.
  package private(set) var generation = 0
  package private(set) var best: Individual?
  /// Batches asked for and not yet told, oldest first; no batch depends on another's results.
  private var asked: ArraySlice<[Trial]> = []

  package init(batchSize: Int, noise: Double, space: SearchSpace) {
    self.batchSize = batchSize
    self.noise = noise
    self.space = space
  }

  /// The next batch of trials: a function of the seed and the place alone.
  package mutating func ask() -> [Trial] {
    let batch = generation + asked.count
    let trials = (0..<batchSize).map { index in
      var stream = RandomStream(seed: space.seed, .randomSearch, UInt64(batch), UInt64(index))
      let noise = noise * stream.uniform()
      return Trial(
        id: TrialID(generation: batch, index: index),
        mask: space.tables.perturbed(noise: noise, budget: space.budget, stream: &stream), parents: [])
    }
    asked.append(trials)
    return trials
  }

  /// The fitness of each trial of the oldest batch not yet told, in its order.
  package mutating func tell(_ fitness: [Fitness]) {
    guard let trials = asked.popFirst() else { preconditionFailure("ask first") }
    precondition(fitness.count == trials.count, "\(fitness.count) answers to \(trials.count) trials")
    for (trial, fitness) in zip(trials, fitness) {
      let individual = Individual(trial: trial, fitness: fitness)
      if best.map({ Individual.isBetter(individual, $0) }) ?? true { best = individual }
    }
    generation += 1
  }

  /// The living state, for snapshots; batches not yet told have to be asked for again.
  package func append(to bytes: inout CanonicalBytes) {
    bytes.append(generation)
    bytes.append(list: best.map { [$0] } ?? []) { bytes, individual in individual.append(to: &bytes) }
  }

  /// Restores what ``append(to:)`` wrote.
  ///
  /// - Throws: `CanonicalError` for a state that does not belong to this space.
  package mutating func restore(from reader: inout CanonicalReader) throws(CanonicalError) {
    generation = try reader.int()
    best = nil
    for _ in 0..<(try reader.count(width: 1)) { best = try Individual(from: &reader) }
    let fits = best.map {
      $0.trial.mask.count == space.tables.count && $0.trial.mask.population == space.budget.kept
    }
    guard generation >= 0, fits ?? true, (best == nil) == (generation == 0) else {
      throw CanonicalError("the snapshot's best mask is of another search")
    }
  }
}
