import Pruning
import Search
import Testing

/// The laws of the genetic algorithm's histories.
@Suite struct GeneticSearchTests {
  private func search(
    seed: UInt64 = 1, kept: Int = 90, size: Int = 12, elite: Int = 4, initial: InitialPopulation = InitialPopulation()
  ) throws -> GeneticSearch {
    GeneticSearch(
      settings: GeneticSettings(populationSize: size, eliteSize: elite, swapFraction: 0.01...0.2, initial: initial),
      space: try space(kept: kept, seed: seed))
  }

  @Test("The same seed gives the same trials, another seed others")
  func seeds() throws {
    var histories: [[String]] = []
    for seed in [1, 1, 2 as UInt64] {
      var search = try search(seed: seed)
      histories.append(history(of: &search, generations: 6))
    }
    #expect(histories[0] == histories[1])
    #expect(histories[0] != histories[2])
  }

  @Test("The seed alone decides, with the weights unchanged")
  func seedOfOperators() throws {
    let layout = try oneHiddenLayer()
    let values = weights(of: layout, seed: 9)
    let histories = try [1, 2 as UInt64].map { seed in
      var search = GeneticSearch(
        settings: GeneticSettings(populationSize: 8, eliteSize: 2),
        space: try space(kept: 90, seed: seed, weights: values))
      return history(of: &search, generations: 2)
    }
    #expect(histories[0] != histories[1])
  }

  @Test("The history of few generations is a prefix of that of many")
  func prefix() throws {
    var long = try search()
    let all = history(of: &long, generations: 9)
    for generations in 0...9 {
      var short = try search()
      #expect(history(of: &short, generations: generations) == Array(all.prefix(12 * generations)))
    }
  }

  @Test(
    "Every trial keeps the exact count; its name is its place; its parents came before it", arguments: [1, 5, 90, 259])
  func trials(kept: Int) throws {
    let mixed = InitialPopulation(magnitude: 0.25, random: 0.25, equal: 0.25, exponential: 0.25)
    for initial in [mixed, InitialPopulation(magnitude: 0, random: 0, equal: 1)] {
      var search = try search(kept: kept, initial: initial)
      for generation in 0..<8 {
        let trials = search.ask()
        #expect(trials.count == 12)
        for (index, trial) in trials.enumerated() {
          #expect(trial.id == TrialID(generation: generation, index: index))
          #expect(trial.mask.population == kept && trial.mask.count == 260)
          #expect(generation == 0 ? trial.parents.isEmpty : (1...2).contains(trial.parents.count))
          #expect(trial.parents.allSatisfy { $0.generation < generation })
        }
        search.tell(trials.map(hashFitness))
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
        let trials = search.ask()
        search.tell(trials.map(hashFitness))
        seen += trials.map { Individual(trial: $0, fitness: hashFitness($0)) }
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
      let trials = search.ask()
      search.tell(trials.map(hashFitness))
      seen += trials.map { Individual(trial: $0, fitness: hashFitness($0)) }
      #expect(search.population == Array(seen.sorted(by: Individual.isBetter).prefix(12)))
    }
  }

  @Test("Without an elite no parent survives")
  func generational() throws {
    var search = try search(elite: 0)
    for generation in 0..<5 {
      let trials = search.ask()
      search.tell(trials.map(hashFitness))
      #expect(search.population.allSatisfy { $0.trial.id.generation == generation })
    }
  }

  @Test("A population whose fitness is never finite still breeds")
  func nonfinite() throws {
    var search = try search()
    let lines = history(of: &search, generations: 4) { _ in Objective.loss.fitness(.nonfinite) }
    #expect(lines.count == 48)
    #expect(search.best?.trial.id == TrialID(generation: 0, index: 0))
  }

  @Test("Settings that are none trap")
  func badParameters() async {
    await #expect(processExitsWith: .failure) {
      _ = GeneticSearch(settings: GeneticSettings(populationSize: 1, eliteSize: 0), space: try space(kept: 9))
    }
    await #expect(processExitsWith: .failure) {
      _ = GeneticSearch(settings: GeneticSettings(populationSize: 4, eliteSize: 5), space: try space(kept: 9))
    }
    await #expect(processExitsWith: .failure) {
      _ = GeneticSearch(
        settings: GeneticSettings(populationSize: 4, eliteSize: 0, swapFraction: 0...0.5), space: try space(kept: 9))
    }
  }

  @Test("Asking twice, or telling too few, traps")
  func misuse() async {
    await #expect(processExitsWith: .failure) {
      var search = GeneticSearch(settings: GeneticSettings(), space: try space(kept: 9))
      _ = search.ask()
      _ = search.ask()
    }
    await #expect(processExitsWith: .failure) {
      var search = GeneticSearch(settings: GeneticSettings(), space: try space(kept: 9))
      search.tell(Array(search.ask().map(hashFitness).dropLast()))
    }
  }
}
