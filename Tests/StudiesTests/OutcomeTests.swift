import Digests
import Models
import Pruning
import Studies
import Testing

/// Outcomes: their stored form, what they may answer, and what a planner may see of them.
@Suite struct OutcomeTests {
  private let outcomes: [Outcome] = [
    .split(sampleSplits),
    .trained(TrainedSegment(state: digest("state"), parameters: digest("weights"), loss: 0.1)),
    .diverged(step: 3), .evaluated(.exact(correct: 3, count: 50, loss: 2.5)),
    .evaluated(.exact(correct: 0, count: 0, loss: 0)), .evaluated(.nonfinite),
    .tested(TestScore(firstFive: .exact(correct: 20, count: 20, loss: .leastNonzeroMagnitude))),
    .tested(TestScore(firstFive: .nonfinite)),
    .worseThanThreshold, .measured(0.25), .scored(digest("scores")),
    .grown(GrownNetwork(state: digest("grown state"), parameters: digest("grown weights"), gain: 0.5)),
  ]

  @Test("The stored form gives the outcome back, and no two outcomes share one")
  func roundTrip() throws {
    for outcome in outcomes { #expect(try Outcome(canonical: outcome.canonicalBytes) == outcome) }
    #expect(Set(outcomes.map(\.canonicalBytes)).count == outcomes.count)
    // A fitness and a test score of the same numbers are two different facts.
    let score = Score.exact(correct: 1, count: 2, loss: 3)
    #expect(Outcome.evaluated(score).canonicalBytes != Outcome.tested(TestScore(firstFive: score)).canonicalBytes)
  }

  @Test("Cut short or prolonged at any byte it is refused")
  func truncated() {
    for outcome in outcomes {
      let bytes = outcome.canonicalBytes
      for length in bytes.indices {
        #expect(throws: CanonicalError.self, "\(outcome), \(length) bytes") {
          try Outcome(canonical: Array(bytes[..<length]))
        }
      }
      #expect(throws: CanonicalError.self) { try Outcome(canonical: bytes + [0]) }
    }
  }

  @Test("Every single flipped bit is refused or gives the outcome that has those bytes")
  func flipped() {
    for outcome in outcomes {
      let bytes = outcome.canonicalBytes
      for bit in 0..<8 * bytes.count {
        var damaged = bytes
        damaged[bit / 8] ^= 1 << UInt8(bit % 8)
        guard let other = try? Outcome(canonical: damaged) else { continue }
        #expect(other.canonicalBytes == damaged, "\(outcome), bit \(bit)")
      }
    }
  }

