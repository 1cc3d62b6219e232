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

  // MARK: Ranges of sizes and fronts

  private func range(_ sizes: ClosedRange<Int>, seed: UInt64 = 1) throws -> SearchSpace {
    let exact = try maskSpace(kept: 90, seed: seed)
    return .masks(
      MaskSpace(
        scores: exact.tables.magnitudes, layers: exact.layers, neurons: exact.neurons, size: .within(sizes),
        floors: exact.floors, seed: seed))
  }

  @Test("The laws of every search, with a front and a range of sizes")
  func frontLaws() throws {
    try checkLaws(trials: 50) { seed in
      RandomSearch(generationSize: 8, noise: 0.5, archiveSize: 5, space: try range(20...200, seed: seed))
    }
    try checkDamage(trials: 21) {
      RandomSearch(generationSize: 4, noise: 0.5, archiveSize: 5, space: try range(20...200))
    }
  }

  @Test("Sizes are uniform in their logarithm: as many of 16 to 32 units as of 32 to 64 and 64 to 128")
  func sizes() throws {
    var search = RandomSearch(generationSize: 64, noise: 0.5, space: try range(16...127))
    var counts = [0, 0, 0]
    _ = run(&search, trials: 3000) { trial in
      let kept = trial.mask.population
      counts[kept < 32 ? 0 : kept < 64 ? 1 : 2] += 1
      return hashFitness(trial)
    }
    // 1000 each, with a standard deviation of 26; rounding at the ends moves a few.
    #expect(counts.allSatisfy { abs($0 - 1000) < 130 }, "\(counts)")
  }

  @Test("With a memory for it the front is what no trial dominates; without, the best alone")
  func front() throws {
    for seed in 1...5 as ClosedRange<UInt64> {
      var search = RandomSearch(
        generationSize: 8, noise: 1, archiveSize: 1000, space: try range(20...200, seed: seed))
      var all: [Individual] = []
      _ = run(&search, trials: 100) { trial in
        let fitness = Fitness([hashFitness(trial).value, -Double(trial.mask.population)])
        all.append(Individual(trial: trial, fitness: fitness))
        return fitness
      }
      let expected = all.filter { one in !all.contains { $0.fitness.dominates(one.fitness) } }
      #expect(Set(search.front.map(\.fitness)) == Set(expected.map(\.fitness)), "seed \(seed)")
      #expect(search.front.count == Set(expected.map(\.fitness)).count && search.front.count > 1, "seed \(seed)")
    }
    var alone = RandomSearch(generationSize: 8, noise: 1, space: try range(20...200))
    #expect(alone.front.isEmpty)
    _ = run(&alone, trials: 20)
    #expect(alone.front == [alone.best!])
  }
}
