import Digests
import Models
import Pruning
import Randomness
import Search
import Studies
import Testing

/// Studies with a population: of one size and of shrinking ones, with a control, and with nothing but training.
func populationVariants() throws -> [Variant] {
  let recipe = TrainingRecipe(epochs: 1, batchSize: 20, learningRate: 0.5)
  var plain = try shortStudy()
  plain.population = PopulationCycles(
    size: 6, rounds: 4, interval: .steps(3), recipe: recipe, learningRates: [0.5, 0.25, 2],
    explore: .init(mutationAmount: 0.05...0.3))
  var control = plain
  control.population!.control = true
  var shrinking = control
  (shrinking.population!.compressionStep, shrinking.population!.rounds) = (1.2, 3)
  var blind = plain
  (blind.population!.explore.mutation, blind.population!.interval) = (.bitFlip, .epochs(1))
  var alone = control
  (alone.population!.exploit, alone.population!.explore) = (0, .init(mutation: nil, learningRateFactors: [1]))
  return [
    ("population", plain, FakeWorker(plain)), ("population with control", control, FakeWorker(control)),
    ("shrinking population", shrinking, FakeWorker(shrinking)), ("blind population", blind, FakeWorker(blind)),
    ("population without exchange", alone, FakeWorker(alone)),
  ]
}

/// Training, exploit and explore: who descends from whom, and what each round begins with.
@Suite struct PopulationTests {
  private func drive(_ name: String) throws -> (study: Study, plan: PopulationCycles, drive: Drive) {
    let (_, study, worker) = try #require(try populationVariants().first { $0.name == name })
    return (study, study.population!, try Drive.whole(study, generations: 2, worker))
  }

  /// The training that made the weights of a trial, with its outcome.
  private func training(
    of record: TrialRecord, _ drive: Drive
  ) throws -> (segment: TrainingSegment, result: TrainedSegment) {
    for segment in drive.segments {
      if case .trained(let result)? = drive.facts[Job.train(segment).digest],
        result.parameters == record.evaluation.parameters
      {
        return (segment, result)
      }
    }
    throw Missing(what: "the training of \(record.line)")
  }

