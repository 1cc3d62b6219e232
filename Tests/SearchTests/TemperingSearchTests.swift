import Pruning
import Search
import Testing

/// Parallel tempering: laws, racing, the ladder, and barriers.
@Suite struct TemperingSearchTests {
  private func search(racing: Bool, interval: Int, seed: UInt64) throws -> TemperingSearch {
    TemperingSearch(
      settings: TemperingSettings(
        temperatures: 5, calibrationSteps: 2, exchangeInterval: interval, mutationAmount: 0.01...0.2,
        isNarrowing: interval > 1, isRacing: racing),
      space: try space(kept: 90, seed: seed))
  }

  @Test("The laws of every search", arguments: [false, true], [1, 3])
  func laws(racing: Bool, interval: Int) throws {
    try checkLaws(trials: 90) { try search(racing: racing, interval: interval, seed: $0) }
    try checkLaws(trials: 60, fitness: constrainedFitness) {
      try search(racing: racing, interval: interval, seed: $0)
    }
  }

  @Test("The laws in a space of vectors, with the least ladder and given extremes")
  func lawsOfVectors() throws {
    try checkLaws(trials: 60) { seed in
      TemperingSearch(
        settings: TemperingSettings(
          temperatures: 2, hottest: .given(4), coldest: .given(0.5), exchangeInterval: 1, mutationAmount: 0.1...0.5),
        space: .reals(RealSpace(bounds: Array(repeating: -1...2, count: 6), seed: seed)))
    }
  }

  @Test("Racing changes no move, no exchange, no best and no trial")
  func racing() throws {
    for seed in 1...3 as ClosedRange<UInt64> {
      for fitness in [hashFitness, constrainedFitness] {
        let plain = try search(racing: false, interval: 1, seed: seed)
        let racing = try search(racing: true, interval: 1, seed: seed)
        let expected = tracks(plain, trials: 200, fitness: fitness, \.states)
        let found = tracks(racing, trials: 200, fitness: fitness, \.states)
        #expect(found.lines == expected.lines, "seed \(seed)")
        #expect(expected.raced == 0 && found.raced > 20, "seed \(seed): \(found.raced) raced")
      }
    }
  }

  @Test("A chain waits for its own answer, and before an exchange for its partner's alone")
  func waiting() {
    var search = TemperingSearch(
      settings: TemperingSettings(temperatures: 4, hottest: .given(1), exchangeInterval: 2), space: bitStrings(20))
    // After each answer: how many trials can be asked at once.
    var asked: [Int] = []
    while search.told < 16 {
      var count = 0
      while search.ask() != nil { count += 1 }
      asked.append(count)
      search.tell(answer(search.pending.trials.first!, hashFitness))
    }
    // After steps 0, 1 and 3 each answer lets one trial go. After step 2 chains 0 and 1 exchange, as do 2 and 3: the
    // lower one goes with the upper one's answer.
    #expect(asked == [4, 1, 1, 1, 1, 1, 1, 1, 1, 0, 2, 0, 2, 1, 1, 1])
  }

  @Test("The ladder is geometric between its extremes, calibrated at any scale", arguments: [1e-3, 1e3])
  func ladder(scale: Double) {
    var search = TemperingSearch(
      settings: TemperingSettings(
        temperatures: 5, hottest: .accepting(0.5), coldest: .fraction(0.0625), mutation: .bitFlip,
        mutationAmount: 1e-6...1e-6),
      space: bitStrings(30))
    _ = run(&search, trials: 5 * 40) { Fitness([scale * Double($0.mask.population)]) }
    // Each neighbour differs by one unit, which exp(−scale / T) = ½ accepts.
    let hottest = scale / 0.693147180559945309
    for place in 0..<5 {
      let expected = hottest / [16, 8, 4, 2, 1][place]
      #expect(abs(search.temperature(place) / expected - 1) < 1e-12, "\(place): \(search.temperature(place))")
      #expect(abs(search.acceptance[place].temperature / expected - 1) < 1e-12)
    }
    #expect(search.acceptance.map(\.proposed) == Array(repeating: 40 - 17, count: 5))
  }

  @Test("Crosses a barrier that a cold chain alone does not cross in as many evaluations")
  func barrier() {
    for seed in 1...3 as ClosedRange<UInt64> {
      let space = bitStrings(10, seed: seed)
      let wells = TwoWells(space)
      let evaluations = 12_000
      var alone = AnnealingSearch(
        settings: AnnealingSettings(
          chains: 1, startTemperature: .given(0.05), stopTemperature: .given(0.05), cooling: .constant,
          mutation: .bitFlip, mutationAmount: 1e-6...1e-6, initial: .equal), space: space)
      _ = run(&alone, trials: evaluations, fitness: wells.fitness)
      #expect(alone.best!.fitness.value == 1, "seed \(seed)")
      var tempering = TemperingSearch(
        settings: TemperingSettings(
          temperatures: 6, hottest: .given(0.6), coldest: .given(0.05), mutation: .bitFlip,
          mutationAmount: 1e-6...1e-6, initial: .equal), space: space)
      _ = run(&tempering, trials: evaluations, fitness: wells.fitness)
      #expect(tempering.best!.fitness.value == 1.5, "seed \(seed)")
      #expect(tempering.states[0].fitness.value > 1, "seed \(seed): the coldest chain is not in the higher well")
      #expect(tempering.exchanges.allSatisfy { $0.rate > 0.02 && $0.rate < 1 }, "seed \(seed)")
      let rates = tempering.acceptance.map(\.rate)
      #expect(rates == rates.sorted(), "seed \(seed): \(rates)")
    }
  }

  @Test("Finds a planted mask among traps")
  func plantedMask() {
    for seed in 1...3 as ClosedRange<UInt64> {
      let planted = PlantedMask(threes: 6, seed: seed)
      var search = TemperingSearch(
        settings: TemperingSettings(
          temperatures: 5, coldest: .fraction(0.2), mutation: .bitFlip, mutationAmount: 1e-6...1e-6, initial: .random),
        space: planted.space)
      _ = run(&search, trials: 10_000, fitness: planted.fitness)
      #expect(search.best!.fitness == Fitness([18]), "seed \(seed)")
    }
  }

  @Test("Damaged snapshots throw, or give a search that goes on", arguments: [2, 9, 13, 40])
  func damage(trials: Int) throws {
    try checkDamage(after: trials, fitness: constrainedFitness) {
      TemperingSearch(
        settings: TemperingSettings(
          temperatures: 4, calibrationSteps: 2, exchangeInterval: 1, mutationAmount: 0.1...0.3),
        space: bitStrings(40))
    }
  }
}
