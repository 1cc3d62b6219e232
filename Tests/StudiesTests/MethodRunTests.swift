import Digests
import Models
import Pruning
import Randomness
import Search
import Studies
import Testing

struct MethodRunTests {
  /// The plain study, one that resets to an early step, and one that removes neurons.
  private static func studies() throws -> [MethodStudy] {
    var neurons = try smallMethods(granularity: .neurons)
    neurons.procedures.removeAll { if case .search = $0 { true } else { false } }
    return [try smallMethods(), try smallMethods(start: .rewind(.steps(4))), neurons]
  }

  @Test(arguments: 0..<3)
  func theOrderOfArrivalChangesNothing(_ variant: Int) throws {
    let study = try Self.studies()[variant]
    var first = MethodDrive(study)
    try first.finish()
    let expected = try first.history()
    #expect(expected.count >= study.replicates * study.procedures.count)
    for seed in 0..<6 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test)
      var drive = MethodDrive(study)
      try drive.finish(shuffling: &stream)
      #expect(try drive.history() == expected, "seed \(seed)")
    }
  }

  @Test(arguments: 0..<3)
  func aRunGoesOnFromItsFactsAlone(_ variant: Int) throws {
    let study = try Self.studies()[variant]
    var whole = MethodDrive(study)
    try whole.finish()
    let expected = try whole.history()
    for seed in 0..<6 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test)
      var killed = MethodDrive(study)
      try killed.finish(shuffling: &stream, until: 1 + stream.below(whole.facts.count))
      var resumed = MethodDrive(study, facts: killed.facts)
      // What it needs is in the store.
      for job in killed.jobs { _ = resumed.worker.outcome(of: job) }
      try resumed.finish(shuffling: &stream)
      #expect(try resumed.history() == expected, "seed \(seed)")
      #expect(resumed.jobs.allSatisfy { killed.facts[$0.digest] == nil }, "seed \(seed): a known job is done again")
    }
  }

  @Test func whatBranchesShareIsDoneOnce() throws {
    let study = try smallMethods()
    var drive = MethodDrive(study)
    try drive.finish()
    #expect(Set(drive.jobs.map(\.digest)).count == drive.jobs.count)
    // 8 steps in segments of 3, in each replicate; and the initial weights of SNIP.
    let first = drive.jobs.filter { if case .train(let job) = $0 { job.mask == nil } else { false } }
    #expect(first.count == 2 * (3 + 1))
    #expect(drive.jobs.count { if case .split = $0 { true } else { false } } == 2)
  }

  @Test(arguments: 0..<3)
  func everyNetworkHasItsSizeAndIsPartOfTheOneBefore(_ variant: Int) throws {
    let study = try Self.studies()[variant]
    var drive = MethodDrive(study)
    try drive.finish()
    let findings = drive.run.findings
    #expect(drive.run.progress.found == drive.run.progress.expected)
    var before: [FindingPlace: Mask] = [:]
    for finding in findings {
      guard let mask = finding.mask, case .compression(let compression) = finding.requested else { continue }
      #expect(finding.metrics.realCompression >= compression * (1 - 1e-12), "\(finding.strategy)")
      if variant < 2 {
        let size = finding.metrics.size
        #expect(finding.metrics.sizeNonzero == Int((Double(size) / compression).rounded(.down)))
        #expect(mask.population < finding.metrics.sizeNonzero)
      }
      let place = finding.place
      let last = FindingPlace(
        subject: place.subject, procedure: place.procedure, replicate: place.replicate, level: place.level - 1)
      if let larger = before[last] {
        #expect(mask.subtracting(larger).population == 0, "\(finding.strategy) brings a weight back")
      }
      before[place] = mask
    }
  }

  @Test func whatOneSubjectGaveUpIsThereForAnother() throws {
    // Equal first trainings; the second one goes back to weights that the first one has no use for.
    var study = try smallMethods()
    let rewinding = try smallMethods(start: .rewind(.steps(3))).subjects[0]
    study.procedures = [.dense, .pruning(PruningMethod(.magnitude, .global), compression: 2)]
    var other = study.subjects[0]
    (other.name, other.retraining) = ("other", rewinding.retraining)
    for subjects in [[study.subjects[0], other], [other, study.subjects[0]]] {
      study.subjects = subjects
      for seed in 0..<8 as Range<UInt64> {
        var stream = RandomStream(seed: seed, .test)
        var drive = MethodDrive(study)
        // It looks whether a job or a branch needs what was given up.
        try drive.finish(shuffling: &stream)
        #expect(!drive.removed.isEmpty, "states of finished trainings go")
        let inputs = drive.run.contestants.flatMap { $0.allJobs.flatMap(\.inputs) }
        #expect(drive.removed.isDisjoint(with: inputs), "seed \(seed)")
      }
    }
  }

  @Test("Accuracies on train are asked for behind the end, and change nothing before it")
  func trainAccuracy() throws {
    var study = try smallMethods()
    study.procedures = [.dense, .pruning(PruningMethod(.magnitude, .global), compression: 2)]
    var plain = MethodDrive(study)
    try plain.finish()
    #expect(plain.run.contestants.allSatisfy { $0.trainJobs.isEmpty })
    let digest = study.digest
    study.reportsTrainAccuracy = true
    #expect(study.digest == digest)
    var asking = MethodDrive(study)
    try asking.finish()
    #expect(try asking.history() == plain.history() && asking.jobs == plain.jobs)
    for (finding, contestant) in zip(asking.run.findings, asking.run.contestants) {
      let splits = contestant.splits
      guard case .evaluate(let job)? = contestant.trainJobs.first, case .test(let test)? = contestant.jobs.first else {
        Issue.record("\(contestant.name): no job on train")
        continue
      }
      #expect(contestant.trainJobs.count == 1 && asking.run.trainJudgement(of: finding) == job)
      #expect(job.slice.digest == splits.train.digest && job.slice.count == splits.train.count)
      #expect(job.sampleCount == min(splits.train.count, splits.test.count))
      #expect(job.parameters == test.parameters && job.mask == test.mask && job.network == test.network)
      #expect(contestant.judgingJobs.contains(.evaluate(job)) && contestant.allJobs.contains(.evaluate(job)))
      #expect(!asking.jobs.contains(.evaluate(job)))
      #expect(asking.removed.isDisjoint(with: Job.evaluate(job).inputs))
    }
  }

  @Test func laterRoundsScoreWhatIsLeft() throws {
    var study = try smallMethods()
    study.procedures = [.pruning(PruningMethod(.gradient, .global, schedule: .iterative(rounds: 3)), compression: 2)]
    study.replicates = 1
    var drive = MethodDrive(study)
    try drive.finish()
    let scorings = drive.jobs.compactMap { if case .score(let job) = $0 { job } else { nil } }
    #expect(scorings.map(\.mask) == [nil] + drive.run.findings.dropLast().map(\.mask))
  }

  @Test func searchesAreRetrainedLikeMethods() throws {
    var study = try smallMethods(start: .rewind(.steps(4)))
    study.procedures = [.search(SearchPlan(.genetic, .genetic(smallGenetic)), compression: 2, trials: 16)]
    study.replicates = 1
    var drive = MethodDrive(study)
    try drive.finish()
    let finding = try #require(drive.run.findings.first)
    let segments = drive.jobs.compactMap { job -> TrainingSegment? in
      if case .train(let segment) = job, segment.mask != nil { segment } else { nil }
    }
    #expect(segments.allSatisfy { $0.mask == finding.mask })
    #expect(segments.first?.steps.lowerBound == 4 && segments.last?.steps.upperBound == 8)
    #expect(drive.jobs.count { if case .train(let segment) = $0 { segment.mask == nil } else { false } } == 4)
  }

  @Test func globalMagnitudeKeepsTheLargest() throws {
    let study = try smallMethods()
    var drive = MethodDrive(study)
    try drive.finish()
    let layout = ParameterLayout(study.subjects[0].network)
    for finding in drive.run.findings where finding.strategy == .globalMagnitude {
      let pruned = try #require(finding.pruned)
      let values = try Parameters.values(canonical: try #require(drive.worker.blob(pruned)))
      let magnitudes = layout.prunableValues(of: values).map { abs($0) }
      let mask = try #require(finding.mask)
      let floored = layout.prunable.contains { mask.population(in: $0.maskRange!) == 1 }
      let kept = magnitudes.indices.filter { mask[$0] }.map { magnitudes[$0] }
      let gone = magnitudes.indices.filter { !mask[$0] }.map { magnitudes[$0] }
      #expect(floored || kept.min()! >= gone.max()!)
    }
  }

  @Test func snipScoresAndTrainsFreshWeights() throws {
    let study = try smallMethods()
    var drive = MethodDrive(study)
    try drive.finish()
    let fresh = drive.jobs.compactMap { job -> Digest? in
      guard case .train(let segment) = job, segment.start == .fresh, segment.steps.isEmpty,
        case .trained(let trained) = drive.facts[job.digest]
      else { return nil }
      return trained.parameters
    }
    #expect(fresh.count == 2)
    let snip = drive.run.findings.filter { $0.strategy == Strategy("SNIP") }
    #expect(snip.count == 2 && snip.allSatisfy { fresh.contains($0.pruned!) })
    for finding in snip {
      let trainings = drive.jobs.compactMap { job -> TrainingSegment? in
        if case .train(let segment) = job, segment.mask == finding.mask { segment } else { nil }
      }
      #expect(trainings.map(\.steps.upperBound).max() == 8, "it trains as long as the dense network")
    }
  }

  @Test func aSearchIsThatOfAStudyOfItsOwn() throws {
    var study = try smallMethods()
    study.replicates = 1
    var drive = MethodDrive(study)
    try drive.finish()
    let lines = try drive.history().filter { $0.hasPrefix("small#1:GeneticAlgorithm@2.0/GeneticAlgorithm ") }
    #expect(lines.count == 24)
    // What a search's jobs cost is its branch's, but for what an earlier branch asked for.
    let last = study.procedures.count - 1
    #expect(drive.run.owners.values.count { $0 == last } >= 20)
    #expect(Set(drive.run.owners.keys) == Set(drive.facts.keys))
  }

  @Test func aBranchThatDivergesEndsAlone() throws {
    let study = try smallMethods()
    var drive = MethodDrive(study)
    // Step 8 is the last one of the first training and of SNIP's; retraining has 4.
    drive.worker.divergesFrom = 4
    drive.worker.sparesDense = true
    try drive.finish()
    let endings = drive.run.endings
    #expect(
      endings.count == 2 * 2
        && endings.allSatisfy { $0.name.contains("SNIP") && $0.ending.code.hasPrefix("diverged step=") })
    let lines = try drive.history()
    #expect(lines.count { $0.contains(" ended: diverged step=") } == 4)
    #expect(drive.run.contestants.count == drive.run.findings.count)

    var all = MethodDrive(study)
    all.worker.divergesFrom = 0
    let failure = #expect(throws: StudyFailure.self) { try all.finish() }
    #expect(failure?.description.contains("small#1:Dense") == true)
    #expect(all.run.findings.isEmpty && all.run.endings.count == 2 * study.procedures.count)
  }

  @Test func schedulesEndAtTheTarget() {
    for target in [2.0, 10, 64] {
      #expect(PruningSchedule.oneShot.compressions(to: target) == [target])
      for rounds in 1...7 {
        let iterative = PruningSchedule.iterative(rounds: rounds).compressions(to: target)
        let cubic = PruningSchedule.cubic(rounds: rounds).compressions(to: target)
        for compressions in [iterative, cubic] {
          #expect(compressions.count == rounds && compressions.last == target)
          #expect(zip([1] + compressions, compressions).allSatisfy { $0 < $1 })
        }
        for (before, after) in zip([1] + iterative, iterative) {
          let (ratio, first) = (after / before, iterative[0])
          #expect(abs(ratio - first) < 1e-9 * first, "each round removes the same share")
        }
      }
      // The cubic schedule removes 7/8 of what it will, behind the first half.
      let half = PruningSchedule.cubic(rounds: 2).compressions(to: target)[0]
      #expect(abs((1 - 1 / half) - 0.875 * (1 - 1 / target)) < 1e-12)
    }
  }
}
