import Pruning
import Search
import Testing

/// Random search: the laws, and the best of all.
@Suite struct RandomSearchTests {
  @Test("The laws of every search")
  func laws() throws {
    try checkLaws(trials: 50) { seed in
      RandomSearch(generationSize: 8, noise: 0.5, space: try space(kept: 90, seed: seed))
    }
  }

  @Test("The best is the best of all answers, of equals the first")
  func best() throws {
    var search = RandomSearch(generationSize: 4, noise: 1, space: try space(kept: 90))
    var all: [Individual] = []
    _ = run(&search, trials: 60) { trial in
      let fitness = hashFitness(trial)
      all.append(Individual(trial: trial, fitness: fitness))
      return fitness
    }
    #expect(search.best == all.min(by: Individual.isBetter))
  }

  @Test("Noise 0 gives magnitude pruning again and again")
  func withoutNoise() throws {
    let space = try maskSpace(kept: 90)
    var search = RandomSearch(generationSize: 4, noise: 0, space: .masks(space))
    let masks = (0..<4).map { _ in search.ask()!.mask }
    #expect(Set(masks).count == 1)
    let smallestKept = masks[0].keptPositions.map { space.tables.magnitudes[$0] }.min()!
    #expect(space.tables.magnitudes.count { $0 >= smallestKept } == 90)
  }
}
