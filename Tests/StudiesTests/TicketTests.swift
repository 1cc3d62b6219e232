import Digests
import Models
import Pruning
import Randomness
import Search
import Studies
import Testing

/// Lottery tickets: their sizes, what they are reset to, and what their controls share with them.
struct TicketTests {
  /// Four levels with every control, one-shot beside iterative, reset to a step of the first training.
  private func study(_ reach: PruningReach = .layer, rewinding: Int = 4) throws -> MethodStudy {
    var study = try smallMethods(start: .rewind(.steps(rewinding)))
    study.subjects[0].scope = PruningScope(prunesClassifier: true)
    var plan = TicketPlan(pruningFraction: 0.3, reach: reach, levels: 4)
    if reach == .layer { plan.fractions = ["dense3": 0.1] }
    var once = plan
    once.isOneShot = true
    study.procedures =
      [.dense]
      + [plan, once].flatMap { plan in
        [TicketControl.none, .reinitialize, .shuffleLayers, .shuffle].map { .tickets(plan, control: $0) }
      }
    return study
  }

  private func finished(_ study: MethodStudy) throws -> MethodDrive {
    var drive = MethodDrive(study)
    try drive.finish()
    return drive
  }

  @Test(arguments: PruningReach.allCases)
  func theOrderOfArrivalChangesNothing(_ reach: PruningReach) throws {
    let study = try study(reach)
    let expected = try finished(study).history()
    #expect(expected.count == 2 * (1 + 8 * 4))
    for seed in 0..<4 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test)
      var drive = MethodDrive(study)
      try drive.finish(shuffling: &stream)
      #expect(try drive.history() == expected, "seed \(seed)")
    }
  }

  @Test func everyLevelKeepsItsShareOfTheLevelBefore() throws {
    let study = try study()
    let drive = try finished(study)
    let layout = ParameterLayout(study.subjects[0].network, scope: study.subjects[0].scope)
    let tensors = layout.prunable
    for finding in drive.run.findings where finding.place.level > 0 {
      let mask = try #require(finding.mask)
      for (index, tensor) in tensors.enumerated() where finding.strategy != Strategy("Shuffled") {
        guard finding.strategy != Strategy("Shuffled/one-shot") else { continue }
        var share = 1.0
        for _ in 0..<finding.place.level { share *= index == 2 ? 0.9 : 0.7 }
        let expected = max(1, Int((Double(tensor.maskRange!.count) * share).rounded()))
        #expect(mask.population(in: tensor.maskRange!) == expected, "\(finding.strategy) level \(finding.place.level)")
      }
      guard case .remaining(let share) = finding.requested else {
        Issue.record("a ticket without a share")
        continue
      }
      #expect(share == Double(mask.population) / Double(mask.count))
    }
  }

  @Test func aTicketIsPartOfTheOneBeforeAndKeepsTheLargest() throws {
    let study = try study(.global)
    let drive = try finished(study)
    let layout = ParameterLayout(study.subjects[0].network, scope: study.subjects[0].scope)
    let tickets = drive.run.findings.filter { $0.strategy == Strategy("WinningTicket") }
    #expect(tickets.count == 2 * 4)
    for (index, ticket) in tickets.enumerated() {
      let mask = try #require(ticket.mask)
      let before = index % 4 == 0 ? Mask(count: mask.count, keeping: true) : try #require(tickets[index - 1].mask)
      #expect(mask.subtracting(before).population == 0)
      let pruned = try #require(ticket.pruned)
      let weights = try Parameters.values(canonical: try #require(drive.worker.blob(pruned)))
      let magnitudes = layout.prunableValues(of: weights).map { abs($0) }
      let kept = magnitudes.indices.filter { mask[$0] }.map { magnitudes[$0] }
      let gone = magnitudes.indices.filter { before[$0] && !mask[$0] }.map { magnitudes[$0] }
      #expect(kept.min()! >= gone.max()!, "level \(ticket.place.level)")
    }
  }

  @Test(arguments: [0, 4])
  func ticketsAreResetAndControlsAreNot(_ step: Int) throws {
    let study = try study(rewinding: step)
    let drive = try finished(study)
    let (replicate, seed) = (0, study.seed)
    func segments(_ finding: Finding) -> [TrainingSegment] {
      drive.jobs.compactMap { job in
        guard case .train(let segment) = job, segment.mask == finding.mask else { return nil }
        return segment
      }
    }
    // The weights behind that step of the first training.
    let early = try #require(
      drive.jobs.compactMap { job -> Digest? in
        guard case .train(let segment) = job, segment.mask == nil, segment.steps.upperBound == step,
          segment.seed == seed, case .trained(let trained) = drive.facts[job.digest]
        else { return nil }
        return trained.parameters
      }.first)
    var fresh: Set<UInt64> = []
    for finding in drive.run.findings where finding.place.level > 0 && finding.place.replicate == replicate {
      let name = finding.strategy.rawValue
      let starts = segments(finding).filter { if case .state = $0.start { false } else { true } }
      if name.hasPrefix("RandomReinit") {
        let own = starts.filter { $0.start == .fresh }
        // Of the first level both ways to prune leave the same mask.
        #expect(!own.isEmpty && own.allSatisfy { $0.steps.lowerBound == 0 && $0.seed != seed }, "\(name)")
        fresh.formUnion(own.map(\.seed))
      } else {
        #expect(starts.contains { $0.start == .weights(early) && $0.steps.lowerBound == step }, "\(name)")
      }
      #expect(segments(finding).map(\.steps.upperBound).max() == 8, "\(name) trains to the end")
    }
    #expect(fresh.count == 8, "each level of each way to prune has fresh weights of its own")
  }

  @Test func controlsHaveTheSizesOfTheirTickets() throws {
    let drive = try finished(try study())
    let findings = drive.run.findings.filter { $0.place.replicate == 0 }
    func finding(_ name: String, _ level: Int) throws -> Finding {
      try #require(findings.first { $0.strategy.rawValue == name && $0.place.level == level })
    }
    for suffix in ["", "/one-shot"] {
      for level in 1...4 {
        let ticket = try #require(finding("WinningTicket\(suffix)", level).mask)
        #expect(try finding("RandomReinit\(suffix)", level).mask == ticket)
        for name in ["ShuffledLayers", "Shuffled"] {
          let mask = try #require(finding(name + suffix, level).mask)
          #expect(mask != ticket && mask.population == ticket.population, "\(name) \(level)")
        }
      }
    }
  }

  @Test func aLineOfAccuracyEndsTheLevels() throws {
    var study = try study()
    var plan = TicketPlan(pruningFraction: 0.3, levels: 4)
    plan.leastAccuracy = 1
    study.procedures = [.dense, .tickets(plan, control: .none)]
    // Nothing has all of them right, so the first level is the last.
    #expect(try finished(study).run.findings.count { $0.place.level > 0 } == 2)
  }
}
