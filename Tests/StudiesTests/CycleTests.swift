import Digests
import Models
import Pruning
import Search
import Studies
import Testing

/// Search, training of the best mask, search again: which jobs follow one another, and where it ends.
@Suite struct CycleTests {
  private func drive(_ name: String) throws -> (study: Study, drive: Drive) {
    let (_, study, worker) = try #require(try cycleVariants().first { $0.name == name })
    return (study, try Drive.whole(study, generations: 2, worker))
  }

  /// The best genetic trial of a round, by its records.
  private func best(_ drive: Drive, round: Int) -> Mask? {
    drive.records.filter { $0.round == round && $0.strategy == .genetic }.min { left, right in
      let (first, second) = (left.trial.fitness!, right.trial.fitness!)
      return first != second ? first > second : left.trial.place.id < right.trial.place.id
    }?.evaluation.mask
  }

  @Test("A round's best mask is trained from the round's weights, judged, and searched on; sizes shrink by the step")
  func rounds() throws {
    for (name, kept) in [
      ("cycles", [17, 10]), ("missed", [17, 10, 4]), ("impossible", [17, 10, 4]), ("one size", [17, 17]),
      ("cycles with retraining", [17, 10]), ("cycles without training", [17, 10]),
    ] {
      let (study, drive) = try drive(name)
      let trains = study.cycles!.recipe.epochs > 0
      var weights = Digest(of: drive.worker.parameters)
      var chains: [[TrainingSegment]] = []
      for segment in drive.segments where segment.mask != nil {
        if segment.steps.lowerBound == 0 { chains.append([]) }
        chains[chains.count - 1].append(segment)
      }
      #expect(drive.records.map(\.round) == drive.records.map(\.round).sorted(), "\(name)")
      for round in kept.indices {
        let own = drive.records.filter { $0.round == round }
        #expect(own.count == 4 + 2 * 16, "\(name), round \(round)")
        #expect(own.allSatisfy { $0.evaluation.mask?.population ?? kept[round] == kept[round] }, "\(name)")
        #expect(own.allSatisfy { $0.evaluation.parameters == weights }, "\(name), round \(round)")
        #expect(own.allSatisfy { $0.line.contains("@\(round + 1) ") == (round > 0) }, "\(name), round \(round)")
        let mask = best(drive, round: round)
        if trains {
          let chain = chains[round]
          #expect(chain.map(\.steps) == [0..<3, 3..<4], "\(name)")
          #expect(chain[0].start == .weights(weights), "\(name), round \(round)")
          guard case .trained(let first)? = drive.facts[Job.train(chain[0]).digest],
            case .trained(let last)? = drive.facts[Job.train(chain[1]).digest]
          else { throw Missing(what: "\(name): a chain without facts") }
          #expect(chain[1].start == .state(first.state), "\(name)")
          #expect(
            chain.allSatisfy { $0.mask == mask && $0.recipe == study.cycles!.recipe && $0.slice == sampleSplits.train })
          weights = last.parameters
        }
        let judgement = drive.evaluations.contains {
          $0.slice == sampleSplits.validation && $0.mask == mask && $0.parameters == weights && $0.retraining == nil
        }
        #expect(judgement, "\(name), round \(round)")
      }
      #expect(drive.evaluations.count { $0.slice == sampleSplits.validation } == kept.count, "\(name)")
      #expect(chains.count == (trains ? kept.count : 0), "\(name)")
    }
  }

  @Test("A round below the least accuracy is the last one, and marked; a budget that no mask can meet begins no round")
  func ends() throws {
    // 85 parameters, 25 of them never pruned: of the fourth round 85 / 3.456 would be left, so none to keep.
    for (name, names) in [
      ("cycles", ["Cycle1", "Cycle2"]), ("missed", ["Cycle1", "Cycle2", "Cycle3 (missed)"]),
      ("impossible", ["Cycle1", "Cycle2", "Cycle3"]), ("one size", ["Cycle1", "Cycle2"]),
    ] {
      let (study, drive) = try drive(name)
      let contestants = drive.run.planner.contestants
      #expect(contestants.map(\.strategy.rawValue) == ["Dense"] + names, "\(name)")
      for (index, contestant) in contestants.dropFirst().enumerated() {
        #expect(contestant.mask == best(drive, round: index), "\(name), cycle \(index + 1)")
        var compression = 2.0
        for _ in 0..<index { compression *= study.cycles!.compressionStep }
        #expect(contestant.requested == .compression(compression), "\(name), cycle \(index + 1)")
        #expect(contestant.metrics == SizeMetrics(drive.run.planner.layout, mask: contestant.mask))
      }
      for contestant in contestants {
        guard contestant.jobs.count == 1, case .test(let evaluation) = contestant.jobs[0] else {
          throw Missing(what: "\(name): \(contestant.strategy) is not tested once")
        }
        #expect(evaluation.slice == sampleSplits.test && evaluation.mask == contestant.mask)
        #expect(!drive.removed.contains(evaluation.parameters!), "\(name): \(contestant.strategy)")
        let judged = drive.evaluations.contains {
          $0.slice == sampleSplits.validation && $0.mask == evaluation.mask && $0.parameters == evaluation.parameters
        }
        #expect(judged == (contestant.mask != nil), "\(name): \(contestant.strategy)")
      }
      guard case .test(let dense) = contestants[0].jobs[0] else { return }
      #expect(dense.parameters == Digest(of: drive.worker.parameters), "the weights that the study trained first")
    }
  }

  @Test("Exactly the least accuracy is enough")
  func exactly() throws {
    for (least, rounds) in [(0.5, 2), (0.5.nextUp, 1), (0.4, 2)] {
      var study = try shortStudy()
      study.cycles = Cycles(rounds: 2, compressionStep: 1.2, recipe: TrainingRecipe(epochs: 1), leastAccuracy: least)
      let drive = try Drive.whole(study, generations: 1)
      #expect(drive.run.planner.contestants.count == 1 + rounds, "\(least)")
      #expect(drive.run.planner.contestants.last!.strategy.rawValue.contains("missed") == (rounds == 1))
    }
  }

  @Test("A cycle's training that diverges ends the study")
  func diverged() throws {
    let (_, study, worker) = try cycleVariants()[0]
    var drive = Drive(try planner(study, generations: 1), worker)
    try drive.advance()
    let failure = #expect(throws: StudyFailure.self) {
      while !drive.isFinished {
        if case .train(let segment) = drive.outstanding[0], segment.mask != nil {
          drive.answer(0, with: .diverged(step: segment.steps.upperBound - 1))
        } else {
          drive.answer(0)
        }
        try drive.advance()
      }
    }
    #expect(failure?.description.contains("diverged") == true)
  }

  @Test("The first round is that of the study without cycles, and no budget of rounds changes the earlier ones")
  func prefix() throws {
    let (_, study, worker) = try cycleVariants()[2]
    let long = try Drive.whole(study, generations: 2, worker)
    for rounds in 1...3 {
      var short = study
      short.cycles!.rounds = rounds
      let drive = try Drive.whole(short, generations: 2, worker)
      #expect(drive.lines == Array(long.lines.prefix(36 * rounds)) && drive.lines.count == 36 * rounds)
    }
    var plain = study
    plain.cycles = nil
    #expect(try Drive.whole(plain, generations: 2, worker).lines == Array(long.lines.prefix(36)))
  }

  @Test("A snapshot of a round is refused under another length of rounds")
  func otherLength() throws {
    let (_, study, worker) = try cycleVariants()[0]
    let drive = try Drive.whole(study, generations: 3, worker)
    #expect(!drive.snapshots.isEmpty)
    for (state, _) in drive.snapshots {
      var other = try planner(study, generations: 4)
      #expect(throws: CanonicalError.self) { try other.parametersOfSnapshot(state) }
      #expect(throws: CanonicalError.self) { try other.restore(state, parameters: worker.parameters) }
    }
  }
}
