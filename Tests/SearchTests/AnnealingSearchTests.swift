import Digests
import Elementary
import Pruning
import Search
import Testing

/// Simulated annealing: laws, racing, temperatures, and what it finds.
@Suite struct AnnealingSearchTests {
  static let coolings: [Cooling] = [.constant, .geometric, .rate(0.9), .logarithmic, .adaptive]

  private func search(
    _ cooling: Cooling, racing: Bool, seed: UInt64, reheating: Reheating? = Reheating(steps: 5, factor: 4)
  ) throws -> AnnealingSearch {
    AnnealingSearch(
      settings: AnnealingSettings(
        chains: 5, calibrationSteps: 3, cooling: cooling, coolingSteps: 12, reheating: reheating,
        mutationAmount: 0.01...0.2, isNarrowing: cooling != .constant, isRacing: racing),
      space: try space(kept: 90, seed: seed))
  }

  @Test("The laws of every search", arguments: coolings, [false, true])
  func laws(cooling: Cooling, racing: Bool) throws {
    try checkLaws(trials: 90) { try search(cooling, racing: racing, seed: $0) }
    try checkLaws(trials: 60, fitness: constrainedFitness) { try search(cooling, racing: racing, seed: $0) }
  }

  @Test("The laws in spaces of vectors")
  func lawsOfVectors() throws {
    try checkLaws(trials: 60) { seed in
      AnnealingSearch(
        settings: AnnealingSettings(chains: 3, calibrationSteps: 2, coolingSteps: 20, mutationAmount: 0.1...0.5),
        space: .reals(RealSpace(bounds: Array(repeating: -1...2, count: 6), seed: seed)))
    }
    try checkLaws(trials: 60) { seed in
      AnnealingSearch(
        settings: AnnealingSettings(chains: 1, startTemperature: .given(2), mutationAmount: 0.1...0.5),
        space: .choices(ChoiceSpace(cardinalities: [4, 1, 7, 5, 9, 3], seed: seed)))
    }
  }

  @Test("Racing changes no move, no best and no trial", arguments: coolings)
  func racing(cooling: Cooling) throws {
    for seed in 1...3 as ClosedRange<UInt64> {
      for progress in Reheating.Progress.allCases {
        let reheating = Reheating(steps: 4, progress: progress, factor: 3)
        for fitness in [hashFitness, constrainedFitness] {
          let plain = try search(cooling, racing: false, seed: seed, reheating: reheating)
          let racing = try search(cooling, racing: true, seed: seed, reheating: reheating)
          let expected = tracks(plain, trials: 200, fitness: fitness, \.states)
          let found = tracks(racing, trials: 200, fitness: fitness, \.states)
          #expect(found.lines == expected.lines, "seed \(seed)")
          #expect(expected.raced == 0 && found.raced > 20, "seed \(seed): \(found.raced) raced")
        }
      }
    }
  }

  @Test("Each cooling gives its temperatures, and none depends on the budget", arguments: coolings.dropLast())
  func temperatures(cooling: Cooling) {
    var search = AnnealingSearch(
      settings: AnnealingSettings(
        chains: 1, startTemperature: .given(8), stopTemperature: .given(0.5), cooling: cooling, coolingSteps: 40),
      space: bitStrings(16))
    _ = run(&search, trials: 1 + 64)
    let expected: (Int) -> Double = { t in
      switch cooling {
      case .constant, .adaptive: 8
      case .geometric: t < 40 ? 8 * Elementary.exp(Double(t) / 40 * Elementary.log(1.0 / 16)) : 0.5
      case .rate(let rate): max(0.5, (0..<min(t, 40)).reduce(8.0) { product, _ in product * rate })
      case .logarithmic: 8 * Elementary.log(2) / Elementary.log(2 + Double(min(t, 40)))
      }
    }
    #expect(search.acceptance.count == 64)
    for (t, count) in search.acceptance.enumerated() {
      #expect(abs(count.temperature - expected(t)) < 1e-12 && count.proposed == 1, "step \(t): \(count)")
    }
  }