  @Test("The history tells the lineage: weights, optimizer, mask and rate of each member come from its parent")
  func lineage() throws {
    for (name, study, _) in try populationVariants() {
      let (_, plan, drive) = try drive(name)
      var exchanges = 0
      for strategy in [Strategy.population, .noExchange] {
        let records = drive.records.filter { $0.strategy == strategy }
        #expect(records.isEmpty == (strategy == .noExchange && !plan.control), "\(name)")
        #expect(records.map(\.trial.place.id) == records.map(\.trial.place.id).sorted(), "\(name)")
        for record in records {
          let place = record.trial.place
          let (segment, _) = try training(of: record, drive)
          let steps = plan.interval.steps(perEpoch: 4)
          #expect(segment.steps == place.id.generation * steps..<(place.id.generation + 1) * steps, "\(name)")
          #expect(
            segment.maskDigest == record.evaluation.maskDigest && segment.recipe.learningRate == place.learningRate)
          #expect(record.line.hasSuffix(" rate=\(place.learningRate!)"), "\(name)")
          guard place.id.generation > 0 else {
            #expect(segment.start == .weights(Digest(of: drive.worker.parameters)) && place.parents.isEmpty)
            #expect(place.learningRate == plan.learningRates[place.id.index % plan.learningRates.count])
            continue
          }
          #expect(place.parents.count == 1 && place.parents[0].generation == place.id.generation - 1, "\(name)")
          let parent = try #require(records.first { $0.trial.place.id == place.parents[0] }, "\(name)")
          #expect(segment.start == .state(try training(of: parent, drive).result.state), "\(name): \(record.line)")
          let mask = try #require(record.evaluation.mask)
          let parentMask = try #require(parent.evaluation.mask)
          let isCopy = place.parents[0].index != place.id.index
          exchanges += isCopy ? 1 : 0
          if plan.compressionStep > 1 {
            #expect(mask.population < parentMask.population, "\(name)")
            if !isCopy { #expect(mask.subtracting(parentMask).population == 0, "\(name): cut, not moved") }
          } else {
            #expect((mask == parentMask) == !isCopy && mask.population == parentMask.population, "\(name)")
          }
          let factor = place.learningRate! / parent.trial.place.learningRate!
          #expect(isCopy ? plan.explore.learningRateFactors.contains(factor) : factor == 1, "\(name)")
          #expect(strategy == .population || !isCopy, "the control exchanges nothing")
          if isCopy { #expect(parent.trial.score != .nonfinite, "\(name)") }
        }
      }
      #expect((exchanges > 0) == (study.population!.exploit > 0), "\(name)")
    }
  }

  @Test("Each of the worst becomes a copy of one of the best, by the scores of the history")
  func exploit() throws {
    let (_, plan, drive) = try drive("population")
    let replaced = 2  // of 6, by a quarter rounded
    for round in 0..<plan.rounds - 1 {
      // Members whose score is not finite rank behind all others; one that was lost has no trial, and is replaced too.
      let records = drive.records.filter { $0.strategy == .population && $0.trial.place.id.generation == round }
      let living = records.filter { $0.trial.score != .nonfinite }.sorted { left, right in
        let (first, second) = (left.trial.fitness!, right.trial.fitness!)
        return first != second ? first > second : left.trial.place.id < right.trial.place.id
      }.map(\.trial.place.id.index)
      let lost = (0..<plan.size).filter { !living.contains($0) }
      let best = Set(living.prefix(replaced))
      let worst = Set(lost).union(living.suffix(max(replaced - lost.count, 0)))
      let next = drive.records.filter { $0.strategy == .population && $0.trial.place.id.generation == round + 1 }
      #expect(next.count == plan.size)
      for record in next {
        let (member, parent) = (record.trial.place.id.index, record.trial.place.parents[0].index)
        #expect(worst.contains(member) ? best.contains(parent) : parent == member, "round \(round + 1): \(record.line)")
      }
    }
  }

  @Test("Truncation on planted fitnesses")
  func truncation() {
    func pairs(_ values: [Double?], _ count: Int) -> [[Int]] {
      TruncationExchange.pairs(values.map { $0.map { Fitness([$0]) } }, count: count) { member, below in
        member % below
      }.map { [$0.replaced, $0.donor] }
    }
    #expect(pairs([5, 1, 4, 2, 3, 0, 7, 6], 2) == [[1, 7], [5, 7]])
    #expect(pairs([5, 1, 4, 2, 3, 0, 7, 6], 4) == [[1, 7], [3, 2], [4, 6], [5, 7]])
    #expect(pairs([5, 1, 4, 2], 0) == [])
    // Equals: the earlier is the better. Lost ones go first, even more of them than would be replaced.
    #expect(pairs([1, 1, 1, 1], 1) == [[3, 0]])
    #expect(pairs([nil, 1, 2, nil, nil, 3], 1) == [[0, 5], [3, 5], [4, 5]])
    #expect(pairs([nil, 1, nil, nil], 2) == [[0, 1], [2, 1], [3, 1]])
    #expect(pairs([nil, 1, 2, 3], 2) == [[0, 3], [1, 2]])
    #expect(pairs([nil, nil], 1) == [])
  }

  @Test("Without exploit and explore a member's training is the chain that a cycle would train, job by job")
  func chain() throws {
    let (study, plan, drive) = try drive("population without exchange")
    var cycles = study
    cycles.population = nil
    (cycles.segment, cycles.training.epochs) = (.steps(3), study.training.epochs)
    var recipe = plan.recipe
    // 4 rounds of 3 steps are 3 epochs of 4 steps.
    (recipe.epochs, recipe.learningRate) = (3, plan.learningRates[0])
    cycles.cycles = Cycles(rounds: 1, compressionStep: 1, recipe: recipe)
    let other = try Drive.whole(cycles, generations: 2)
    let chain = other.segments.filter { $0.mask != nil }
    let own = drive.segments.filter { $0.maskDigest == chain[0].maskDigest }
    #expect(chain.count == 4 && own == chain)
    // The control is the same training, so nothing of it is done twice.
    #expect(drive.segments.count { $0.mask != nil } == plan.size * plan.rounds)
    #expect(
      drive.segments.filter { $0.steps.lowerBound == 0 && $0.mask != nil }.map(\.recipe.learningRate) == [
        0.5, 0.25, 2, 0.5, 0.25, 2,
      ])
  }

