import Models
import Pruning
import Randomness
import Search
import Testing

/// A problem with a known solution: find the hidden mask, told only how much a guess overlaps with it.
@Suite struct MaskRecoveryTests {
  /// 256 weights of similar size, so that magnitude says nothing about the hidden mask of 64.
  private func problem(seed: UInt64) throws -> (space: SearchSpace, hidden: Mask) {
    let layout = ParameterLayout(try NetworkDescription(name: "recovery", widths: [32, 8, 2]))
    var stream = RandomStream(seed: seed, .test)
    let parameters = (0..<layout.count).map { _ in Float(0.5 + stream.uniform()) }
    let space = SearchSpace(
      layout: layout, parameters: parameters, budget: try Budget(kept: 64, layout: layout), seed: seed)
    return (space, randomMask(256, kept: 64, &stream))
  }

  @Test("The genetic algorithm finds it, random search does not", arguments: 0..<4 as Range<UInt64>)
  func recovery(seed: UInt64) throws {
    let (space, hidden) = try problem(seed: seed)
    func overlap(_ trial: Trial) -> Fitness { Fitness(value: Double(trial.mask.intersection(hidden).population)) }
    let settings = GeneticSettings(
      populationSize: 48, eliteSize: 16, swapFraction: 0.01...0.1, initial: InitialPopulation(magnitude: 0, random: 1))
    var genetic = GeneticSearch(settings: settings, space: space)
    var random = RandomSearch(batchSize: 48, noise: 10, space: space)
    for _ in 0..<80 {
      genetic.tell(genetic.ask().map(overlap))
      random.tell(random.ask().map(overlap))
    }
    // By chance 16 of 64 overlap; the deviation is 3, so even thousands of draws stay below 32.
    #expect(random.best!.fitness.value < 32)
    #expect(genetic.best!.fitness.value >= 58, "found \(genetic.best!.fitness.value) of 64")
  }
}
