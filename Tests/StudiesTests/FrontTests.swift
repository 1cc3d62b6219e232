import Digests
import Models
import Pruning
import Search
import Studies
import Testing

/// What a Pareto study compares at its end, and what its history says.
@Suite struct FrontTests {
  private func whole(archive: Int = 40, generations: Int = 12) throws -> (study: Study, drive: Drive) {
    var study = try paretoStudy()
    study.searches[1] = SearchPlan(
      .randomSearch, .random(RandomSettings(generationSize: 8, archiveSize: archive)))
    return (study, try Drive.whole(study, generations: generations))
  }

  /// The non-dominated of a search's trials, each fitness once, best first.
  private func front(_ drive: Drive, _ strategy: Strategy) -> [Fitness] {
    let own = Set(drive.records.filter { $0.strategy == strategy }.map { $0.trial.fitness! })
    return own.filter { fitness in !own.contains { $0.dominates(fitness) } }.sorted(by: >)
  }

  @Test("Each search's front is compared, best in the first objective first, under numbered names")
  func names() throws {
    let (study, drive) = try whole(generations: 4)
    let contestants = drive.run.planner.contestants
    #expect(
      contestants.prefix(4).map(\.strategy) == [.dense, .randomPruning, .layerMagnitude, .globalMagnitude])
    for plan in study.searches {
      let own = contestants.filter { $0.account == plan.strategy }
      let front = front(drive, plan.strategy)
      #expect(own.map(\.strategy.rawValue) == (1...own.count).map { "\(plan.strategy)/\($0)" })
      #expect(own.count == min(front.count, SearchStudy.largestFront) && own.count > 1, "\(plan.strategy)")
      let found = own.map { contestant in
        drive.records.first { $0.strategy == plan.strategy && $0.evaluation.mask == contestant.mask }?.trial.fitness
      }
      #expect(found == front, "\(plan.strategy)")
      #expect(own.allSatisfy { $0.requested == .range(1.2...3) && $0.jobs.count == 1 })
    }
    #expect(contestants[0].requested == .whole)
    #expect(contestants[1...3].allSatisfy { $0.requested == .compression(3) })
  }

  @Test("Of a front of more than 16 as many are compared, both ends among them, each once")
  func spread() throws {
    // A worker that is better the more is kept: every size is on the front.
    var study = try paretoStudy()
    study.searches = [SearchPlan(.randomSearch, .random(RandomSettings(generationSize: 20, archiveSize: 100)))]
    let worker = FakeWorker(study)
    var drive = Drive(try planner(study, generations: 10), worker)
    try drive.advance()
    while !drive.isFinished {
      if case .evaluate(let evaluation) = drive.outstanding[0] {
        let score = Score.exact(correct: evaluation.mask.map { $0.population / 2 } ?? 50, count: 50, loss: 1)
        drive.answer(0, with: .evaluated(score))
      } else {
        drive.answer(0)
      }
      try drive.advance()
    }
    let front = front(drive, .randomSearch)
    #expect(front.count > 16)
    let sizes = drive.run.planner.contestants.dropFirst(4).map { -Double($0.metrics.sizeNonzero) }
    #expect(sizes.count == 16 && Set(sizes).count == 16 && sizes == sizes.sorted())
    #expect(sizes.first == front.first?.values[2] && sizes.last == front.last?.values[2])
  }

  @Test("A history has all values of a Pareto fitness, and one of any other")
  func lines() throws {
    let (_, drive) = try whole(generations: 2)
    for record in drive.records {
      let fitness = try #require(record.trial.fitness)
      #expect(record.line.split(separator: " ")[3] == "\(fitness.values[0]),\(fitness.values[1]),\(fitness.values[2])")
    }
    for record in try Drive.whole(smallStudy(), generations: 1).records {
      #expect(record.line.split(separator: " ")[3] == "\(record.trial.fitness!.values[0])")
    }
  }

  @Test("What a search says of its course is the same after each snapshot")
  func diagnostics() throws {
    var annealed = try smallStudy(objective: .best(.loss))
    let annealing = AnnealingSettings(chains: 4, calibrationSteps: 2, mutationAmount: 0.05...0.3)
    let tempering = TemperingSettings(
      temperatures: 4, calibrationSteps: 2, exchangeInterval: 1, mutationAmount: 0.05...0.3)
    annealed.searches = [
      SearchPlan(Strategy("Annealing"), .annealing(annealing)),
      SearchPlan(Strategy("Tempering"), .tempering(tempering)),
    ]
    for study in [try paretoStudy(), annealed] {
      let whole = try Drive.whole(study, generations: 9)
      let expected = whole.run.planner.searchStates
      #expect(!whole.snapshots.isEmpty)
      for (state, _) in whole.snapshots {
        var planner = try planner(study, generations: 9)
        try planner.restore(state, parameters: whole.worker.blob(try planner.parametersOfSnapshot(state)))
        var resumed = Drive(planner, whole.worker, facts: whole.facts)
        try resumed.finish()
        let states = resumed.run.planner.searchStates
        #expect(
          states.map(\.diagnostics) == expected.map(\.diagnostics) && states.map(\.front) == expected.map(\.front))
      }
      if study.objective.isPareto {
        #expect(expected[0].diagnostics.hypervolumes.count == 9 && expected[0].diagnostics.reference != nil)
      } else {
        // Founders and two steps of calibration in each chain are no proposals.
        for state in expected { #expect(state.diagnostics.acceptance.reduce(0) { $0 + $1.proposed } == 4 * 6) }
        #expect(expected[1].diagnostics.exchanges.count == 3 && expected[1].diagnostics.acceptance.count == 4)
      }
    }
  }
}
