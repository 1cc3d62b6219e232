package import Digests

/// Several populations that breed apart and exchange their best now and then.
///
/// What it does: the founders of one large population are dealt to the islands in turn; then, a generation at a time,
///   1. each island breeds as ``GeneticSearch`` does, island after island in the order of trials,
///   2. after every `migrationInterval` generations the best `migrants` of each island, all chosen before any moves, go
///      along the ring (or to all others) and take the place of the worst there; a genome that is there already does
///      not come.
/// An island breeds as soon as its own answers are in, but for generations after which members migrate: so with two
/// islands or more workers seldom wait for a generation's end. When not to use it: for small budgets; islands converge
/// later than one population of the same size. Evaluations per step: `islands` · `populationSize`.
/// Source: Tanese 1989; Cantú-Paz, "A survey of parallel genetic algorithms", 1998.
package struct IslandSearch: IndependentTrials {
  package let settings: IslandSettings
  package let space: SearchSpace
  package internal(set) var pending = PendingTrials()
  private var demes: [Deme]
  private var hall: HallOfFame

  /// - Parameter memory: a generation beyond it is made again instead of kept.
  /// - Precondition: the settings are valid.
  package init(settings: IslandSettings, space: SearchSpace, memory: GenomeMemory = GenomeMemory()) {
    precondition(settings.isValid)
    self.settings = settings
    self.space = space
    let bytes = settings.islands * settings.genetic.populationSize * space.genomeBytes
    demes = (0..<settings.islands).map {
      Deme(settings.genetic, place: $0, of: settings.islands, keepsGenomes: bytes <= memory.generation)
    }
    hall = HallOfFame(size: settings.genetic.hallOfFameSize)
  }

  /// A generation of all islands.
  package var generationSize: Int { settings.islands * islandSize }
  private var islandSize: Int { settings.genetic.populationSize }
  /// The members of each island, best first.
  package var populations: [[Individual]] { demes.map(\.members) }
  /// The best different genomes of all islands and all the search, best first.
  package var hallOfFame: [Individual] { hall.members }
  package var best: Individual? { hall.members.first }

  /// The island that a trial belongs to.
  package func island(of id: TrialID) -> Int { id.index / islandSize }

  func isReady(_ n: Int) -> Bool {
    let id = TrialID(place: n, generationSize: generationSize)
    return id.generation == 0 || answersNeeded(id.index / islandSize, id.generation) <= pending.told
  }

  func trial(_ n: Int) -> Trial {
    let id = TrialID(place: n, generationSize: generationSize)
    // The name says the island, so the streams of islands differ.
    return demes[island(of: id)].trial(id, in: space)
  }

  /// How many answers an island needs before a generation: all of its own before, and of all islands where members
  /// migrated in between.
  private func answersNeeded(_ island: Int, _ generation: Int) -> Int {
    let before = generation * generationSize
    return generation % settings.migrationInterval == 0
      ? before : before - generationSize + (island + 1) * islandSize
  }

  package mutating func tell(_ answer: Answer, by executor: Executor) {
    guard case .exact(let fitness) = answer else { preconditionFailure("no trial of this search has a threshold") }
    let individual = Individual(trial: pending.tell(), fitness: fitness)
    hall.consider(individual)
    demes[island(of: individual.trial.id)].tell(individual, in: space, by: executor)
    let generation = TrialID(place: pending.told, generationSize: generationSize)
    if generation.index == 0, generation.generation % settings.migrationInterval == 0 { migrate() }
  }

  private mutating func migrate() {
    let emigrants = demes.map { Array($0.members.prefix(settings.migrants)) }
    for island in demes.indices {
      demes[island].receive(settings.sources(of: island).flatMap { emigrants[$0] })
    }
  }
}

extension IslandSearch {
  package func append(to bytes: inout CanonicalBytes) {
    pending.append(to: &bytes)
    for deme in demes { deme.append(to: &bytes, in: space) }
    hall.append(to: &bytes)
  }

  package mutating func restore(from reader: inout CanonicalReader) throws(CanonicalError) {
    pending = try PendingTrials(from: &reader, space: space)
    try pending.check(generationSize: generationSize)
    let done = TrialID(place: pending.told, generationSize: generationSize)
    for island in demes.indices {
      let told = done.generation * islandSize + min(max(done.index - island * islandSize, 0), islandSize)
      try demes[island].restore(from: &reader, space: space, told: told)
    }
    try hall.restore(from: &reader, space: space, told: pending.told)
  }
}
