package import Digests

/// A generational genetic algorithm.
///
/// What it does: founders; then, a generation at a time,
///   1. selection chooses two parents,
///   2. a crossover mixes them,
///   3. a mutation changes the child,
///   4. the best of children and elite become the next population,
///   5. where a success rule is set, the amount of mutations follows the share of children better than their parents.
/// When not to use it: where gradients through the mask are at hand, or where a few evaluations are all that can be
/// paid (then magnitude pruning is hard to beat). Where workers are many and unequal, a generation's end leaves them
/// waiting: ``SteadyStateSearch`` and ``IslandSearch`` do not. Evaluations per step: `populationSize`.
/// Source: Holland 1975; Goldberg 1989.
package struct GeneticSearch: IndependentTrials {
  package let settings: GeneticSettings
  package let space: SearchSpace
  package internal(set) var pending = PendingTrials()
  private var deme: Deme
  private var hall: HallOfFame

  /// - Parameter memory: a generation beyond it is made again instead of kept.
  /// - Precondition: the settings are valid.
  package init(settings: GeneticSettings, space: SearchSpace, memory: GenomeMemory = GenomeMemory()) {
    precondition(settings.isValid)
    self.settings = settings
    self.space = space
    let bytes = settings.populationSize * space.genomeBytes
    deme = Deme(settings, keepsGenomes: bytes <= memory.generation)
    hall = HallOfFame(size: settings.hallOfFameSize)
  }

  package var generationSize: Int { settings.populationSize }
  /// Best first; empty until the founders have their answers.
  package var population: [Individual] { deme.members }
  /// The best different genomes of all the search, best first.
  package var hallOfFame: [Individual] { hall.members }
  package var best: Individual? { hall.members.first }
  /// What amounts of mutations are multiplied by.
  package var mutationFactor: Double { deme.factor }

  /// All of a generation is told before the next one is bred.
  func isReady(_ n: Int) -> Bool {
    TrialID(place: n, generationSize: generationSize).generation * generationSize <= pending.told
  }

  func trial(_ n: Int) -> Trial {
    deme.trial(TrialID(place: n, generationSize: generationSize), in: space)
  }

  package mutating func tell(_ answer: Answer, by executor: Executor) {
    guard case .exact(let fitness) = answer else { preconditionFailure("no trial of this search has a threshold") }
    let individual = Individual(trial: pending.tell(), fitness: fitness)
    hall.consider(individual)
    deme.tell(individual, in: space, by: executor)
  }

  package func append(to bytes: inout CanonicalBytes) {
    pending.append(to: &bytes)
    deme.append(to: &bytes, in: space)
    hall.append(to: &bytes)
  }

  package mutating func restore(from reader: inout CanonicalReader) throws(CanonicalError) {
    pending = try PendingTrials(from: &reader, space: space)
    try pending.check(generationSize: generationSize)
    try deme.restore(from: &reader, space: space, told: pending.told)
    try hall.restore(from: &reader, space: space, told: pending.told)
  }
}