  @Test("The best on validation is compared on test; what nobody needs any more is removed, what a replay reads is not")
  func ends() throws {
    for (name, study, worker) in try populationVariants() {
      let (_, plan, drive) = try drive(name)
      let contestants = drive.run.planner.contestants
      #expect(
        contestants.map(\.strategy) == [.dense, .population] + (plan.control ? [.noExchange] : []), "\(name)")
      for contestant in contestants.dropFirst() {
        guard contestant.jobs.count == 1, case .test(let evaluation) = contestant.jobs[0] else {
          throw Missing(what: "\(name): one test")
        }
        let last = drive.records.filter {
          $0.strategy == contestant.strategy && $0.trial.place.id.generation == plan.rounds - 1
            && $0.trial.score != .nonfinite
        }
        // All score alike on validation, so that the first one is chosen.
        #expect(evaluation.parameters == last.first?.evaluation.parameters, "\(name)")
        #expect(evaluation.mask == contestant.mask && evaluation.slice == sampleSplits.test)
        #expect(!drive.removed.contains(try #require(evaluation.parameters)), "\(name)")
        #expect(contestant.metrics == SizeMetrics(drive.run.planner.layout, mask: contestant.mask))
        #expect(
          contestant.requested
            == .compression(plan.compression(ofRound: plan.rounds - 1, first: 2...2).upperBound))
      }
      let trained = drive.segments.filter { $0.mask != nil }.compactMap { segment -> TrainedSegment? in
        if case .trained(let result)? = drive.facts[Job.train(segment).digest] { result } else { nil }
      }
      #expect(trained.allSatisfy { drive.removed.contains($0.state) }, "\(name)")
      let kept = Set(trained.map(\.parameters)).subtracting(drive.removed)
      #expect(kept.count < trained.count || study.population!.compressionStep > 1, "\(name)")
      // A replay from facts and what is left of the weights.
      var lines: [String] = []
      let (run, isFinished) = try Replay.trials(
        of: try planner(study, generations: 2), outcome: { drive.facts[$0] },
        blob: { digest in
          if drive.removed.contains(digest) { throw Missing(what: "\(name): removed weights") }
          return drive.worker.blob(digest)
        }
      ) { lines.append($0.line) }
      #expect(isFinished && lines == drive.lines && run.planner.contestants == contestants, "\(name)")
      _ = worker
    }
  }

  /// Drives a study in which every training at a rate of at least `limit` diverges.
  private func drive(_ study: Study, divergingFrom limit: Double) throws -> Drive {
    var drive = Drive(try planner(study, generations: 1), FakeWorker(study))
    try drive.advance()
    while !drive.isFinished {
      if case .train(let segment) = drive.outstanding[0], segment.mask != nil, segment.recipe.learningRate >= limit {
        drive.answer(0, with: .diverged(step: segment.steps.lowerBound))
      } else {
        drive.answer(0)
      }
      try drive.advance()
    }
    return drive
  }

  @Test("Members that diverge are replaced, whatever their number; the control loses them")
  func diverging() throws {
    var study = try shortStudy()
    study.population = PopulationCycles(
      size: 6, rounds: 3, interval: .steps(2), recipe: TrainingRecipe(learningRate: 0.5), learningRates: [0.5, 99],
      exploit: 0.2, control: true)
    let drive = try drive(study, divergingFrom: 10)
    let rounds = (0..<3).map { round in
      drive.records.filter { $0.strategy == .population && $0.trial.place.id.generation == round }
    }
    #expect(rounds[0].map(\.trial.place.id.index) == [0, 2, 4])
    for round in rounds.dropFirst() {
      #expect(round.count == 6 && round.allSatisfy { $0.trial.place.learningRate! < 10 })
    }
    #expect(
      drive.records.filter { $0.strategy == .noExchange }.allSatisfy { [0, 2, 4].contains($0.trial.place.id.index) })
  }

  @Test("Where all diverge, the study ends with the reason and the remedy")
  func allDiverge() throws {
    var study = try shortStudy()
    study.population = PopulationCycles(size: 4, rounds: 3, recipe: TrainingRecipe(learningRate: 0.5))
    let failure = #expect(throws: StudyFailure.self) { try drive(study, divergingFrom: 0) }
    #expect(failure?.description.contains("population.learning_rates") == true)
  }

  @Test(
    "The searches are those of the study without a population, and their best masks are among the founders")
  func prefix() throws {
    let (study, _, long) = try drive("population")
    var plain = study
    plain.population = nil
    let searches = try Drive.whole(plain, generations: 2).lines
    #expect(Array(long.lines.prefix(searches.count)) == searches)
    #expect(plain.digest != study.digest)
    var founders = Set<Mask>()
    for segment in long.segments where segment.mask != nil && segment.steps.lowerBound == 0 {
      founders.insert(segment.mask!)
    }
    #expect(founders.count == 6, "founders are different masks")
    let best = long.records.filter { $0.strategy == .genetic }.min { left, right in
      let (first, second) = (left.trial.fitness!, right.trial.fitness!)
      return first != second ? first > second : left.trial.place.id < right.trial.place.id
    }
    #expect(founders.contains(try #require(best?.evaluation.mask)))
  }

  @Test("Whatever decides a population's history is part of the study's digest")
  func digests() throws {
    var study = try shortStudy()
    let base = PopulationCycles(rounds: 3, recipe: TrainingRecipe())
    var all: [PopulationCycles] = [base]
    func change(_ body: (inout PopulationCycles) -> Void) {
      var other = base
      body(&other)
      all.append(other)
    }
    change { $0.size = 9 }
    change { $0.rounds = 4 }
    change { $0.interval = .steps(1) }
    change { $0.interval = .epochs(2) }
    change { $0.recipe.l2 = 0 }
    change { $0.learningRates = [0.02, 0.03] }
    change { $0.exploit = 0.5 }
    change { $0.explore.mutation = nil }
    change { $0.explore.mutation = .bitFlip }
    change { $0.explore.mutationAmount = 0.1...0.2 }
    change { $0.explore.learningRateFactors = [1] }
    change { $0.compressionStep = 1.1 }
    change { $0.control = true }
    let digests = all.map { plan in
      study.population = plan
      return study.digest
    }
    #expect(Set(digests).count == all.count)
  }

  @Test("A population whose last size no mask can have is not begun")
  func impossible() throws {
    var study = try shortStudy()
    study.population = PopulationCycles(rounds: 4, recipe: TrainingRecipe(), compressionStep: 1.2)
    #expect(throws: BudgetError.self) { try planner(study, generations: 1) }
    study.population!.rounds = 3
    _ = try planner(study, generations: 1)
  }
}
