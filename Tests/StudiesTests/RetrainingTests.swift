import Digests
import Models
import Pruning
import Search
import Studies
import Testing

/// Training inside the fitness: which jobs it becomes, and what its scores make of a candidate.
@Suite struct RetrainingTests {
  private func variant(_ name: String) throws -> Variant {
    try #require(retrainingVariants().first { $0.name == name })
  }

  /// The trials' own evaluations, in the order in which they were asked for.
  private func trials(_ drive: Drive) -> [Evaluation<FitnessUse>] { drive.evaluations.filter { $0.mask != nil } }

  @Test("Each candidate is judged once a draw, from the weights and by the recipe of the study, on the same images")
  func jobs() throws {
    for (name, study, worker) in try retrainingVariants() {
      let mode = try #require(study.fitness.retraining)
      let drive = try Drive.whole(study, generations: 2, worker)
      var draws: [Digest: [Int]] = [:]
      for evaluation in trials(drive) {
        let retraining = try #require(evaluation.retraining, "\(name)")
        draws[evaluation.maskDigest!, default: []].append(retraining.draw)
        #expect(retraining.recipe == mode.recipe && retraining.samplesPerClass == mode.samplesPerClass)
        #expect(retraining.seed == study.seed && retraining.numerics == study.numerics)
        #expect(retraining.slice.digest == (mode.usesSearchSlice ? digest("search") : digest("train")))
        #expect(evaluation.slice == sampleSplits.search && evaluation.threshold == nil && evaluation.samples == nil)
        let (step, first) =
          switch mode.start {
          case .finetune: (8, 0)
          case .rewind(let step): (step, step)
          case .scratch: (0, 0)
          }
        #expect(evaluation.parameters == Digest(of: worker.parameters(after: step)), "\(name)")
        #expect(retraining.firstStep == first, "\(name)")
      }
      #expect(draws.values.allSatisfy { $0 == Array(0..<mode.draws) }, "\(name): \(draws)")
      // The dense network is judged as it is.
      let dense = drive.evaluations.filter { $0.mask == nil }
      #expect(dense.count == 1 && dense[0].retraining == nil, "\(name)")
      #expect(dense[0].parameters == Digest(of: worker.parameters), "\(name)")
      #expect(drive.run.evaluations == drive.evaluations.count, "\(name)")
      #expect(drive.records.count == 4 + 2 * 16, "\(name)")
      #expect(drive.records.count - drive.run.cacheHits == 1 + draws.count, "\(name)")
    }
  }

  @Test("Outside the search candidates are judged as they are, and what is compared is retrained all the same")
  func outside() throws {
    for (name, inside, worker) in try retrainingVariants() {
      var study = inside
      study.fitness.retraining!.isInside = false
      #expect(study.digest != inside.digest)
      let drive = try Drive.whole(study, generations: 2, worker)
      for evaluation in trials(drive) {
        #expect(evaluation.retraining == nil && evaluation.parameters == Digest(of: worker.parameters), "\(name)")
      }
      let retraining = try #require(study.fitness.retraining)
      for contestant in drive.run.planner.contestants where contestant.mask != nil {
        let draws = contestant.jobs.compactMap { if case .test(let job) = $0 { job.retraining?.draw } else { nil } }
        #expect(draws == Array(retraining.draws..<retraining.draws + retraining.finalDraws), "\(name)")
      }
    }
  }

