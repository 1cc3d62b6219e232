import Models
import Pruning
import Scheduling
import Studies
import Testing

/// Who gets how much.
struct DispatchTests {
  @Test func aParcelIsOneMoreThanTheLanesWhileNothingIsKnownOfTheJobs() {
    var bench = CoordinatorBench()
    bench.hello("a", on: 1, lanes: 2)
    #expect(bench.submit(evaluations(0..<9)) == ["1: parcel 0 1 2"])
    #expect(bench.result(Samples.evaluation(0), 1, seconds: 0.1) == ["persist [0] 0/a/computed", "1: parcel 3"])
  }

  @Test func everyLaneGetsAJobBeforeAnyGetsTwo() {
    var bench = CoordinatorBench()
    for connection: UInt32 in 1...4 { bench.hello("w\(connection)", on: connection) }
    let parcels = bench.submit(evaluations(0..<5))
    #expect(parcels.count == 4)
    #expect(bench.state.connectedWorkers.map(\.jobs).sorted() == [1, 1, 1, 2])
  }

  @Test func noLaneIdlesWhileJobsWait() {
    var bench = CoordinatorBench()
    bench.hello("a", on: 1, lanes: 16)
    bench.submit(evaluations(0..<60))
    for number in 0..<40 {
      bench.result(Samples.evaluation(number), 1, seconds: 60)
      #expect(bench.state.connectedWorkers[0].jobs >= 16)
    }
  }

  @Test func longJobsAreNotHeldBack() {
    var bench = CoordinatorBench()
    bench.hello("a", on: 1)
    bench.submit(evaluations(0..<3))
    bench.result(Samples.evaluation(0), 1, seconds: 30)
    bench.result(Samples.evaluation(1), 1, seconds: 30)
    bench.hello("b", on: 2)
    #expect(bench.submit(evaluations(3..<5)) == ["2: parcel 3"], "job 4 is for the lane that is free first")
  }

