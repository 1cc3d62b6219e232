import Digests
import Models
import Pruning
import Randomness
import Search
import Studies
import Testing

/// A study driven to its end by a worker that is a pure function.
@Suite struct PlannerRunTests {
  @Test(
    "A run splits, trains in segments, judges the baselines and then searches",
    arguments: [
      .best(.accuracy), .best(.loss), .best(.size), .smallest(.size, subjectTo: .accuracy, limit: 0.04),
      .smallest(.flops, subjectTo: .loss, limit: 0.5), .pareto([.accuracy, .size, .flops]),
    ] as [Objective])
  func wholeRun(objective: Objective) throws {
    let study = try smallStudy(objective: objective)
    let drive = try Drive.whole(study, generations: 5)
    #expect(drive.outstanding.isEmpty)
    #expect(drive.submitted.count == Set(drive.submitted).count, "a job was handed out twice")
    let strategies = drive.records.map(\.strategy)
    #expect(strategies.prefix(4) == [.dense, .randomPruning, .layerMagnitude, .globalMagnitude])
    let generation = Array(repeating: Strategy.genetic, count: 8) + Array(repeating: .randomSearch, count: 8)
    #expect(Array(strategies.dropFirst(4)) == (0..<5).flatMap { _ in generation })
    for record in drive.records {
      let mask = record.evaluation.mask
      #expect(mask?.population ?? 17 == 17 && mask?.digest == record.evaluation.maskDigest)
      let score = try #require(record.trial.score)
      #expect(record.trial.fitness == objective.fitness(figures(score, mask, drive)))
      #expect(record.round == 0)
    }
    // One split, three segments; every other job is an evaluation.
    #expect(drive.submitted.count == 1 + 3 + drive.run.evaluations)
  }

  private func figures(_ score: Score, _ mask: Mask?, _ drive: Drive) -> Figures {
    let metrics = SizeMetrics(drive.run.planner.layout, mask: mask)
    return Figures(score: score, sizeNonzero: metrics.sizeNonzero, flopsNonzero: metrics.flopsNonzero)
  }

