import Digests
import Pruning
import Randomness
import Search
import Testing

/// (1 + λ): its laws, its stages, and that racing changes nothing but the price.
@Suite struct OnePlusLambdaSearchTests {
  private func settings(
    lambda: Int = 6, shares: [Double] = [1], survivors: [Int] = [], racing: Bool = true, horizon: Int? = nil,
    patience: Int? = nil
  ) -> OnePlusLambdaSettings {
    OnePlusLambdaSettings(
      lambda: lambda, shares: shares, survivors: survivors, racing: racing, mutationAmount: 0.01...0.2,
      horizon: horizon, patience: patience)
  }

  /// On fewer samples another number, which says something of the one on all.
  private func shared(_ trial: Trial) -> Fitness {
    let word = trial.genome.digest.firstWord
    let noise = Double(word >> 20 % 64) * (1 - trial.share)
    return Fitness([Double(word % 64) + noise])
  }

  @Test("The laws of every search: hill climb, race, stages, restarts")
  func laws() throws {
    let all = [
      settings(lambda: 1), settings(), settings(racing: false, horizon: 5),
      settings(lambda: 1, horizon: 20, patience: 4),
      settings(lambda: 8, shares: [0.1, 0.3, 1], survivors: [4, 2], patience: 3),
      settings(lambda: 3, shares: [0.5, 1], survivors: [3], horizon: 4),
    ]
    for settings in all {
      try checkLaws(trials: 80, fitness: shared) {
        OnePlusLambdaSearch(settings: settings, space: try space(kept: 90, seed: $0))
      }
    }
    try checkLaws(trials: 80, fitness: { Fitness([-$0.reals.reduce(0, +)]) }) {
      OnePlusLambdaSearch(
        settings: settings(), space: .reals(RealSpace(bounds: Array(repeating: 0...1, count: 4), seed: $0)))
    }
  }

  @Test("With racing the parents are the same, and most children need no exact fitness")
  func racing() throws {
    for seed in 1...6 as ClosedRange<UInt64> {
      let stages = seed % 2 == 0 ? settings() : settings(lambda: 8, shares: [0.2, 1], survivors: [5], patience: 6)
      var exact = stages
      exact.racing = false
      var raced = OnePlusLambdaSearch(settings: stages, space: try space(kept: 90, seed: seed))
      var plain = OnePlusLambdaSearch(settings: exact, space: try space(kept: 90, seed: seed))
      var cut = 0
      for generation in 1...40 {
        let trials = generation * raced.generationSize
        cut += drive(&raced, trials: trials, shared)
        #expect(drive(&plain, trials: trials, shared) == 0)
        #expect(raced.parent?.fitness == plain.parent?.fitness, "seed \(seed), generation \(generation)")
        #expect(raced.parent?.trial.genome == plain.parent?.trial.genome, "seed \(seed), generation \(generation)")
        #expect(raced.best?.trial.id == plain.best?.trial.id, "seed \(seed), generation \(generation)")
      }
      let lasts = 40 * stages.survivors.reduce(stages.lambda) { $1 }
      #expect(cut > lasts / 2 && cut < lasts, "seed \(seed): \(cut) of \(lasts)")
    }
  }

  @Test("Each share judges the best of the share before, and the last one decides")
  func stages() throws {
    var search = OnePlusLambdaSearch(
      settings: settings(lambda: 8, shares: [0.1, 0.3, 1], survivors: [4, 2], racing: false),
      space: try space(kept: 90))
    #expect(search.generationSize == 14)
    for generation in 0..<12 {
      let parent = search.parent
      var stage: [Individual] = []
      for (count, share) in [(8, 0.1), (4, 0.3), (2, 1.0)] {
        var trials: [Trial] = []
        while let trial = search.ask() { trials.append(trial) }
        #expect(trials.count == count && trials.allSatisfy { $0.share == share && $0.threshold == nil })
        #expect(trials.allSatisfy { $0.parents == (parent.map { [$0.trial.id] } ?? []) })
        if share > 0.1 {
          let best = stage.sorted(by: Individual.isBetter).prefix(count).map(\.trial.genome)
          #expect(trials.map(\.genome) == best, "generation \(generation), share \(share)")
        }
        stage = trials.map { Individual(trial: $0, fitness: shared($0)) }
        for individual in stage { search.tell(.exact(individual.fitness)) }
      }
      let child = stage.min(by: Individual.isBetter)!
      let isReplaced = parent.map { child.fitness >= $0.fitness } ?? true
      #expect(search.parent == (isReplaced ? child : parent), "generation \(generation)")
      #expect(search.best?.trial.share == 1)
    }
  }