  @Test("A fitness is that of the mean over all draws, and one that is not finite spoils it")
  func means() throws {
    for (name, study, worker) in try retrainingVariants() + [cycleVariants()[4]] {
      let drive = try Drive.whole(study, generations: 2, worker)
      var spoiled = 0
      for record in drive.records {
        let own = record.evaluation
        let jobs = drive.evaluations.filter {
          $0.maskDigest == own.maskDigest && $0.parameters == own.parameters && $0.slice == own.slice
        }
        let scores = jobs.map { job -> Score in
          guard case .evaluated(let score)? = drive.facts[Job.evaluate(job).digest] else { return .nonfinite }
          return score
        }
        let expected: Score
        if scores.contains(.nonfinite) {
          expected = .nonfinite
          spoiled += scores.allSatisfy { $0 == .nonfinite } ? 0 : 1
        } else {
          let loss = scores.map(\.loss).reduce(0, +) / Double(scores.count)
          let correct = scores.map { ($0.accuracy * 50).rounded() }.reduce(0, +)
          expected = .exact(correct: Int(correct), count: 50 * scores.count, loss: loss)
        }
        #expect(record.trial.score == expected, "\(name): \(scores)")
      }
      if study.fitness.retraining!.draws > 1 { #expect(spoiled > 0, "\(name): the case did not come up") }
    }
  }

  @Test("The mean of scores")
  func mean() {
    func score(_ correct: Int, _ loss: Double) -> Score { .exact(correct: correct, count: 10, loss: loss) }
    #expect(Score.mean([score(3, 0.1)]) == score(3, 0.1) && Score.mean([.nonfinite]) == .nonfinite)
    #expect(Score.mean([score(3, 1), score(4, 2), score(8, 6)]) == .exact(correct: 15, count: 30, loss: 3))
    #expect(Score.mean([score(3, 1), .nonfinite]) == .nonfinite)
  }

  @Test("The comparison at the end is on draws that the search never saw")
  func finalDraws() throws {
    for (name, study, worker) in try retrainingVariants() {
      let mode = try #require(study.fitness.retraining)
      let drive = try Drive.whole(study, generations: 1, worker)
      let seen = Set(trials(drive).map { $0.retraining!.draw })
      for contestant in drive.run.planner.contestants {
        var draws: [Int?] = []
        for job in contestant.jobs {
          guard case .test(let evaluation) = job else { throw Missing(what: "not a test") }
          #expect(evaluation.mask == contestant.mask && evaluation.slice == sampleSplits.test)
          #expect(evaluation.retraining?.recipe == (contestant.mask == nil ? nil : mode.recipe), "\(name)")
          draws.append(evaluation.retraining?.draw)
        }
        if contestant.strategy == .dense {
          #expect(draws == [nil], "\(name)")
        } else {
          #expect(draws == Array(mode.draws..<mode.draws + mode.finalDraws), "\(name)")
          #expect(seen.isDisjoint(with: draws.compactMap(\.self)), "\(name)")
        }
      }
    }
  }

  @Test("A training makes a stop at the step to rewind to, keeps its weights, and changes nothing else")
  func earlyStep() throws {
    for (name, ends) in [("finetune", [3, 6, 8]), ("rewind", [3, 4, 7, 8]), ("scratch", [0, 3, 6, 8])] {
      let (_, study, worker) = try variant(name)
      let drive = try Drive.whole(study, generations: 1, worker)
      let starts = [0] + ends.dropLast()
      #expect(drive.segments.map(\.steps) == zip(starts, ends).map { $0..<$1 }, "\(name)")
      #expect(
        drive.segments.map(\.start) == [.fresh] + ends.dropLast().map { .state(digest("state after \($0)")) }, "\(name)"
      )
      let kept = [name == "rewind" ? 4 : name == "scratch" ? 0 : 8, 8].map { Digest(of: worker.parameters(after: $0)) }
      #expect(drive.removed.isDisjoint(with: kept), "\(name)")
      let others = ends.map { Digest(of: worker.parameters(after: $0)) }.filter { !kept.contains($0) }
      #expect(drive.removed.isSuperset(of: others), "\(name)")
    }
  }

  @Test("Early weights stay under early stopping too, whichever judgement is the best", arguments: [0, 3, 4, 6])
  func earlyWithStopping(step: Int) throws {
    for best in 0..<5 {
      var study = try shortStudy()
      (study.segment, study.earlyStopping) = (.steps(2), EarlyStopping(patience: 10))
      study.fitness.retraining = .init(start: step == 0 ? .scratch : .rewind(step: step), recipe: study.training)
      // One judgement a segment; a step of its own makes one more segment.
      let segments = step % 2 == 1 || step == 0 ? 5 : 4
      let worker = FakeWorker(study, judgements: [])
      var drive = Drive(try planner(study, generations: 1), worker)
      try drive.advance()
      var judged = 0
      while !drive.isFinished {
        guard case .evaluate(let evaluation) = drive.outstanding[0], evaluation.slice == sampleSplits.validation else {
          drive.answer(0)
          try drive.advance()
          continue
        }
        drive.answer(0, with: .evaluated(.exact(correct: 1, count: 10, loss: judged == best ? 1 : 2)))
        judged += 1
        try drive.advance()
      }
      #expect(judged == segments)
      let early = Digest(of: worker.parameters(after: step))
      #expect(!drive.removed.contains(early), "step \(step), best \(best)")
      #expect(trials(drive).allSatisfy { $0.parameters == early }, "step \(step), best \(best)")
      #expect(!drive.removed.contains(drive.run.planner.currentParameters!))
    }
  }

  @Test("A training that never comes to the step to rewind to ends the study with the reason")
  func neverReached() throws {
    var late = try shortStudy()
    late.fitness.retraining = .init(start: .rewind(step: 9), recipe: late.training)
    var stopped = late
    stopped.fitness.retraining!.start = .rewind(step: 8)
    stopped.earlyStopping = EarlyStopping(patience: 1)
    let worse = [1, 2, 3].map { Score.exact(correct: 1, count: 10, loss: $0) }
    var untrained = late
    (untrained.training.epochs, untrained.pretrained) = (0, FakeWorker.pretrained(late))
    for (study, judgements) in [(late, []), (stopped, worse), (untrained, [])] {
      var drive = Drive(try planner(study, generations: 1), FakeWorker(study, judgements: judgements))
      let failure = #expect(throws: StudyFailure.self) { try drive.finish() }
      #expect(failure?.description.contains("before step") == true, "\(failure?.description ?? "-")")
    }
    // The last step itself is one.
    var last = late
    last.fitness.retraining!.start = .rewind(step: 8)
    let drive = try Drive.whole(last, generations: 1)
    #expect(trials(drive).allSatisfy { $0.parameters == Digest(of: drive.worker.parameters) })
  }

  @Test("Weights that are as they were at the start are not given up")
  func unchanged() throws {
    var study = try shortStudy()
    study.pretrained = FakeWorker.pretrained(study)
    study.segment = .steps(1)
    let worker = FakeWorker(study)
    var drive = Drive(try planner(study, generations: 1), worker)
    try drive.advance()
    drive.answer(0)
    try drive.advance()
    let same = TrainedSegment(state: digest("same"), parameters: study.pretrained!, loss: 0)
    drive.answer(0, with: .trained(same))
    try drive.finish()
    #expect(!drive.removed.contains(study.pretrained!) && drive.removed.contains(digest("same")))
  }
}
