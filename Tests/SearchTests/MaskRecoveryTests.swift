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
    let parameters = (0..<layout.count).map { _ in Float(1 + 0.1 * stream.uniform()) }
    let space = MaskSpace(
      layout: layout, parameters: parameters, size: .exactly(64), seed: seed)
    return (.masks(space), randomMask(256, kept: 64, &stream))
  }

  @Test("Genetic algorithms find it, random search does not", arguments: 0..<4 as Range<UInt64>)
  func recovery(seed: UInt64) throws {
    let (space, hidden) = try problem(seed: seed)
    let breeding = Breeding(mutationAmount: 0.01...0.1)
    let initial = InitialPopulation(magnitude: 0, random: 1)
    let genetic = GeneticSettings(populationSize: 48, eliteSize: 16, breeding: breeding, initial: initial)
    let steady = SteadyStateSettings(populationSize: 48, breeding: breeding, initial: initial)
    let island = GeneticSettings(populationSize: 16, eliteSize: 5, breeding: breeding, initial: initial)
    let islands = IslandSettings(genetic: island, islands: 3, migrationInterval: 5, migrants: 1)
    // By chance 16 of 64 overlap; the deviation is 3, so even thousands of draws stay below 32.
    #expect(overlap(RandomSearch(generationSize: 48, noise: 10, space: space), hidden) < 32)
    let found = [
      overlap(GeneticSearch(settings: genetic, space: space), hidden),
      overlap(SteadyStateSearch(settings: steady, space: space), hidden),
      overlap(IslandSearch(settings: islands, space: space), hidden),
    ]
    // Islands of a third of the size converge later.
    #expect(found[0] >= 58 && found[1] >= 58 && found[2] >= 54, "found \(found) of 64")
  }

  /// How much of the hidden mask is found in 80 generations of 48.
  private func overlap(_ search: some SearchAlgorithm, _ hidden: Mask) -> Double {
    var search = search
    _ = run(&search, trials: 80 * 48) { Fitness([Double($0.mask.intersection(hidden).population)]) }
    return search.best!.fitness.value
  }
}
