import Pruning
import Search
import Testing

/// Simulated annealing on landscapes whose answers are known.
@Suite struct AnnealingBehaviourTests {
  @Test("Acceptance falls with temperature, over bounded blocks of steps")
  func acceptanceFalls() {
    for seed in 1...3 as ClosedRange<UInt64> {
      let landscape = RuggedLandscape(units: 12, seed: seed)
      var search = AnnealingSearch(
        settings: AnnealingSettings(
          chains: 16, startTemperature: .accepting(0.8), stopTemperature: .fraction(0.02), coolingSteps: 1024,
          mutation: .bitFlip, mutationAmount: 1e-6...1e-6),
        space: bitStrings(12, seed: seed))
      _ = run(&search, trials: 16 * (17 + 1024), fitness: landscape.fitness)
      let blocks = search.acceptance
      #expect(blocks.count <= 64 && blocks.reduce(0) { $0 + $1.proposed } == 16 * 1024)
      #expect(zip(blocks, blocks.dropFirst()).allSatisfy { $0.temperature > $1.temperature })
      let eighths = stride(from: 0, to: blocks.count, by: blocks.count / 8).map { start in
        blocks[start..<start + blocks.count / 8].reduce(0) { $0 + $1.rate }
      }
      #expect(zip(eighths, eighths.dropFirst()).allSatisfy(>), "seed \(seed): \(eighths)")
      #expect(blocks.first!.rate > 0.7 && blocks.last!.rate < 0.1, "seed \(seed)")
    }
  }

  @Test("The adaptive cooling keeps acceptance near its targets")
  func adaptive() {
    let landscape = RuggedLandscape(units: 12, seed: 4)
    var search = AnnealingSearch(
      settings: AnnealingSettings(
        chains: 8, startTemperature: .given(5), stopTemperature: .given(1e-4), cooling: .adaptive, coolingSteps: 6400,
        mutation: .bitFlip, mutationAmount: 1e-6...1e-6),
      space: bitStrings(12, seed: 4))
    _ = run(&search, trials: 8 * 6401, fitness: landscape.fitness)
    let blocks = search.acceptance
    // A block is a 50th of the horizon here; the target is 0.44 between 15 and 65 % of it.
    let middle = blocks[15..<30]
    let rate = middle.reduce(0) { $0 + $1.rate } / Double(middle.count)
    #expect(abs(rate - 0.44) < 0.03, "\(rate)")
    #expect(blocks.last!.rate < 0.1, "\(blocks.last!)")
  }

  @Test("Finds a planted mask among traps in which a hill climb ends")
  func plantedMask() {
    for seed in 1...3 as ClosedRange<UInt64> {
      let planted = PlantedMask(threes: 6, seed: seed)
      func best(_ start: StartTemperature, _ stop: StopTemperature) -> Fitness {
        var search = AnnealingSearch(
          settings: AnnealingSettings(
            chains: 4, startTemperature: start, stopTemperature: stop, coolingSteps: 2000, mutation: .bitFlip,
            mutationAmount: 1e-6...1e-6, initial: .random),
          space: planted.space)
        _ = run(&search, trials: 4 * 2017, fitness: planted.fitness)
        return search.best!.fitness
      }
      #expect(best(.accepting(0.5), .fraction(0.1)) == Fitness([18]), "seed \(seed)")
      #expect(best(.given(1e-6), .given(1e-6)) < Fitness([18]), "seed \(seed)")
    }
  }

  @Test("Reheating escapes a trap in which cooling alone ends", arguments: Reheating.Progress.allCases)
  func reheating(progress: Reheating.Progress) {
    for seed in 1...3 as ClosedRange<UInt64> {
      let space = bitStrings(10, seed: seed)
      let wells = TwoWells(space)
      func best(_ reheating: Reheating?) -> Double {
        var search = AnnealingSearch(
          settings: AnnealingSettings(
            chains: 1, startTemperature: .given(0.6), stopTemperature: .given(0.02), cooling: .rate(0.8),
            coolingSteps: 200, reheating: reheating, mutation: .bitFlip, mutationAmount: 1e-6...1e-6, initial: .equal),
          space: space)
        _ = run(&search, trials: 8000, fitness: wells.fitness)
        #expect(search.acceptance.allSatisfy { $0.temperature <= 0.6 }, "seed \(seed)")
        return search.best!.fitness.value
      }
      #expect(best(nil) == 1, "seed \(seed)")
      #expect(best(Reheating(steps: 60, progress: progress, factor: 40)) == 1.5, "seed \(seed)")
    }
  }

  @Test("Damaged snapshots throw, or give a search that goes on", arguments: [3, 9, 14, 40])
  func damage(trials: Int) throws {
    for cooling in [Cooling.geometric, .adaptive] {
      try checkDamage(after: trials, fitness: constrainedFitness) {
        AnnealingSearch(
          settings: AnnealingSettings(
            chains: 4, calibrationSteps: 2, cooling: cooling, coolingSteps: 10,
            reheating: Reheating(steps: 3, factor: 4), mutationAmount: 0.1...0.3),
          space: bitStrings(40))
      }
    }
  }
}
