package import Digests
internal import Randomness

/// A steady-state genetic algorithm for many workers: no generation ends, so nobody waits for the slowest.
///
/// What it does: founders; once all of them have their answers, trial n is made so:
///   1. the first n − lag answers are in the population, in the order of the trials, even if more have come in,
///   2. selection, crossover and mutation make the child as in ``GeneticSearch``,
///   3. when the answer's turn comes, the child takes the place of the worst member or of the loser of a tournament;
///      a child whose genome is in the population already is left out,
///   4. where a success rule is set, it acts after each `populationSize` children.
/// So the history is the same however fast answers come. When not to use it: with few workers and a noisy or deceptive
/// fitness, where replacing the worst at once takes diversity away soon. Evaluations per step: 1.
/// Source: Syswerda 1989; Whitley, "The GENITOR algorithm", 1989; no duplicates: Davis 1991.
package struct SteadyStateSearch: SearchAlgorithm {
  package let settings: SteadyStateSettings
  package let space: SearchSpace
  package private(set) var pending = PendingTrials()
  /// The members that the last child was bred from, best first; empty until the first child is asked for.
  package private(set) var population: [Individual] = []
  /// What amounts of mutations are multiplied by.
  package private(set) var mutationFactor = 1.0
  /// Told, but not yet in the population.
  private var waiting: ArraySlice<Individual> = []
  /// For each child that is not yet in the population, the fitness of its best parent.
  private var marks: ArraySlice<Fitness> = []
  /// Children better than their best parent, since the success rule last acted.
  private var successes = 0
  private var hall: HallOfFame

  /// - Precondition: the settings are valid.
  package init(settings: SteadyStateSettings, space: SearchSpace) {
    precondition(settings.isValid)
    self.settings = settings
    self.space = space
    hall = HallOfFame(size: settings.hallOfFameSize)
  }

  /// As many trials as the population has members count as a generation.
  package var generationSize: Int { settings.populationSize }
  /// The best different genomes of all the search, best first.
  package var hallOfFame: [Individual] { hall.members }
  package var best: Individual? { hall.members.first }

  package mutating func ask() -> Trial? {
    let place = pending.asked
    let id = TrialID(place: place, generationSize: generationSize)
    guard place >= generationSize else {
      return pending.ask(Trial(id: id, genome: space.founder(place, of: generationSize, settings.initial)))
    }
    let needed = answersNeeded(for: place)
    guard needed <= pending.told else { return nil }
    while admitted < needed { admit(waiting.removeFirst()) }
    let child = settings.breeding.child(id, of: population, factor: mutationFactor, in: space)
    marks.append(child.parents.compactMap { parent in population.first { $0.trial.id == parent }?.fitness }.max()!)
    return pending.ask(child)
  }

  package mutating func tell(_ answer: Answer, by executor: Executor) {
    guard case .exact(let fitness) = answer else { preconditionFailure("no trial of this search has a threshold") }
    let individual = Individual(trial: pending.tell(), fitness: fitness)
    hall.consider(individual)
    waiting.append(individual)
  }

  /// How many answers are in the population.
  private var admitted: Int { pending.told - waiting.count }

  /// How many answers a child is bred from.
  private func answersNeeded(for place: Int) -> Int { max(generationSize, place - settings.lag) }

  private mutating func admit(_ newcomer: Individual) {
    guard population.count == generationSize else { return insert(newcomer) }
    if newcomer.fitness > marks.removeFirst() { successes += 1 }
    replace(by: newcomer)
    guard admitted % generationSize == 0 else { return }
    if let rule = settings.breeding.successRule {
      mutationFactor = rule.factor(after: mutationFactor, successes: successes, of: generationSize)
    }
    successes = 0
  }

  private mutating func replace(by newcomer: Individual) {
    guard !population.contains(where: { $0.trial.genome == newcomer.trial.genome }) else { return }
    switch settings.replacement {
    case .worst:
      insert(newcomer)
      population.removeLast()
    case .tournamentLoser(let size):
      let id = newcomer.trial.id
      // The third word tells this stream from the one that chose the newcomer's parents.
      var stream = RandomStream(seed: space.seed, .selection, UInt64(id.generation), UInt64(id.index), 1)
      population.remove(at: stream.choose(size, of: population.count).last!)
      insert(newcomer)
    }
  }

  private mutating func insert(_ newcomer: Individual) {
    let place = population.firstIndex { Individual.isBetter(newcomer, $0) } ?? population.count
    population.insert(newcomer, at: place)
  }
}

extension SteadyStateSearch {
  package func append(to bytes: inout CanonicalBytes) {
    pending.append(to: &bytes)
    bytes.append(list: population) { $1.append(to: &$0) }
    bytes.append(list: waiting) { $1.append(to: &$0) }
    bytes.append(list: marks) { $1.append(to: &$0) }
    bytes.append(successes)
    bytes.append(mutationFactor)
    hall.append(to: &bytes)
  }

  package mutating func restore(from reader: inout CanonicalReader) throws(CanonicalError) {
    pending = try PendingTrials(from: &reader, space: space)
    try pending.check(generationSize: generationSize)
    population = try reader.ranking(of: space)
    waiting = try reader.wholeTrials(of: space)[...]
    marks = []
    for _ in 0..<(try reader.count(width: 16)) { marks.append(try Fitness(from: &reader)) }
    successes = try reader.int()
    mutationFactor = try reader.factor(settings.breeding.successRule)
    try hall.restore(from: &reader, space: space, told: pending.told)
    // What is in the population follows from how many trials were asked for.
    let hasChildren = pending.asked > generationSize
    guard admitted == (hasChildren ? answersNeeded(for: pending.asked - 1) : 0),
      population.count == (hasChildren ? generationSize : 0),
      marks.count == (hasChildren ? pending.asked - admitted : 0),
      (0...admitted % generationSize).contains(successes),
      zip(waiting.indices, waiting).allSatisfy({ offset, individual in
        individual.trial.id == TrialID(place: admitted + offset, generationSize: generationSize)
      })
    else { throw CanonicalError("the snapshot's population is of another search") }
  }
}