  @Test("Fitness comes from the search slice, the final comparison from the test slice, of every strategy")
  func contestants() throws {
    let study = try smallStudy()
    var drive = Drive(try planner(study, generations: 3), FakeWorker(study))
    try drive.advance()
    #expect(drive.run.planner.contestants.isEmpty)
    try drive.finish()
    let contestants = drive.run.planner.contestants
    #expect(
      contestants.map(\.strategy) == [
        .dense, .randomPruning, .layerMagnitude, .globalMagnitude, .genetic, .randomSearch,
      ])
    for contestant in contestants {
      guard contestant.jobs.count == 1, case .test(let evaluation) = contestant.jobs[0] else {
        Issue.record("\(contestant.strategy) is not judged on the test slice")
        continue
      }
      #expect(evaluation.slice == sampleSplits.test && evaluation.mask == contestant.mask)
      #expect(contestant.metrics == SizeMetrics(drive.run.planner.layout, mask: contestant.mask))
      #expect(contestant.mask?.population == (contestant.strategy == .dense ? nil : 17))
      #expect(contestant.requested == (contestant.strategy == .dense ? .whole : .compression(2)))
      #expect(contestant.account == contestant.strategy)
    }
    // The searchers' masks are the best of their own trials, the earliest of equals.
    for strategy in [Strategy.genetic, .randomSearch] {
      let own = drive.records.filter { $0.strategy == strategy }
      let best = own.min { left, right in
        let (first, second) = (left.trial.fitness!, right.trial.fitness!)
        return first != second ? first > second : left.trial.place.id < right.trial.place.id
      }
      #expect(best != nil && contestants.first { $0.strategy == strategy }?.mask == best?.evaluation.mask)
    }
  }

  @Test("Outcomes in any order give the same history and the same contestants")
  func orders() throws {
    let others = [try smallStudy(objective: .best(.loss)), try smallStudy(randomSearch: false)]
    for (name, study, worker) in try variants() + architectureVariants() + others.map({ ("plain", $0, FakeWorker($0)) })
    {
      let whole = try Drive.whole(study, generations: 3, worker)
      for seed in 0..<8 as Range<UInt64> {
        var stream = RandomStream(seed: seed, .test)
        var drive = Drive(try planner(study, generations: 3), worker)
        try drive.finish(shuffling: &stream)
        #expect(drive.lines == whole.lines, "\(name), seed \(seed)")
        #expect(drive.records == whole.records, "\(name), seed \(seed)")
        #expect(drive.run.planner.contestants == whole.run.planner.contestants, "\(name), seed \(seed)")
        #expect(drive.run.evaluations == whole.run.evaluations && drive.run.cacheHits == whole.run.cacheHits)
      }
    }
  }

  @Test(
    "However little memory genomes may take, each search has the same history; two broods of it wait at most, and nothing is stored",
    arguments: [false, true])
  func memory(randomSearch: Bool) throws {
    let study = try smallStudy(randomSearch: randomSearch, genetic: GeneticSettings(populationSize: 40))
    let whole = try Drive.whole(study, generations: 4)
    #expect(!whole.snapshots.isEmpty && whole.records.count > 160)
    let little = try planner(study, generations: 4, memory: GenomeMemory(generation: 0, pending: 0))
    var drive = Drive(little, FakeWorker(study))
    try drive.advance()
    var most = 0
    while !drive.isFinished {
      most = max(most, drive.outstanding.count)
      drive.answer(0)
      try drive.advance()
    }
    // The candidates that need no search are asked for at once with the first ones.
    #expect((16...16 * study.searches.count + 4).contains(most), "\(most)")
    for strategy in Set(whole.records.map(\.strategy)) {
      func lines(_ drive: Drive) -> [String] { drive.records.filter { $0.strategy == strategy }.map(\.line) }
      #expect(lines(drive) == lines(whole), "\(strategy)")
    }
    #expect(drive.snapshots.isEmpty && drive.records.count == whole.records.count)
  }

  @Test("Candidates that are bred and named side by side, in whatever order, give the same history")
  func executors() throws {
    var study = try smallStudy(genetic: GeneticSettings(populationSize: 12, eliteSize: 4))
    // Smaller ones are bred one after another.
    study.network = try NetworkDescription(name: "wide", widths: [400, 180, 8])
    let whole = try Drive.whole(study, generations: 3)
    let backwards = Executor { count, body in for index in (0..<count).reversed() { body(index) } }
    var drive = Drive(try planner(study, generations: 3), FakeWorker(study), executor: backwards)
    try drive.finish()
    #expect(drive.lines == whole.lines && drive.records == whole.records)
    #expect(drive.records.count > 72)
    // Children made again, too, which nobody keeps.
    let little = try planner(study, generations: 3, memory: GenomeMemory(generation: 0, pending: 0))
    drive = Drive(little, FakeWorker(study), executor: backwards)
    try drive.finish()
    for strategy in Set(whole.records.map(\.strategy)) {
      #expect(
        drive.records.filter { $0.strategy == strategy }.map(\.line)
          == whole.records.filter { $0.strategy == strategy }.map(\.line))
    }
  }

  @Test("The history of few generations is a prefix of that of many")
  func prefix() throws {
    let alone = try smallStudy(randomSearch: false)
    for (name, study, worker) in try trainingVariants() + rivalVariants() + retrainingVariants() + [
      ("alone", alone, FakeWorker(alone))
    ] {
      let long = try Drive.whole(study, generations: 6, worker)
      for generations in 1...6 {
        let short = try Drive.whole(study, generations: generations, worker)
        let trials = generations * study.searches[0].settings.generationSize
        #expect(short.lines.count == 4 + trials * study.searches.count, "\(name), \(generations) generations")
        for plan in study.searches {
          let ids = short.records.filter { $0.strategy == plan.strategy }.map(\.trial.place.id)
          #expect(ids.count == trials && ids == ids.sorted(), "\(name): \(plan.strategy)")
        }
        #expect(short.lines == Array(long.lines.prefix(short.lines.count)), "\(name), \(generations) generations")
      }
    }
  }

  @Test("All rivals get the budget to the trial, whatever it is", arguments: [1, 5, 8, 13, 21])
  func anyBudget(trials: Int) throws {
    for (name, study, worker) in try rivalVariants() {
      var drive = Drive(try SearchStudy(study, dataset: digest("dataset"), trials: trials), worker)
      try drive.finish()
      for plan in study.searches {
        #expect(drive.records.count { $0.strategy == plan.strategy } == trials, "\(name): \(plan.strategy)")
      }
    }
  }

  @Test("Another seed, another history")
  func seeds() throws {
    let lines = try [1, 2].map { try Drive.whole(try smallStudy(seed: $0), generations: 2).lines }
    #expect(lines[0] != lines[1])
  }

  @Test("30 % equal founders of 100 are exactly 30 cache hits: the baseline asked for them before")
  func cacheHits() throws {
    let genetic = GeneticSettings(
      populationSize: 100, initial: InitialPopulation(magnitude: 0, random: 0.7, equal: 0.3))
    var study = try smallStudy(randomSearch: false, genetic: genetic)
    study.network = try NetworkDescription(name: "wider", widths: [30, 20, 10, 3])
    let drive = try Drive.whole(study, generations: 1)
    #expect(drive.run.cacheHits == 30 && drive.run.planner.progress.generation == 1)
    #expect(drive.run.evaluations == 4 + 70)
    #expect(drive.records.filter(\.isRepeat).map(\.trial.place.id.index) == Array(0..<30))
  }

  @Test("Each trial is an evaluation or a cache hit, and random search has as many as the genetic algorithm")
  func counts() throws {
    for seed in 1...5 as ClosedRange<UInt64> {
      let drive = try Drive.whole(try smallStudy(seed: seed), generations: 5)
      #expect(drive.run.evaluations + drive.run.cacheHits == drive.records.count, "seed \(seed)")
      #expect(drive.records.count { $0.isRepeat } == drive.run.cacheHits, "seed \(seed)")
      #expect(Set(drive.records.map(\.job)).count == drive.run.evaluations, "seed \(seed)")
      #expect(drive.records.count { $0.strategy == .genetic } == 40)
      #expect(drive.records.count { $0.strategy == .randomSearch } == 40)
    }
  }

  @Test("Training that diverges ends the study with the reason and the remedy", arguments: [0, 3, 4, 6])
  func diverged(epoch: Int) throws {
    let study = try smallStudy()
    // Two steps an epoch.
    var drive = Drive(try planner(study, generations: 1), FakeWorker(study, divergesIn: 2 * epoch + epoch % 2))
    let failure = #expect(throws: StudyFailure.self) { try drive.finish() }
    #expect(failure?.description.contains("diverged in epoch \(epoch + 1);") == true)
    #expect(failure?.description.contains("learning_rate") == true)
  }

  @Test("Weights of another network are refused")
  func wrongWeights() throws {
    let study = try smallStudy()
    let worker = FakeWorker(study)
    for blob in [[], [1, 2, 3], Parameters.canonicalBytes(of: [1, 2, 3])] as [[UInt8]] {
      var planner = try planner(study, generations: 1)
      #expect(throws: StudyFailure.self) {
        while true {
          switch planner.next() {
          case .propose(let proposals):
            for proposal in proposals { _ = try planner.observe(Observation(worker.outcome(of: proposal.job))!) }
          case .needs(let digest):
            #expect(digest == Digest(of: worker.parameters))
            try planner.supply(blob)
            return
          case .waiting, .finished:
            Issue.record("the planner never asked for its weights")
            return
          }
        }
      }
    }
  }

  @Test("A study whose compression no mask can meet has no planner")
  func impossible() throws {
    var study = try smallStudy()
    for range in [1000...1000, 2...1000, 0.5...2, 1...2] as [ClosedRange<Double>] {
      study.compression = range
      #expect(throws: BudgetError.self, "\(range)") { try planner(study, generations: 1) }
    }
  }
}
