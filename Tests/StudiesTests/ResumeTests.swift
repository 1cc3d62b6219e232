import Digests
import Models
import Randomness
import Search
import Studies
import Testing

/// Stopping anywhere and going on changes nothing: from the facts alone, and from each snapshot.
@Suite struct ResumeTests {
  @Test("From the facts of any moment on, in another order, the history is the same", arguments: [true, false])
  func fromFacts(randomSearch: Bool) throws {
    let study = try smallStudy(randomSearch: randomSearch)
    try checkFacts(of: study, FakeWorker(study), "random search: \(randomSearch)")
  }

  @Test("So it is however the study trains, searches and judges")
  func fromFactsOfVariants() throws {
    for (name, study, worker) in try variants().dropFirst() + architectureVariants() {
      // Every moment of the few facts of cycles, those in the middle of their training among them.
      let cycles = study.cycles != nil
      let isShort = cycles || study.population != nil
      try checkFacts(of: study, worker, name, generations: isShort ? 1 : 2, stride: cycles ? 1 : isShort ? 5 : 3)
    }
  }

  private func checkFacts(
    of study: Study, _ worker: FakeWorker, _ what: String, generations: Int = 3, stride step: Int = 1
  ) throws {
    let whole = try Drive.whole(study, generations: generations, worker)
    for seed in 0..<2 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test)
      var first = Drive(try planner(study, generations: generations), whole.worker)
      try first.finish(shuffling: &stream)
      for stop in stride(from: Int(seed) % step, through: first.arrivals.count, by: step) {
        let known = Dictionary(uniqueKeysWithValues: first.arrivals.prefix(stop).map { ($0, first.facts[$0]!) })
        var second = Drive(try planner(study, generations: generations), whole.worker, facts: known)
        try second.finish(shuffling: &stream)
        #expect(second.lines == whole.lines, "\(what), seed \(seed), after \(stop) facts")
        #expect(
          second.submitted.allSatisfy { known[$0] == nil }, "\(what), seed \(seed), after \(stop) facts: asked again")
        #expect(second.run.planner.contestants == whole.run.planner.contestants)
      }
    }
  }

  /// Restores each snapshot of a drive and checks what follows against `expected`.
  private func check(_ drive: Drive, of study: Study, generations: Int, expected: Drive, _ what: String) throws {
    #expect(!drive.snapshots.isEmpty, "\(what)")
    for (state, trials) in drive.snapshots {
      let facts = trials % 2 == 0 ? drive.facts : [:]
      var planner = try planner(study, generations: generations)
      let weights = try planner.parametersOfSnapshot(state)
      if study.cycles == nil { #expect(weights == drive.run.planner.currentParameters, "\(what)") }
      let scores = try planner.scoresOfSnapshot(state).map(drive.worker.blob)
      try planner.restore(state, parameters: drive.worker.blob(weights), scores: scores)
      #expect(planner.trainedEpochs == drive.run.planner.trainedEpochs && planner.currentSplits == sampleSplits)
      var stream = RandomStream(seed: 3, .test, UInt64(trials))
      for known in [facts, drive.facts] {
        var resumed = Drive(planner, drive.worker, facts: known)
        try resumed.finish(shuffling: &stream)
        #expect(resumed.lines == Array(expected.lines.dropFirst(trials)), "\(what), after \(trials) trials")
        #expect(
          resumed.run.planner.contestants == expected.run.planner.contestants, "\(what), after \(trials) trials")
        #expect(resumed.run.planner.observed == expected.run.planner.observed, "\(what), after \(trials) trials")
      }
    }
  }

  @Test("From each snapshot the rest of the history is the same", arguments: [true, false])
  func fromSnapshots(randomSearch: Bool) throws {
    let study = try smallStudy(randomSearch: randomSearch)
    let whole = try Drive.whole(study, generations: 4)
    try check(whole, of: study, generations: 4, expected: whole, "in order")
    for seed in 0..<8 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test)
      var drive = Drive(try planner(study, generations: 4), whole.worker)
      try drive.finish(shuffling: &stream)
      try check(drive, of: study, generations: 4, expected: whole, "seed \(seed)")
    }
  }

  @Test("From each snapshot the rest is the same however the study trains, searches and judges")
  func fromSnapshotsOfVariants() throws {
    for (name, study, worker) in try variants() {
      let whole = try Drive.whole(study, generations: 3, worker)
      try check(whole, of: study, generations: 3, expected: whole, name)
      var stream = RandomStream(seed: 8, .test)
      var shuffled = Drive(try planner(study, generations: 3), worker)
      try shuffled.finish(shuffling: &stream)
      try check(shuffled, of: study, generations: 3, expected: whole, "\(name), shuffled")
    }
  }

  @Test("From each snapshot of a replay too, where every fact is known beforehand", arguments: [true, false])
  func fromReplay(randomSearch: Bool) throws {
    let study = try smallStudy(randomSearch: randomSearch)
    let whole = try Drive.whole(study, generations: 4)
    var replay = Drive(try planner(study, generations: 4), whole.worker, facts: whole.facts)
    try replay.advance()
    #expect(replay.isFinished && replay.submitted.isEmpty && replay.lines == whole.lines)
    try check(replay, of: study, generations: 4, expected: whole, "replay")
  }

  @Test("A snapshot of a small budget goes on under a larger one")
  func extended() throws {
    let alone = try smallStudy(randomSearch: false)
    let others = try [("plain", smallStudy()), ("alone", alone)].map { ($0, $1, FakeWorker($1)) }
    for (name, study, worker) in try others + rivalVariants() + retrainingVariants() + scoreVariants()
    where study.cycles == nil {
      let long = try Drive.whole(study, generations: 6, worker)
      let short = try Drive.whole(study, generations: 3, worker)
      try check(short, of: study, generations: 6, expected: long, name)
    }
  }

  @Test(
    "So it does whatever the sizes of the rivals' generations, of which bit by bit some are bred and some drawn",
    arguments: [[2, 3, 2], [2, 3, 3], [12, 2, 7], [8, 5, 3]], [0, 2, 5, 7])
  func pace(sizes: [Int], kinds: Int) throws {
    var study = try smallStudy()
    study.searches = sizes.enumerated().map { place, size in
      let genetic = GeneticSettings(populationSize: size, eliteSize: 1, breeding: smallGenetic.breeding)
      let settings: AlgorithmSettings =
        kinds >> place & 1 == 1 ? .genetic(genetic) : .random(RandomSettings(generationSize: size))
      return SearchPlan(Strategy("rival \(place)"), settings)
    }
    let worker = FakeWorker(study)
    let long = try Drive.whole(study, generations: 5, worker)
    let short = try Drive.whole(study, generations: 3, worker)
    #expect(short.lines == Array(long.lines.prefix(short.lines.count)))
    try check(short, of: study, generations: 5, expected: long, "extended")
  }

  @Test("A snapshot from beyond the budget is refused")
  func beyond() throws {
    for (name, study, worker) in try rivalVariants() + trainingVariants() {
      let long = try Drive.whole(study, generations: 6, worker)
      let budget = study.searches[0].settings.generationSize * study.searches.count
      let beyond = long.snapshots.filter { $0.trials > 4 + budget }
      #expect(!beyond.isEmpty, "\(name)")
      for (state, _) in beyond {
        var short = try planner(study, generations: 1)
        #expect(throws: CanonicalError.self, "\(name)") {
          try short.restore(state, parameters: worker.blob(long.run.planner.currentParameters!))
        }
      }
    }
  }

  @Test("`Replay` tells the same trials, as far as the facts reach")
  func replay() throws {
    let study = try smallStudy()
    let whole = try Drive.whole(study, generations: 3)
    func told(_ facts: [Digest: Outcome]) throws -> (lines: [String], isFinished: Bool) {
      var lines: [String] = []
      let (_, isFinished) = try Replay.trials(
        of: try planner(study, generations: 3), outcome: { facts[$0] }, blob: { whole.worker.blob($0) }
      ) { lines.append($0.line) }
      return (lines, isFinished)
    }
    let all = try told(whole.facts)
    #expect(all.lines == whole.lines && all.isFinished)
    for stop in [0, 1, 4, 8, 20, whole.arrivals.count - 1] {
      let known = Dictionary(uniqueKeysWithValues: whole.arrivals.prefix(stop).map { ($0, whole.facts[$0]!) })
      let part = try told(known)
      #expect(!part.isFinished && part.lines == Array(whole.lines.prefix(part.lines.count)), "\(stop) facts")
    }
  }

  @Test("A snapshot that is damaged or of another study is refused, and the planner is as it was")
  func refused() throws {
    let study = try smallStudy()
    let whole = try Drive.whole(study, generations: 2)
    let state = whole.snapshots[0].state
    var planner = try planner(study, generations: 2)
    for length in state.indices {
      #expect(throws: CanonicalError.self, "\(length) bytes") {
        try planner.restore(Array(state[..<length]), parameters: whole.worker.parameters)
      }
    }
    for parameters in [[], Parameters.canonicalBytes(of: [1])] {
      #expect(throws: CanonicalError.self) { try planner.restore(state, parameters: parameters) }
    }
    var drive = Drive(planner, whole.worker)
    try drive.finish()
    #expect(drive.lines == whole.lines)

    for other in [
      try SearchStudy(try smallStudy(seed: 2), dataset: digest("dataset"), trials: 16),
      try SearchStudy(study, dataset: digest("another"), trials: 16),
    ] {
      var other = other
      #expect(throws: CanonicalError.self) { try other.restore(state, parameters: whole.worker.parameters) }
      #expect(throws: CanonicalError.self) { try other.parametersOfSnapshot(state) }
    }
  }

  @Test("A changed byte of a snapshot never traps")
  func changed() throws {
    let study = try smallStudy()
    let whole = try Drive.whole(study, generations: 2)
    var stream = RandomStream(seed: 1, .test)
    for (state, _) in whole.snapshots {
      for position in state.indices {
        var damaged = state
        damaged[position] ^= UInt8(1 + stream.below(255))
        var planner = try planner(study, generations: 2)
        guard (try? planner.restore(damaged, parameters: whole.worker.parameters)) != nil else { continue }
        var drive = Drive(planner, whole.worker, facts: whole.facts)
        try drive.finish()
        #expect(drive.run.planner.contestants.count == 6, "byte \(position)")
      }
    }
  }
}