  @Test("The amount shrinks geometrically over its horizon, and stays")
  func horizon() throws {
    var search = OnePlusLambdaSearch(settings: settings(lambda: 1, horizon: 20), space: try space(kept: 90))
    drive(&search, trials: 1, shared)
    var factor = 1.0
    for generation in 1...30 {
      let parent = search.parent!.trial.mask
      let child = search.ask()!.mask
      // 0.2 to 0.01 of 90 units in 20 equal steps; the twentieth root of 1/20 is 0.860891…
      let expected = max(1, (90 * max(0.2 * factor, 0.01)).rounded())
      #expect(Double(child.symmetricDifference(parent).population) == 2 * expected, "generation \(generation)")
      factor *= 0.860_891_659
      search.tell(.exact(shared(search.pending.trials.first!)))
    }
  }

  @Test("Restarts: after `patience` idle generations starts without parents, and the best is kept")
  func restarts() throws {
    var search = OnePlusLambdaSearch(settings: settings(lambda: 3, patience: 2), space: try space(kept: 90))
    // Founders are good, everything later is bad: every third generation starts anew.
    let fitness = { (trial: Trial) in Fitness([trial.id.generation == 0 ? 5 : trial.parents.isEmpty ? 3 : 1]) }
    for generation in 0..<30 {
      drive(&search, trials: 3 * generation, fitness)
      let trial = search.ask()!
      #expect(trial.parents.isEmpty == (generation % 3 == 0), "generation \(generation)")
      #expect((trial.threshold == nil) == trial.parents.isEmpty)
    }
    #expect(search.best?.trial.id == TrialID(generation: 0, index: 0))
  }

  @Test("On a plateau the first of equal children replaces the parent, and the first trial stays the best")
  func plateau() throws {
    var search = OnePlusLambdaSearch(settings: settings(lambda: 3), space: try space(kept: 90))
    for generation in 0..<10 {
      #expect(drive(&search, trials: 3 * (generation + 1)) { _ in Fitness([1]) } == 0)
      #expect(search.parent?.trial.id == TrialID(generation: generation, index: 0))
      #expect(search.best?.trial.id == TrialID(generation: 0, index: 0))
    }
  }

  @Test("OneMax", arguments: [1, 4, 16])
  func oneMax(lambda: Int) {
    for seed in 1...3 as ClosedRange<UInt64> {
      var search = OnePlusLambdaSearch(
        settings: OnePlusLambdaSettings(lambda: lambda, mutation: .bitFlip, mutationAmount: 0.001...0.001),
        space: bitStrings(64, seed: seed))
      drive(&search, trials: 2000) { Fitness([Double($0.mask.population)]) }
      #expect(search.best?.fitness == Fitness([64]), "seed \(seed)")
    }
  }

  @Test("A hidden mask is found again", arguments: [1, 8])
  func recovery(lambda: Int) throws {
    let space = try maskSpace(kept: 30)
    var stream = RandomStream(seed: 9, .test, 9)
    let hidden = randomMask(space.count, kept: 30, &stream)
    var search = OnePlusLambdaSearch(
      settings: OnePlusLambdaSettings(lambda: lambda, mutation: .bitFlip, mutationAmount: 0.01...0.1),
      space: .masks(space))
    drive(&search, trials: 30_000) { Fitness([Double($0.mask.intersection(hidden).population)]) }
    #expect(search.best?.trial.mask == hidden, "\(search.best!.fitness)")
  }

  @Test("Nothing but worst answers; then damaged snapshots are refused or go on, and never trap")
  func damage() throws {
    let staged = settings(lambda: 6, shares: [0.1, 1], survivors: [3], patience: 3)
    var hopeless = OnePlusLambdaSearch(settings: staged, space: try space(kept: 90))
    drive(&hopeless, trials: 90) { _ in .worst(values: 2) }
    #expect(hopeless.best?.fitness == .worst(values: 2))
    for trials in [3, 7, 20, 25, 27] {
      try checkDamage(trials: trials, fitness: shared) {
        OnePlusLambdaSearch(settings: staged, space: try space(kept: 90))
      }
    }
    try checkDamage(trials: 20, fitness: shared) {
      OnePlusLambdaSearch(settings: settings(lambda: 1), space: try space(kept: 90))
    }
  }
}
