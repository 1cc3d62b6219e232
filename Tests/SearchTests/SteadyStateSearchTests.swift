import Pruning
import Randomness
import Search
import Testing

/// The steady-state genetic algorithm: laws, its window, who makes room.
@Suite struct SteadyStateSearchTests {
  private func search(
    seed: UInt64 = 1, size: Int = 8, lag: Int? = 5, replacement: SteadyStateSettings.Replacement = .worst,
    rule: SuccessRule? = SuccessRule()
  ) throws -> SteadyStateSearch {
    SteadyStateSearch(
      settings: SteadyStateSettings(
        populationSize: size, breeding: Breeding(mutationAmount: 0.01...0.2, successRule: rule),
        replacement: replacement, lag: lag),
      space: try space(kept: 90, seed: seed))
  }

  @Test("The laws of every search, whatever the lag", arguments: [0, 1, 5, 8, 30])
  func laws(lag: Int) throws {
    for replacement in [.worst, .tournamentLoser(size: 3)] as [SteadyStateSettings.Replacement] {
      try checkLaws(trials: 70) { seed in try search(seed: seed, lag: lag, replacement: replacement) }
    }
  }

  @Test("The default lag is 256, but never above the population")
  func defaultLag() {
    #expect(SteadyStateSettings(populationSize: 64).lag == 64)
    #expect(SteadyStateSettings(populationSize: 1000).lag == 256)
  }

  @Test(
    "As many trials are out as the lag allows; all founders have answers before the first child", arguments: [0, 5, 30])
  func window(lag: Int) throws {
    var search = try search(lag: lag)
    var trials = ask(&search)
    #expect(trials.count == 8)
    for trial in trials.dropLast() {
      search.tell(.exact(hashFitness(trial)))
      #expect(search.ask() == nil)
    }
    search.tell(.exact(hashFitness(trials.last!)))
    trials = ask(&search)
    #expect(trials.count == 1 + lag)
    for trial in trials {
      search.tell(.exact(hashFitness(trial)))
      #expect(search.ask() != nil && search.ask() == nil)
    }
  }

  @Test("Parents are among the first n − lag answers; names are places", arguments: [0, 5, 20])
  func parents(lag: Int) throws {
    var search = try search(lag: lag)
    var asked = 0
    while asked < 100 {
      for trial in ask(&search) {
        #expect(trial.id == TrialID(generation: asked / 8, index: asked % 8))
        #expect(trial.mask.population == 90)
        #expect(trial.parents.isEmpty == (asked < 8))
        #expect(trial.parents.allSatisfy { $0.generation * 8 + $0.index < max(8, asked - lag) })
        asked += 1
      }
      search.tell(.exact(hashFitness(search.pending.trials.first!)))
    }
  }

  @Test("The worst makes room: the population is the best of different genomes that are in it so far")
  func worst() throws {
    for seed in 0..<5 as Range<UInt64> {
      var search = try search(seed: seed, lag: 0)
      var members: [Individual] = []
      for place in 0..<80 {
        let trial = search.ask()!
        if place >= 8 { #expect(search.population == members, "seed \(seed), trial \(place)") }
        let individual = Individual(trial: trial, fitness: hashFitness(trial))
        if place < 8 || !members.contains(where: { $0.trial.genome == trial.genome }) {
          members = Array((members + [individual]).sorted(by: Individual.isBetter).prefix(8))
        }
        search.tell(.exact(individual.fitness))
      }
    }
  }

  @Test("The loser of a tournament makes room even for a worse child, but the best never does")
  func loser() throws {
    var worseCame = false
    for seed in 0..<5 as Range<UInt64> {
      var search = try search(seed: seed, lag: 0, replacement: .tournamentLoser(size: 2))
      for _ in 0..<80 {
        let before = search.population
        let trial = search.ask()!
        if let worst = before.last, search.population.last.map({ Individual.isBetter(worst, $0) }) == true {
          worseCame = true
        }
        if let best = before.first { #expect(!Individual.isBetter(best, search.population[0]), "seed \(seed)") }
        search.tell(.exact(hashFitness(trial)))
      }
      #expect(search.population.count == 8)
    }
    #expect(worseCame)
  }

  @Test("The success rule acts after each population of children")
  func successRule() throws {
    var search = try search(lag: 3, rule: SuccessRule(target: 0.2, step: 2, range: 0.01...16))
    var factors: [Double] = []
    for place in 0..<41 {
      while search.asked <= place, search.ask() == nil { tellOne() }
      factors.append(search.mutationFactor)
    }
    func tellOne() {
      let trial = search.pending.trials.first!
      search.tell(.exact(Fitness([Double(trial.id.generation * 8 + trial.id.index)])))
    }
    // Every child is better than its parents. The first 16 answers are in for trial 19.
    #expect(factors[18] == 1 && factors[19] == 2 && factors[26] == 2 && factors[27] == 4 && factors[35] == 8)
  }

  @Test("A fitness that is never finite still breeds")
  func nonfinite() throws {
    var search = try search()
    #expect(run(&search, trials: 48) { _ in .worst(values: 2) }.count == 48)
    #expect(search.best?.trial.id == TrialID(generation: 0, index: 0))
  }
}