  @Test("The calibrated start accepts worsenings with the chosen chance at any scale", arguments: [1e-3, 1, 1e3])
  func calibration(scale: Double) {
    for chance in [0.3, 0.5, 0.8] {
      var search = AnnealingSearch(
        settings: AnnealingSettings(
          chains: 8, startTemperature: .accepting(chance), calibrationSteps: 16, cooling: .constant,
          mutation: .bitFlip, mutationAmount: 1e-6...1e-6, initial: .random),
        space: bitStrings(96, seed: 5))
      // Units have worths between ½ and 1½, half of them negative.
      let fitness: (Trial) -> Fitness = { trial in
        Fitness([
          trial.mask.keptPositions.reduce(0) { sum, unit in
            sum + scale * (unit % 2 == 0 ? -1 : 1) * (0.5 + Double(unit) / 95)
          }
        ])
      }
      var (worse, accepted) = (0, 0)
      while search.told < 8 * 600 {
        while search.ask() != nil {}
        let trial = search.pending.trials.first!
        let before = search.states.indices.contains(trial.id.index) ? search.states[trial.id.index] : nil
        let found = answer(trial, fitness)
        search.tell(found)
        guard trial.id.generation > 16, let before else { continue }
        let isAccepted = search.states[trial.id.index].trial.id == trial.id
        guard found == .worseThanThreshold || found.fitness! < before.fitness else { continue }
        worse += 1
        if isAccepted { accepted += 1 }
      }
      let rate = Double(accepted) / Double(worse)
      #expect(abs(rate - chance) < 0.06, "scale \(scale), chance \(chance): \(rate) of \(worse)")
    }
  }

  @Test("Where rounding makes ties of near ties, racing decides them alike", arguments: [1e-30, 1e-17])
  func racingTies(temperature: Double) throws {
    func search(_ racing: Bool) -> AnnealingSearch {
      AnnealingSearch(
        settings: AnnealingSettings(
          chains: 3, startTemperature: .given(temperature), mutation: .bitFlip, mutationAmount: 0.01...0.2,
          isRacing: racing),
        space: bitStrings(60))
    }
    let expected = tracks(search(false), trials: 300, fitness: constrainedFitness, \.states)
    let found = tracks(search(true), trials: 300, fitness: constrainedFitness, \.states)
    #expect(found.lines == expected.lines)
    #expect(found.raced > 100)
  }

  @Test("No feasible state is left for an infeasible one, every infeasible one for a feasible one")
  func feasibility() throws {
    for seed in 1...3 as ClosedRange<UInt64> {
      var search = AnnealingSearch(
        settings: AnnealingSettings(
          chains: 6, startTemperature: .given(1e6), cooling: .constant, mutationAmount: 0.01...0.2, isRacing: false),
        space: try space(kept: 90, seed: seed))
      var (left, kept) = (0, 0)
      while search.told < 600 {
        while search.ask() != nil {}
        let trial = search.pending.trials.first!
        let before = search.states.indices.contains(trial.id.index) ? search.states[trial.id.index] : nil
        let found = constrainedFitness(trial)
        search.tell(.exact(found))
        guard let before else { continue }
        let isAccepted = search.states[trial.id.index].trial.id == trial.id
        switch (before.fitness.violation > 0, found.violation > 0) {
        case (false, true):
          #expect(!isAccepted, "seed \(seed), \(trial.id)")
          kept += 1
        case (true, false):
          #expect(isAccepted, "seed \(seed), \(trial.id)")
          left += 1
        // At such a temperature every finite worsening passes, and what cannot be judged is left for anything.
        case (true, true): #expect(isAccepted == (found.violation < .infinity || before.fitness == found))
        case (false, false): #expect(isAccepted == (found.value > -.infinity || before.fitness.value == found.value))
        }
      }
      #expect(left > 0 && kept > 50, "seed \(seed)")
    }
  }

  @Test("Where nothing differs the temperature is 0 and every tie is accepted")
  func plateau() {
    var search = AnnealingSearch(
      settings: AnnealingSettings(chains: 2, calibrationSteps: 4, cooling: .adaptive), space: bitStrings(20))
    _ = run(&search, trials: 200) { _ in Fitness([1]) }
    #expect(search.startTemperature == 0)
    #expect(search.acceptance.allSatisfy { $0.accepted == $0.proposed && $0.temperature == 0 })
  }
}