  @Test(arguments: [1, 2, 3, 8]) func aWorkerNeverHoldsMoreThanTheWindow(_ lanes: Int) {
    var bench = CoordinatorBench()
    bench.hello("a", on: 1, lanes: lanes)
    bench.submit(evaluations(0..<64))
    // 10 ms a job and 0.1 s a lane: 10 jobs a lane, but no more than half of what waits.
    var next = 0
    while next < 64 {
      let waiting = bench.state.waitingJobs
      let lines = bench.result(Samples.evaluation(next), 1, seconds: 0.01)
      next += 1
      let held = bench.state.connectedWorkers[0].jobs
      #expect(held <= max(lanes + 1, 10 * lanes))
      if lines.count == 2 { #expect(held <= max(lanes + 1, waiting / 2 + lanes)) }
      #expect(held >= min(lanes, 64 - next))
    }
  }

  @Test func aMessageStaysBelowTheReceiveLimit() throws {
    var bench = CoordinatorBench()
    bench.say(.hello(Samples.hello("a", lanes: 3, receiveLimit: 100_000)), 1)
    let network = try NetworkDescription(name: "wide", widths: [1000, 200, 2])
    let jobs = (0..<4).map { number in
      Job.evaluate(
        Evaluation(
          network: network, scope: PruningScope(), parameters: Samples.digest("parameters"),
          mask: Mask(count: 200_000, keeping: [number]), slice: Slice(digest: Samples.digest("search"), count: 100)))
    }
    #expect(bench.submit(jobs).map { $0.split(separator: " ").count - 2 } == [1, 1, 1, 1])
  }

  @Test func trainingGoesOnlyToItsNumericsClass() {
    var bench = CoordinatorBench()
    bench.hello("other", on: 1, lanes: 2, numerics: NumericsClass("other"))
    #expect(bench.submit([Samples.training(0), Samples.evaluation(0)]) == ["1: parcel 0"])
    #expect(bench.state.waitingJobs == 1)
    #expect(bench.hello("portable", on: 2).contains("2: parcel t0"))
  }

  @Test func aJobThatComesBackTakesItsOldPlace() {
    var bench = CoordinatorBench()
    bench.hello("a", on: 1)
    bench.submit(evaluations(0..<6))
    bench.say(.returned([Samples.evaluation(0).digest, Samples.evaluation(1).digest]), 1)
    #expect(bench.hello("b", on: 2).contains("2: parcel 0 1"))
  }

  // MARK: - Stragglers

  /// Three workers of which the first takes a hundred times as long as the others, which is known; nothing is open.
  private func uneven() -> CoordinatorBench {
    var bench = CoordinatorBench()
    for connection: UInt32 in 1...3 { bench.hello("w\(connection)", on: connection) }
    bench.submit(evaluations(0..<9))
    var left = Array(0..<9)
    while let number = left.first(where: { job in bench.holding.values.contains { $0.contains(Samples.evaluation(job)) }
    }) {
      let job = Samples.evaluation(number)
      let place = bench.holding.first { $0.value.contains(job) }!.key
      bench.result(job, place, seconds: place == 1 ? 1 : 0.01)
      bench.persisted(job)
      left.removeAll { $0 == number }
    }
    return bench
  }

  @Test func aSlowWorkerGetsNoneOfTheFewJobsThatOthersCanDoSooner() {
    var bench = uneven()
    let parcels = bench.submit(evaluations(100..<110))
    #expect(parcels.count == 2 && !parcels.contains { $0.hasPrefix("1:") }, "\(parcels)")
  }

  @Test func aSlowWorkerGetsItsShareOfManyJobs() {
    var bench = uneven()
    #expect(bench.submit(evaluations(100..<400)).contains { $0.hasPrefix("1:") })
  }

  @Test func aSlowWorkerGetsWhatNobodyElseCanDo() {
    var bench = uneven()
    bench.disconnect(2)
    bench.disconnect(3)
    let parcels = bench.submit(evaluations(100..<101))
    #expect(parcels.count == 1 && parcels[0].hasPrefix("1: parcel"), "\(parcels)")
  }

  @Test func whoNeverAnswersIsSlowToo() {
    var bench = CoordinatorBench()
    for connection: UInt32 in 1...2 { bench.hello("w\(connection)", on: connection) }
    for round in 0..<4 {
      bench.submit(evaluations(4 * round..<4 * round + 4))
      // The first one's jobs are done by the other, as backups.
      for _ in 0..<8 {
        for job in bench.holding[2]! {
          bench.result(job, 2, seconds: 0.01)
          bench.persisted(job)
        }
        bench.wait(0.5)
        bench.heartbeat(1)
        bench.heartbeat(2)
      }
    }
    let parcels = bench.submit(evaluations(100..<102))
    #expect(parcels.count == 1 && parcels[0].hasPrefix("2:"), "\(parcels)")
  }

  @Test func amongSlowOnesNobodyIs() {
    var bench = uneven()
    // The quick ones leave, and are still known.
    bench.say(.returned([]), 2)
    bench.say(.returned([]), 3)
    let parcels = bench.submit(evaluations(100..<164))
    #expect(parcels.count == 1 && parcels[0].split(separator: " ").count > 3, "\(parcels)")
  }

  @Test func whoLacksWorkGetsWhatComesBack() {
    var bench = CoordinatorBench()
    for connection: UInt32 in 1...3 { bench.hello("w\(connection)", on: connection) }
    bench.submit(evaluations(0..<1))
    let holder = bench.holding.first { !$0.value.isEmpty }!.key
    let lines = bench.say(.results([Samples.failure(Samples.evaluation(0))]), holder)
    #expect(lines.contains { $0.hasSuffix("parcel 0") && !$0.hasPrefix("\(holder):") }, "\(lines)")
  }

  @Test func answersInARowAreOneGroup() {
    var bench = CoordinatorBench()
    bench.hello("a", on: 1, lanes: 4)
    bench.submit(evaluations(0..<4))
    bench.result(Samples.evaluation(3), 1)
    bench.persisted(Samples.evaluation(3))
    let jobs = [0, 1, 3, 2].map { Samples.evaluation($0) }
    #expect(
      bench.say(.results(jobs.map { Samples.result($0) }), 1) == [
        "persist [0 1] 0/a/computed 1/a/computed", "persist [] 3/a/duplicate, echo", "1: acknowledge 3",
        "persist [2] 2/a/computed",
      ])
  }

  @Test func slownessIsForgotten() {
    var bench = uneven()
    bench.wait(40, beating: 1, 2, 3)
    #expect(bench.submit(evaluations(100..<110)).contains { $0.hasPrefix("1:") })
  }

