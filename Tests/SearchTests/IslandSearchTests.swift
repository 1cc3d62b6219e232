import Pruning
import Randomness
import Search
import Testing

/// The island model: laws, migration, and how slowly a winner takes over.
@Suite struct IslandSearchTests {
  private func search(
    seed: UInt64 = 1, islands: Int = 3, size: Int = 6, interval: Int = 2, migrants: Int = 1,
    topology: IslandSettings.Topology = .ring, memory: GenomeMemory = GenomeMemory()
  ) throws -> IslandSearch {
    IslandSearch(
      settings: IslandSettings(
        genetic: GeneticSettings(
          populationSize: size, eliteSize: 2,
          breeding: Breeding(mutationAmount: 0.01...0.2, successRule: SuccessRule())),
        islands: islands, migrationInterval: interval, migrants: migrants, topology: topology),
      space: try space(kept: 90, seed: seed), memory: memory)
  }

  @Test("The laws of every search", arguments: IslandSettings.Topology.allCases)
  func laws(topology: IslandSettings.Topology) throws {
    try checkLaws(trials: 110) { seed in try search(seed: seed, topology: topology) }
    try checkLaws(trials: 60) { seed in try search(seed: seed, islands: 2, interval: 1, topology: topology) }
  }

  @Test("Children that are made again are those that would have been kept, between migrations and behind them")
  func recipes() throws {
    try checkLaws(trials: 110) { seed in try search(seed: seed, memory: GenomeMemory(generation: 0)) }
    var (kept, remade) = (try search(), try search(memory: GenomeMemory(generation: 0)))
    for trials in stride(from: 7, through: 126, by: 7) {
      #expect(run(&kept, trials: trials) == run(&remade, trials: trials))
      #expect(kept.populations == remade.populations && kept.hallOfFame == remade.hallOfFame)
      #expect(bytes { kept.append(to: &$0) } == bytes { remade.append(to: &$0) })
    }
  }

  @Test("One island is the genetic algorithm")
  func oneIsland() throws {
    var islands = try search(islands: 1)
    var genetic = GeneticSearch(settings: islands.settings.genetic, space: islands.space)
    #expect(run(&islands, trials: 60) == run(&genetic, trials: 60))
    #expect(islands.populations == [genetic.population] && islands.hallOfFame == genetic.hallOfFame)
  }

  @Test("Founders of every grade on every island; names are places; parents of the same island but for migrants")
  func trials() throws {
    var search = try search(interval: 100)
    for generation in 0..<6 {
      for index in 0..<18 {
        while search.asked < generation * 18 + index + 1 {
          guard let trial = search.ask() else {
            search.tell(.exact(hashFitness(search.pending.trials.first!)))
            continue
          }
          #expect(trial.id == TrialID(generation: generation, index: index))
          if generation == 0 {
            // Dealt in turn: the three islands share the grades of 18 founders.
            let founder = search.space.founder(index % 6 * 3 + index / 6, of: 18, InitialPopulation())
            #expect(trial.genome == founder)
          }
          #expect(trial.mask.population == 90)
          #expect(trial.parents.allSatisfy { search.island(of: $0) == search.island(of: trial.id) })
          #expect(trial.parents.allSatisfy { $0.generation < generation })
        }
      }
    }
  }

  @Test("An island breeds on while others wait, but for a migration")
  func noBarrier() throws {
    var search = try search(interval: 2)
    let founders = ask(&search)
    #expect(founders.count == 18)
    for trial in founders.prefix(6) { search.tell(.exact(hashFitness(trial))) }
    #expect(ask(&search).map(\.id.generation) == Array(repeating: 1, count: 6), "the first island has its answers")
    for _ in 0..<18 { search.tell(.exact(hashFitness(search.pending.trials.first!))) }
    #expect(ask(&search).count == 12, "members migrate after the second generation")
  }

  @Test(
    "After every interval the best of each island are at its neighbours, and never before",
    arguments: 0..<5 as Range<UInt64>)
  func migration(seed: UInt64) throws {
    for topology in IslandSettings.Topology.allCases {
      var search = try search(seed: seed, islands: 4, size: 8, interval: 3, migrants: 2, topology: topology)
      var own: [[Individual]] = Array(repeating: [], count: 4)
      for generation in 0..<3 {
        for trial in ask(&search, generation: generation) {
          let individual = Individual(trial: trial, fitness: hashFitness(trial))
          own[search.island(of: trial.id)].append(individual)
          if generation == 2, search.pending.trials.count == 1 { break }
          search.tell(.exact(individual.fitness))
        }
        for (island, members) in search.populations.enumerated() {
          #expect(members.allSatisfy { search.island(of: $0.trial.id) == island }, "seed \(seed)")
        }
      }
      // One answer is missing. Elites keep the best ever of each island.
      let last = search.pending.trials.first!
      search.tell(.exact(hashFitness(last)))
      for (island, members) in search.populations.enumerated() {
        #expect(members.count == 8)
        let sources = topology == .ring ? [(island + 3) % 4] : (0..<4).filter { $0 != island }
        let foreign = members.filter { search.island(of: $0.trial.id) != island }
        #expect(Set(foreign.map { search.island(of: $0.trial.id) }).isSubset(of: sources), "seed \(seed)")
        for source in sources {
          let best = own[source].min(by: Individual.isBetter)!
          #expect(members.contains { $0.trial.genome == best.trial.genome }, "seed \(seed): \(source) to \(island)")
        }
        #expect(foreign.count <= 2 * sources.count)
        #expect(members.contains(own[island].min(by: Individual.isBetter)!), "seed \(seed): the worst make room")
      }
    }
  }

  @Test("By selection alone one winner takes over a single population sooner than islands, and a ring last")
  func takeover() throws {
    func generations(_ islands: Int, _ topology: IslandSettings.Topology, seed: UInt64) -> Int {
      let genetic = GeneticSettings(
        populationSize: 64 / islands, eliteSize: 1,
        breeding: Breeding(selection: .tournament(size: 2), crossoverRate: 0, mutationRate: 0))
      var search = IslandSearch(
        settings: IslandSettings(
          genetic: genetic, islands: islands, migrationInterval: 5, migrants: 1, topology: topology),
        space: .choices(ChoiceSpace(cardinalities: [1 << 40], seed: seed)))
      for generation in 0..<200 {
        for trial in ask(&search, generation: generation) {
          guard case .choices(let values) = trial.genome else { continue }
          search.tell(.exact(Fitness([Double(values[0])])))
        }
        if search.populations.allSatisfy({ $0.allSatisfy { $0.trial.genome == search.best!.trial.genome } }) {
          return generation
        }
      }
      return 200
    }
    var (single, full, ring) = (0, 0, 0)
    for seed in 0..<10 as Range<UInt64> {
      single += generations(1, .ring, seed: seed)
      full += generations(8, .full, seed: seed)
      ring += generations(8, .ring, seed: seed)
    }
    #expect(single < full && full < ring, "generations of ten seeds: \(single), \(full), \(ring)")
  }
}
