package import Digests
internal import Pruning
internal import Randomness

/// A generational genetic algorithm over masks of one exact size.
///
/// What it does: founders from magnitude with noise; then, a generation at a time,
///   1. two tournaments choose parents,
///   2. a uniform or per-neuron crossover mixes them, repaired to the exact count,
///   3. a magnitude-biased swap brings some weights back and removes as many,
///   4. the best of children and elite become the next population.
/// When not to use it: where gradients through the mask are at hand, or where a few evaluations are all that can be
/// paid (then magnitude pruning is hard to beat). Evaluations per step: `populationSize`.
/// Source: Holland 1975; tournaments: Goldberg and Deb 1991.
package struct GeneticSearch: Sendable {
  package let settings: GeneticSettings
  package let space: SearchSpace
  /// Best first.
  package private(set) var population: [Individual] = []
  /// The generation that ``ask(atMost:)`` gives next.
  package private(set) var generation = 0
  private var asked: [Trial] = []

  package init(settings: GeneticSettings, space: SearchSpace) {
    precondition(settings.populationSize >= 2 && settings.eliteSize <= settings.populationSize)
    precondition(settings.tournamentSize >= 1 && settings.swapFraction.lowerBound > 0)
    self.settings = settings
    self.space = space
  }

  /// The best individual so far; with an elite it never gets worse.
  package private(set) var best: Individual?

  /// How many trials of this generation are still to be asked for.
  package var trialsToAsk: Int { settings.populationSize - asked.count }

  /// Whether nothing of the coming generation is asked for yet.
  package var isBetweenGenerations: Bool { asked.isEmpty }

  /// The next trials of this generation, at most so many: a function of the seed, the generation and the living
  /// population. In parts, so that the first can be evaluated while the others are bred.
  package mutating func ask(atMost limit: Int = .max) -> [Trial] {
    precondition(trialsToAsk > 0 && limit > 0, "tell this generation first")
    let trials = (asked.count..<asked.count + min(limit, trialsToAsk)).map { index in
      let id = TrialID(generation: generation, index: index)
      guard generation > 0 else {
        let mask = settings.initial.founder(index, of: settings.populationSize, in: space)
        return Trial(id: id, mask: mask, parents: [])
      }
      return child(id)
    }
    asked += trials
    return trials
  }

  /// The fitness of each trial of this generation, in the order in which they were asked for.
  package mutating func tell(_ fitness: [Fitness]) {
    precondition(
      trialsToAsk == 0 && fitness.count == asked.count, "\(fitness.count) answers to \(asked.count) trials")
    let children = zip(asked, fitness).map { Individual(trial: $0, fitness: $1) }
    asked = []
    let pool = (population.prefix(settings.eliteSize) + children).sorted(by: Individual.isBetter)
    population = Array(pool.prefix(settings.populationSize))
    if let first = children.min(by: Individual.isBetter), best.map({ Individual.isBetter(first, $0) }) ?? true {
      best = first
    }
    generation += 1
  }

  private func child(_ id: TrialID) -> Trial {
    let ids = (UInt64(id.generation), UInt64(id.index))
    var selection = RandomStream(seed: space.seed, .selection, ids.0, ids.1)
    var crossover = RandomStream(seed: space.seed, .crossover, ids.0, ids.1)
    var mutation = RandomStream(seed: space.seed, .mutation, ids.0, ids.1)
    let first = tournament(&selection).trial
    var mask = first.mask
    var parents = [first.id]
    if crossover.chance(settings.crossoverRate) {
      let second = tournament(&selection).trial
      parents.append(second.id)
      if crossover.chance(settings.neuronCrossover) {
        mask = Breeding.neuronCrossover(first.mask, second.mask, in: space, stream: &crossover)
      } else {
        mask = Breeding.uniformCrossover(first.mask, second.mask, in: space, stream: &crossover)
      }
    }
    if mutation.chance(settings.mutationRate) {
      let count = Breeding.swapCount(settings.swapFraction, kept: space.budget.kept, stream: &mutation)
      mask = Breeding.swapMutation(mask, count: count, in: space, stream: &mutation)
    }
    return Trial(id: id, mask: mask, parents: parents)
  }

  /// The best of `tournamentSize` members drawn with replacement; the population is sorted, so the lowest place wins.
  private func tournament(_ stream: inout RandomStream) -> Individual {
    var place = population.count
    for _ in 0..<settings.tournamentSize { place = min(place, stream.below(population.count)) }
    return population[place]
  }
}

extension GeneticSearch {
  /// The living state between two generations, for snapshots.
  package func append(to bytes: inout CanonicalBytes) {
    precondition(asked.isEmpty, "a snapshot is taken between generations")
    bytes.append(generation)
    bytes.append(list: population) { bytes, individual in individual.append(to: &bytes) }
    bytes.append(list: best.map { [$0] } ?? []) { bytes, individual in individual.append(to: &bytes) }
  }

  /// Restores what ``append(to:)`` wrote.
  ///
  /// - Throws: `CanonicalError` for a state that does not belong to this space and these settings.
  package mutating func restore(from reader: inout CanonicalReader) throws(CanonicalError) {
    generation = try reader.int()
    population = []
    for _ in 0..<(try reader.count(width: 1)) { population.append(try Individual(from: &reader)) }
    best = nil
    for _ in 0..<(try reader.count(width: 1)) { best = try Individual(from: &reader) }
    let fits = (population + (best.map { [$0] } ?? [])).allSatisfy {
      $0.trial.mask.count == space.tables.count && $0.trial.mask.population == space.budget.kept
    }
    guard generation >= 0, fits, (best == nil) == (generation == 0),
      population.count == (generation == 0 ? 0 : settings.populationSize)
    else {
      throw CanonicalError("the snapshot's population is of another search")
    }
  }
}
