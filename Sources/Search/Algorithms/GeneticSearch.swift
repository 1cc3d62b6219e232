package import Digests
internal import Randomness

/// A generational genetic algorithm.
///
/// What it does: founders; then, a generation at a time,
///   1. two tournaments choose parents,
///   2. a crossover mixes them,
///   3. a mutation changes the child,
///   4. the best of children and elite become the next population.
/// When not to use it: where gradients through the mask are at hand, or where a few evaluations are all that can be
/// paid (then magnitude pruning is hard to beat). Evaluations per step: `populationSize`.
/// Source: Holland 1975; tournaments: Goldberg and Deb 1991.
package struct GeneticSearch: SearchAlgorithm {
  package let settings: GeneticSettings
  package let space: SearchSpace
  /// Best first.
  package private(set) var population: [Individual] = []
  package private(set) var pending = PendingTrials()
  package private(set) var best: Individual?
  /// The told part of the generation that is out.
  private var children: [Individual] = []

  package init(settings: GeneticSettings, space: SearchSpace) {
    precondition(settings.populationSize >= 2 && settings.eliteSize <= settings.populationSize)
    precondition(settings.tournamentSize >= 1 && settings.mutationAmount.lowerBound > 0)
    self.settings = settings
    self.space = space
  }

  package var generationSize: Int { settings.populationSize }

  package mutating func ask() -> Trial? {
    let (generation, index) = pending.asked.quotientAndRemainder(dividingBy: generationSize)
    // All of a generation is told before the next one is bred.
    guard generation * generationSize <= pending.told else { return nil }
    let id = TrialID(generation: generation, index: index)
    guard generation > 0 else {
      return pending.ask(Trial(id: id, genome: space.founder(index, of: generationSize, settings.initial)))
    }
    return pending.ask(child(id))
  }

  package mutating func tell(_ answer: Answer) {
    guard case .exact(let fitness) = answer else { preconditionFailure("no trial of this search has a threshold") }
    let individual = Individual(trial: pending.tell(), fitness: fitness)
    if best.map({ Individual.isBetter(individual, $0) }) ?? true { best = individual }
    children.append(individual)
    guard children.count == generationSize else { return }
    let pool = (population.prefix(settings.eliteSize) + children).sorted(by: Individual.isBetter)
    population = Array(pool.prefix(settings.populationSize))
    children = []
  }

  private func child(_ id: TrialID) -> Trial {
    let ids = (UInt64(id.generation), UInt64(id.index))
    var selection = RandomStream(seed: space.seed, .selection, ids.0, ids.1)
    var crossover = RandomStream(seed: space.seed, .crossover, ids.0, ids.1)
    var mutation = RandomStream(seed: space.seed, .mutation, ids.0, ids.1)
    let first = tournament(&selection).trial
    var genome = first.genome
    var parents = [first.id]
    if crossover.chance(settings.crossoverRate) {
      let second = tournament(&selection).trial
      parents.append(second.id)
      let kind = Draws.pick(settings.crossovers, stream: &crossover)
      genome = space.crossover(kind, first.genome, second.genome, stream: &crossover)
    }
    if mutation.chance(settings.mutationRate) {
      let amount = Draws.logUniform(settings.mutationAmount, stream: &mutation)
      genome = space.mutation(settings.mutation, of: genome, amount: amount, stream: &mutation)
    }
    return Trial(id: id, genome: genome, parents: parents)
  }

  /// The best of `tournamentSize` members drawn with replacement; the population is sorted, so the lowest place wins.
  private func tournament(_ stream: inout RandomStream) -> Individual {
    var place = population.count
    for _ in 0..<settings.tournamentSize { place = min(place, stream.below(population.count)) }
    return population[place]
  }
}

extension GeneticSearch {
  package func append(to bytes: inout CanonicalBytes) {
    pending.append(to: &bytes)
    bytes.append(list: population) { $1.append(to: &$0) }
    bytes.append(list: children) { $1.append(to: &$0) }
    bytes.append(list: best.map { [$0] } ?? []) { $1.append(to: &$0) }
  }

  package mutating func restore(from reader: inout CanonicalReader) throws(CanonicalError) {
    pending = try PendingTrials(from: &reader, space: space)
    population = try reader.individuals(of: space)
    children = try reader.individuals(of: space)
    best = try reader.individuals(of: space).first
    let (generation, told) = pending.told.quotientAndRemainder(dividingBy: generationSize)
    guard population.count == (generation == 0 ? 0 : generationSize), children.count == told,
      (best == nil) == (pending.told == 0)
    else { throw CanonicalError("the snapshot's population is of another search") }
  }
}
