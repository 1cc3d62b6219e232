import Digests
import Search
import Studies
import Testing

/// Who pays for which job.
@Suite struct CostLedgerTests {
  private func ledger(_ drive: Drive) -> CostLedger {
    var ledger = CostLedger(drive.run.planner.study)
    for record in drive.records { ledger.note(record) }
    ledger.noteTraining(of: drive.run)
    return ledger
  }

  @Test("Evaluations add up to those of the run, each draw counted; every job of it has one owner")
  func sums() throws {
    for (name, study, worker) in try variants() {
      let drive = try Drive.whole(study, generations: 2, worker)
      let ledger = ledger(drive)
      #expect(ledger.evaluations.values.reduce(0, +) == drive.run.evaluations, "\(name)")
      #expect(drive.submitted.allSatisfy { ledger.owner(of: $0) != nil }, "\(name)")
      let contestants = drive.run.planner.contestants
      for job in contestants.flatMap(\.jobs) { #expect(ledger.owner(of: job.digest) == nil, "\(name)") }
      #expect(Set(ledger.evaluations.keys).isSubset(of: Set(contestants.map(\.account))), "\(name)")
    }
  }

  @Test("All draws of a trial are its search's, and a record holds them in order")
  func draws() throws {
    let (_, study, worker) = try retrainingVariants()[0]
    let drive = try Drive.whole(study, generations: 2, worker)
    let ledger = ledger(drive)
    for record in drive.records {
      let count = record.evaluation.mask == nil ? 1 : 3
      #expect(record.draws.count == count && record.job == record.draws[count - 1].job)
      #expect(record.draws.map { Job.evaluate($0.evaluation).digest } == record.draws.map(\.job))
      #expect(record.draws.compactMap { $0.evaluation.retraining?.draw } == (count == 1 ? [] : [0, 1, 2]))
      if !record.isRepeat {
        #expect(record.draws.allSatisfy { ledger.owner(of: $0.job) == record.strategy })
      }
    }
  }

  @Test("A cycle pays for its round's searches and for its training, the dense network for the first training alone")
  func cycles() throws {
    let (_, study, worker) = try cycleVariants()[1]
    let drive = try Drive.whole(study, generations: 2, worker)
    let ledger = ledger(drive)
    #expect(drive.run.planner.contestants.map(\.account.rawValue) == ["Dense", "Cycle1", "Cycle2", "Cycle3"])
    #expect(ledger.evaluations[.dense] == nil)
    for record in drive.records where !record.isRepeat {
      #expect(ledger.owner(of: record.job)?.rawValue == "Cycle\(record.round + 1)")
    }
    let weights = Digest(of: worker.parameters)
    for job in drive.jobs {
      guard case .train(let segment) = job else { continue }
      let owner = try #require(ledger.owner(of: job.digest)).rawValue
      if segment.mask == nil { #expect(owner == "Dense") } else { #expect(owner.hasPrefix("Cycle")) }
      if segment.start == .weights(weights) { #expect(owner == "Cycle1") }
    }
    for number in 1...3 {
      let trained = drive.jobs.count {
        if case .train = $0 { ledger.owner(of: $0.digest)?.rawValue == "Cycle\(number)" } else { false }
      }
      #expect(trained == 2, "cycle \(number): four steps in segments of three")
    }
  }
}