  /// Two workers with one lane each; jobs take 0.1 s; job 2 does not come back.
  private func straggling() -> CoordinatorBench {
    var bench = CoordinatorBench()
    bench.hello("a", on: 1)
    bench.submit(evaluations(0..<1))
    bench.result(Samples.evaluation(0), 1, seconds: 0.1)
    bench.persisted(Samples.evaluation(0))
    bench.hello("b", on: 2)
    bench.submit(evaluations(1..<3))
    let quick: UInt32 = bench.holding[1]!.contains(Samples.evaluation(1)) ? 1 : 2
    bench.result(Samples.evaluation(1), quick, seconds: 0.1)
    bench.persisted(Samples.evaluation(1))
    return bench
  }

  /// Who has job 2 after ``straggling()``, and who has nothing.
  private func places(_ bench: CoordinatorBench) -> (slow: UInt32, idle: UInt32) {
    bench.holding[2]!.isEmpty ? (1, 2) : (2, 1)
  }

  @Test func aStragglerGetsOneBackup() {
    var bench = straggling()
    let (slow, idle) = places(bench)
    bench.hello("c", on: 3)
    let lines = bench.wait(4, beating: 1, 2, 3)
    #expect(lines.count == 2, "one note and one parcel, and no second backup on the third worker")
    #expect(lines.first == "note backup of 2")
    #expect(bench.holding[slow]?.count == 1)
    #expect((bench.holding[idle]?.count ?? 0) + bench.holding[3]!.count == 1)
  }

  @Test func aJobOfAKindThatNobodyHasFinishedGetsABackupToo() {
    var bench = CoordinatorBench()
    bench.hello("a", on: 1)
    bench.submit(evaluations(0..<1))
    bench.hello("b", on: 2)
    #expect(!bench.wait(59, beating: 1, 2).contains("note backup of 0"))
    #expect(bench.wait(2, beating: 1, 2).contains("2: parcel 0"), "its lane may hang, though its heart beats")
  }

  @Test func theBackupMayWin() {
    var bench = straggling()
    let (slow, idle) = places(bench)
    bench.wait(3, beating: 1, 2)
    let job = Samples.evaluation(2)
    let name = idle == 1 ? "a" : "b"
    #expect(bench.result(job, idle) == ["persist [2] 2/\(name)/backup"])
    #expect(bench.persisted(job) == ["\(idle): acknowledge 2", "\(slow): cancel 2", "deliver 2"])
    let late = bench.result(job, slow)
    #expect(late == ["persist [] 2/\(slow == 1 ? "a" : "b")/duplicate, echo", "\(slow): acknowledge 2"])
    #expect(bench.state.openJobs == 0)
  }

  @Test func theOriginalMayWin() {
    var bench = straggling()
    let (slow, idle) = places(bench)
    bench.wait(3, beating: 1, 2)
    let job = Samples.evaluation(2)
    #expect(bench.result(job, slow) == ["persist [2] 2/\(slow == 1 ? "a" : "b")/computed"])
    #expect(bench.persisted(job) == ["\(slow): acknowledge 2", "\(idle): cancel 2", "deliver 2"])
    #expect(bench.state.counts == [.computed: 3])
  }

  @Test func aStaleLeaseDoesNotKeepAJobFromABackup() {
    var bench = straggling()
    let (slow, idle) = places(bench)
    // The slow worker dies, another takes the job and is slow too.
    bench.disconnect(slow)
    #expect(bench.wait(1).contains("\(idle): parcel 2"))
    bench.hello("c", on: 3)
    #expect(bench.wait(4, beating: idle, 3).contains("3: parcel 2"))
  }

  @Test func anIdleLaneOfABusyWorkerTakesABackup() {
    var bench = CoordinatorBench()
    bench.hello("a", on: 1, lanes: 2)
    bench.submit(evaluations(0..<2))
    bench.result(Samples.evaluation(0), 1, seconds: 0.1)
    bench.hello("b", on: 2, lanes: 2)
    bench.submit(evaluations(2..<3))
    #expect(bench.wait(4, beating: 1, 2).filter { $0.contains("backup") } == ["note backup of 1", "note backup of 2"])
  }
}