  @Test("Impossible scores are refused")
  func impossible() {
    for score in [
      Score.exact(correct: 51, count: 50, loss: 1), .exact(correct: -1, count: 50, loss: 1),
      .exact(correct: 0, count: -1, loss: 1), .exact(correct: 1, count: 2, loss: .nan),
      .exact(correct: 1, count: 2, loss: .infinity),
    ] {
      #expect(throws: CanonicalError.self, "\(score)") {
        try Outcome(canonical: Outcome.evaluated(score).canonicalBytes)
      }
      #expect(throws: CanonicalError.self, "\(score)") {
        try Outcome(canonical: Outcome.tested(TestScore(firstFive: score)).canonicalBytes)
      }
    }
  }

  private func jobs() throws -> (split: Job, train: Job, evaluate: Job, test: Job) {
    let network = try smallStudy().network
    return (
      .split(SplitJob(dataset: digest("data"), sizes: SplitSizes(), seed: 1)),
      .train(
        TrainingSegment(
          network: network, recipe: TrainingRecipe(), seed: 1, slice: sampleSplits.train, start: .fresh, steps: 0..<5,
          numerics: .portable)),
      .evaluate(
        Evaluation(
          network: network, scope: PruningScope(), parameters: digest("weights"), mask: nil,
          slice: sampleSplits.search)),
      .test(
        Evaluation(
          network: network, scope: PruningScope(), parameters: digest("weights"), mask: nil, slice: sampleSplits.test))
    )
  }

  @Test("Each kind of job is answered by its own kinds of outcome alone")
  func kinds() throws {
    let (split, train, evaluate, test) = try jobs()
    let fitting: [(Outcome, Job)] = [
      (outcomes[0], split), (outcomes[1], train), (outcomes[2], train), (outcomes[3], evaluate),
      (outcomes[5], evaluate), (outcomes[6], test), (outcomes[7], test),
    ]
    for job in [split, train, evaluate, test] { #expect(!Outcome.worseThanThreshold.answers(job), "\(job.kind)") }
    for (outcome, own) in fitting {
      for job in [split, train, evaluate, test] {
        #expect(outcome.answers(job) == (job == own), "\(outcome) to \(job.kind)")
      }
    }
  }

  @Test("A score answers only for the slice's own count of samples, with a possible number correct")
  func counts() throws {
    let (_, _, evaluate, test) = try jobs()
    func score(_ correct: Int, _ count: Int, _ loss: Double = 1) -> Score {
      .exact(correct: correct, count: count, loss: loss)
    }
    for (score, fits) in [
      (score(0, 50), true), (score(50, 50), true), (score(51, 50), false), (score(-1, 50), false),
      (score(20, 49), false), (score(20, 51), false), (score(20, 50, .nan), false), (score(20, 50, .infinity), false),
    ] {
      #expect(Outcome.evaluated(score).answers(evaluate) == fits, "\(score)")
      #expect(!Outcome.evaluated(score).answers(test), "\(score)")
    }
    #expect(Outcome.tested(TestScore(firstFive: score(20, 20))).answers(test))
    #expect(!Outcome.tested(TestScore(firstFive: score(20, 50))).answers(test))
    #expect(!Outcome.tested(TestScore(firstFive: score(21, 20))).answers(test))
    for (top5, fits) in [(4, false), (5, true), (20, true), (21, false)] {
      let tested = Outcome.tested(TestScore(score(5, 20), top5: top5))
      #expect(tested.answers(test) == fits, "\(top5)")
      #expect((try? Outcome(canonical: tested.canonicalBytes)) == (fits ? tested : nil), "\(top5)")
    }
  }

  @Test("Worse than the threshold is an answer where there is one, and then a worse score is none")
  func thresholds() throws {
    let network = try smallStudy().network
    func job(_ threshold: Threshold?, samples: Int? = nil) -> Job {
      .evaluate(
        Evaluation(
          network: network, scope: PruningScope(), parameters: digest("weights"), mask: nil,
          slice: sampleSplits.search, samples: samples, threshold: threshold))
    }
    let score = Score.exact(correct: 15, count: 50, loss: 2)
    for (threshold, isMissed) in [
      (.accuracy(atLeast: 0.3), false), (.accuracy(atLeast: 0.3.nextUp), true),
      (.accuracy(atLeast: 0.3.nextDown), false),
      (.accuracy(atLeast: 0), false), (.accuracy(atLeast: -.infinity), false), (.accuracy(atLeast: .infinity), true),
      (.loss(atMost: 2), false), (.loss(atMost: 2.0.nextDown), true), (.loss(atMost: 2.0.nextUp), false),
      (.loss(atMost: .infinity), false), (.loss(atMost: 0), true),
    ] as [(Threshold, Bool)] {
      #expect(threshold.isMissed(by: score) == isMissed, "\(threshold)")
      #expect(threshold.isMissed(by: .nonfinite), "\(threshold)")
      #expect(Outcome.evaluated(score).answers(job(threshold)) == !isMissed, "\(threshold)")
      #expect(!Outcome.evaluated(.nonfinite).answers(job(threshold)), "\(threshold)")
      #expect(Outcome.worseThanThreshold.answers(job(threshold)), "\(threshold)")
      let count = Outcome.evaluated(.exact(correct: 49, count: 49, loss: 0))
      #expect(!count.answers(job(threshold)) && !Outcome.diverged(step: 0).answers(job(threshold)))
    }
    #expect(!Outcome.worseThanThreshold.answers(job(nil)) && Outcome.evaluated(.nonfinite).answers(job(nil)))
    // Of the first samples alone there are so many, and never more than the slice has.
    for (samples, count) in [(1, 1), (49, 49), (50, 50), (51, 50)] {
      for other in [0, 1, 48, 49, 50, 51] {
        let outcome = Outcome.evaluated(.exact(correct: 0, count: other, loss: 1))
        #expect(outcome.answers(job(nil, samples: samples)) == (other == count), "\(samples), \(other)")
      }
    }
  }

  @Test("A training segment diverges in a step of its own, and has a finite loss")
  func steps() throws {
    let network = try smallStudy().network
    let job = Job.train(
      TrainingSegment(
        network: network, recipe: TrainingRecipe(), seed: 1, slice: sampleSplits.train, start: .state(digest("state")),
        steps: 3..<6, numerics: .portable))
    for step in -1..<8 { #expect(Outcome.diverged(step: step).answers(job) == (3..<6).contains(step), "\(step)") }
    for (loss, fits) in [(0.5, true), (.nan, false), (.infinity, false)] {
      let trained = TrainedSegment(state: digest("state"), parameters: digest("weights"), loss: loss)
      #expect(Outcome.trained(trained).answers(job) == fits, "\(loss)")
    }
  }

  @Test("A planner sees everything but test scores")
  func observation() {
    for outcome in outcomes {
      if case .tested = outcome {
        #expect(Observation(outcome) == nil)
      } else {
        #expect(Observation(outcome) != nil)
      }
    }
    #expect(Observation(.diverged(step: 3)) == .diverged(step: 3))
    #expect(Observation(.evaluated(.nonfinite)) == .evaluated(.nonfinite))
    #expect(Observation(.worseThanThreshold) == .worseThanThreshold)
    #expect(Observation(.split(sampleSplits)) == .split(sampleSplits))
  }

  @Test("The blobs of an outcome are those that it names")
  func blobs() {
    #expect(outcomes[0].blobs == ["train", "search", "validation", "test"].map { digest($0) })
    #expect(outcomes[1].blobs == [digest("state"), digest("weights")])
    #expect(outcomes.last!.blobs == [digest("grown state"), digest("grown weights")])
    #expect(outcomes.dropLast().last!.blobs == [digest("scores")])
    #expect(outcomes[2...].dropLast(2).allSatisfy { $0.blobs == [] })
  }
}
