import Pruning
import Randomness
import Search
import Testing

/// The laws of the genetic algorithm's histories.
@Suite struct GeneticSearchTests {
  private func search(
    seed: UInt64 = 1, kept: Int = 90, size: Int = 12, elite: Int = 4, hall: Int = 10,
    breeding: Breeding = Breeding(mutationAmount: 0.01...0.2), initial: InitialPopulation = InitialPopulation()
  ) throws -> GeneticSearch {
    GeneticSearch(
      settings: GeneticSettings(
        populationSize: size, eliteSize: elite, breeding: breeding, initial: initial, hallOfFameSize: hall),
      space: try space(kept: kept, seed: seed))
  }

  @Test(
    "The laws of every search, with each selection",
    arguments: [.tournament(size: 3), .roulette, .rank(pressure: 1.7), .truncation(fraction: 0.4)] as [Selection])
  func laws(selection: Selection) throws {
    let breeding = Breeding(
      selection: selection, crossovers: Crossover.allCases.map { Share($0, 1) },
      mutations: [Share(.bitFlip, 1), Share(.magnitude, 2)], mutationAmount: 0.01...0.2, successRule: SuccessRule())
    try checkLaws(trials: 60) { seed in try search(seed: seed, breeding: breeding) }
    try checkLaws(trials: 40) { seed in
      GeneticSearch(
        settings: GeneticSettings(populationSize: 8, eliteSize: 2, breeding: breeding),
        space: .reals(RealSpace(bounds: Array(repeating: -1...1, count: 5), seed: seed)))
    }
    try checkLaws(trials: 40) { seed in
      GeneticSearch(
        settings: GeneticSettings(populationSize: 8, eliteSize: 2, breeding: breeding),
        space: .choices(ChoiceSpace(cardinalities: [4, 1, 9, 30], seed: seed)))
    }
  }

  @Test("The seed alone decides, with the weights unchanged")
  func seedOfOperators() throws {
    let values = weights(of: try oneHiddenLayer(), seed: 9)
    let histories = try [1, 2 as UInt64].map { seed in
      var search = GeneticSearch(
        settings: GeneticSettings(populationSize: 8, eliteSize: 2),
        space: try space(kept: 90, seed: seed, weights: values))
      return run(&search, trials: 16)
    }
    #expect(histories[0] != histories[1])
  }

  @Test(
    "Every trial keeps the exact count; its name is its place; its parents came before it", arguments: [1, 5, 90, 259])
  func trials(kept: Int) throws {
    let mixed = InitialPopulation(magnitude: 0.25, random: 0.25, equal: 0.25, exponential: 0.25)
    for initial in [mixed, InitialPopulation(magnitude: 0, random: 0, equal: 1)] {
      var search = try search(kept: kept, initial: initial)
      for generation in 0..<8 {
        let trials = ask(&search)
        #expect(trials.count == 12)
        for (index, trial) in trials.enumerated() {
          #expect(trial.id == TrialID(generation: generation, index: index))
          #expect(trial.mask.population == kept && trial.mask.count == 260)
          #expect(generation == 0 ? trial.parents.isEmpty : (1...2).contains(trial.parents.count))
          #expect(trial.parents.allSatisfy { $0.generation < generation })
        }
        for trial in trials { search.tell(.exact(hashFitness(trial))) }
      }
    }
  }

