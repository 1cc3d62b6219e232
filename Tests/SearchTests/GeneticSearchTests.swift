import Search
import Testing

/// The laws of the genetic algorithm's histories.
@Suite struct GeneticSearchTests {
  @Test("The laws of every search")
  func laws() throws {
    try checkLaws(trials: 60) { seed in
      GeneticSearch(
        settings: GeneticSettings(populationSize: 12, eliteSize: 4, mutationAmount: 0.01...0.2),
        space: try space(kept: 90, seed: seed))
    }
  }
}