  @Test("The best never gets worse, with and without an elite", arguments: [0, 1, 4, 12])
  func best(elite: Int) throws {
    for seed in 0..<5 as Range<UInt64> {
      var search = try search(seed: seed, elite: elite)
      var seen: [Individual] = []
      var last: Fitness?
      for _ in 0..<10 {
        let before = search.population.first
        seen += generation(&search)
        #expect(search.best == seen.min(by: Individual.isBetter), "seed \(seed)")
        if let last { #expect(search.best!.fitness >= last, "seed \(seed)") }
        last = search.best?.fitness
        if elite > 0, let before { #expect(search.population[0].fitness >= before.fitness, "seed \(seed)") }
        #expect(search.population.count == 12)
        #expect(!zip(search.population, search.population.dropFirst()).contains { Individual.isBetter($1, $0) })
      }
    }
  }

  @Test("A full elite is (μ + λ): the population is the best of all that was ever seen")
  func muPlusLambda() throws {
    var search = try search(elite: 12)
    var seen: [Individual] = []
    for _ in 0..<6 {
      seen += generation(&search)
      #expect(search.population == Array(seen.sorted(by: Individual.isBetter).prefix(12)))
    }
  }

  @Test("Without an elite no parent survives")
  func generational() throws {
    var search = try search(elite: 0)
    for number in 0..<5 {
      _ = generation(&search)
      #expect(search.population.allSatisfy { $0.trial.id.generation == number })
    }
  }

  @Test("The hall of fame has the best different genomes of all the search", arguments: [1, 3, 10])
  func hallOfFame(size: Int) throws {
    for seed in 0..<5 as Range<UInt64> {
      // Founders are equal and crossovers of equals make equals, so genomes do come again.
      var search = try search(
        seed: seed, elite: 1, hall: size, breeding: Breeding(mutationRate: 0.3, mutationAmount: 0.01...0.02),
        initial: InitialPopulation(magnitude: 0, random: 0, equal: 1))
      var seen: [Individual] = []
      for _ in 0..<8 {
        seen += generation(&search)
        var genomes = Set<Genome>()
        let best = seen.sorted(by: Individual.isBetter).filter { genomes.insert($0.trial.genome).inserted }
        #expect(genomes.count < seen.count)
        #expect(search.hallOfFame == Array(best.prefix(size)), "seed \(seed)")
      }
    }
  }

  @Test(
    "A population whose fitness is never finite still breeds",
    arguments: [.tournament(size: 3), .roulette, .rank(pressure: 2), .truncation(fraction: 0.1)] as [Selection])
  func nonfinite(selection: Selection) throws {
    var search = try search(breeding: Breeding(selection: selection))
    #expect(run(&search, trials: 48) { _ in .worst(values: 2) }.count == 48)
    #expect(search.best?.trial.id == TrialID(generation: 0, index: 0))
  }

  @Test("Amounts of mutations follow success: up while children are better, down to the bound while none is")
  func successRule() throws {
    let rule = SuccessRule(target: 0.2, step: 1.5, range: 0.1...4)
    #expect(rule.factor(after: 1, successes: 2, of: 10) == 1)
    #expect(rule.factor(after: 1, successes: 3, of: 10) == 1.5)
    #expect(rule.factor(after: 1.5, successes: 1, of: 10) == 1)
    #expect(rule.factor(after: 3, successes: 10, of: 10) == 4)

    var better = try search(breeding: Breeding(successRule: rule))
    var worse = better
    var (ups, downs): ([Double], [Double]) = ([], [])
    for _ in 0..<8 {
      for trial in ask(&better) { better.tell(.exact(Fitness([Double(trial.id.generation)]))) }
      for trial in ask(&worse) { worse.tell(.exact(Fitness([-Double(trial.id.generation)]))) }
      ups.append(better.mutationFactor)
      downs.append(worse.mutationFactor)
    }
    #expect(ups == [1, 1.5, 2.25, 3.375, 4, 4, 4, 4])
    #expect(downs[0] == 1 && zip(downs, downs.dropFirst()).allSatisfy { $1 < $0 || $1 == 0.1 } && downs[7] == 0.1)
  }

  @Test("The factor is what amounts are multiplied by")
  func factor() throws {
    let breeding = Breeding(
      crossoverRate: 0, mutationRate: 1, mutationAmount: 0.05...0.05,
      successRule: SuccessRule(step: 2, range: 0.5...4))
    var search = try search(kept: 100, breeding: breeding)
    var exchanged: [Set<Int>] = []
    for _ in 0..<5 {
      let genomes = Dictionary(search.population.map { ($0.trial.id, $0.trial.mask) }) { first, _ in first }
      let trials = ask(&search)
      exchanged.append(
        Set(trials.compactMap { trial in genomes[trial.parents.first ?? trial.id]?.subtracting(trial.mask).population })
      )
      for trial in trials { search.tell(.exact(Fitness([Double(trial.id.generation)]))) }
    }
    #expect(exchanged == [[], [5], [10], [20], [20]])
  }
}
