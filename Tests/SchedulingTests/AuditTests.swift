import Digests
import Scheduling
import Studies
import Testing

/// Facts are computed again by others, and a worker that two others refute is out with all that it gave.
@Suite struct AuditTests {
  private func lie(_ number: Int, _ variant: Int = 0) -> WorkerMessage {
    let job = Samples.evaluation(number)
    return .results([
      JobResult(
        job: job.digest, answer: .outcome(Samples.lie(job, variant)), cost: Cost(wallSeconds: 0.05, cpuSeconds: 0.05))
    ])
  }

  /// Workers a, b and c on connections 1 to 3; a has given fact 0, which b is checking.
  private func checking(lying: Bool = false) -> CoordinatorBench {
    var bench = CoordinatorBench(audits: 1)
    bench.hello("a", on: 1)
    bench.submit(evaluations(0..<1))
    bench.hello("b", on: 2)
    if lying { bench.say(lie(0), 1) } else { bench.result(Samples.evaluation(0), 1) }
    #expect(bench.persisted(Samples.evaluation(0)) == ["1: acknowledge 0", "deliver 0", "2: parcel 0"])
    bench.hello("c", on: 3)
    return bench
  }

  @Test func theSameAnswerEndsAnAudit() {
    var bench = checking()
    #expect(bench.state.auditsUnderWay == 1)
    #expect(bench.result(Samples.evaluation(0), 2) == ["2: acknowledge 0", "persist [] 0/b/audit"])
    #expect(bench.state.auditCount == 0 && bench.state.openJobs == 0)
  }

  @Test func aThirdWorkerDecidesAgainstTheFirst() {
    var bench = checking(lying: true)
    #expect(
      bench.result(Samples.evaluation(0), 2) == [
        "2: acknowledge 0", "persist [] 0/b/audit", "note b disagrees on 0", "dispute 0: a b", "3: parcel 0",
      ])
    let lines = bench.result(Samples.evaluation(0), 3)
    #expect(
      lines == [
        "3: acknowledge 0", "persist [] 0/c/audit", "note c disagrees on 0", "dispute 0: a b c",
        "note a quarantined", "1: reject quarantined", "distrust a", "dispute 0:",
      ])
    #expect(bench.hello("a", on: 4) == ["4: reject quarantined", "note rejected"])
    #expect(bench.say(lie(0), 1).first == "1: reject notWelcomed, try again")
  }

  @Test func aThirdWorkerDecidesAgainstTheSecond() {
    var bench = checking()
    #expect(bench.say(lie(0), 2).contains("3: parcel 0"))
    let lines = bench.result(Samples.evaluation(0), 3)
    #expect(lines.contains("note b quarantined") && lines.contains("distrust b"))
  }

  @Test func sixAnswersOfSixWorkersEndTheStudy() {
    var bench = checking()
    bench.say(lie(0), 2)
    bench.say(lie(0, 1), 3)
    bench.hello("d", on: 4)
    bench.say(lie(0, 2), 4)
    bench.hello("e", on: 5)
    bench.say(lie(0, 3), 5)
    bench.hello("f", on: 6)
    let lines = bench.say(lie(0, 4), 6)
    #expect(lines.last?.hasPrefix("give up 0:") == true && lines.last?.contains("6 workers") == true)
  }

  @Test func nobodyChecksItself() {
    var bench = CoordinatorBench(audits: 1)
    bench.hello("a", on: 1)
    bench.submit(evaluations(0..<1))
    bench.result(Samples.evaluation(0), 1)
    #expect(bench.persisted(Samples.evaluation(0)) == ["1: acknowledge 0", "deliver 0"])
    #expect(bench.state.auditCount == 0, "there is nobody else")

    bench = checking()
    // The acknowledgement was lost, so it says its own result again, and says that it holds the job.
    #expect(bench.result(Samples.evaluation(0), 1) == ["1: acknowledge 0", "persist [] 0/a/duplicate"])
    #expect(bench.say(.heartbeat(holding: [Samples.evaluation(0).digest]), 1).isEmpty)
    #expect(bench.state.auditsUnderWay == 1)
  }

  @Test func anAuditWithoutAWorkerIsGivenUpUnlessAnswersDiffer() {
    var bench = checking()
    bench.say(.bye, 2)
    bench.say(.bye, 3)
    bench.wait(1, beating: 1)
    #expect(bench.state.auditCount == 0)

    bench = checking()
    bench.say(lie(0), 2)
    bench.say(.bye, 3)
    #expect(bench.wait(1).contains("note undecided 0"))
    #expect(!bench.wait(1).contains("note undecided 0"), "it is said once")
    #expect(bench.state.auditCount == 1 && bench.state.auditsUnderWay == 0)
    #expect(bench.hello("d", on: 4).last == "4: parcel 0")
  }

  @Test func aContradictionIsFollowedWithoutBeingChosen() {
    var bench = CoordinatorBench()
    bench.hello("a", on: 1)
    bench.submit(evaluations(0..<1))
    bench.hello("b", on: 2, holding: evaluations(0..<1))
    bench.hello("c", on: 3)
    bench.say(lie(0), 1)
    #expect(bench.result(Samples.evaluation(0), 2).contains("note b disagrees on 0"))
    #expect(bench.persisted(Samples.evaluation(0)).last == "3: parcel 0")
    #expect(bench.result(Samples.evaluation(0), 3).contains("distrust a"))
  }

  @Test func aFailedCheckLeavesTheFact() {
    var bench = checking()
    let failure = WorkerMessage.results([Samples.failure(Samples.evaluation(0))])
    // Whoever has it; of the other it is an echo.
    for _ in 1...3 { for connection: UInt32 in [2, 3] { bench.say(failure, connection) } }
    #expect(bench.state.auditCount == 0 && bench.state.openJobs == 0)
  }

  @Test(arguments: 0..<8) func oneInEachRowIsChosen(_ worker: Int) {
    var bench = CoordinatorBench(audits: 20)
    bench.hello("w\(worker)", on: 1)
    var chosen: [Int] = []
    for number in 0..<41 {
      // The second worker only makes checks possible; it takes none of the jobs.
      bench.submit([Samples.evaluation(number)])
      bench.result(Samples.evaluation(number), 1)
      let before = bench.state.auditCount
      bench.hello("b", on: 2, lanes: 64)
      bench.persisted(Samples.evaluation(number))
      if bench.state.auditCount > before { chosen.append(number) }
      bench.say(.bye, 2)
    }
    #expect(chosen.map { ($0 + 19) / 20 } == [0, 1, 2])
  }

  /// Jobs that an earlier life had different answers to.
  private func reopened(_ answers: (String, Int?)...) -> CoordinatorBench {
    let job = Samples.evaluation(0)
    let testimonies = answers.map { name, variant in
      Testimony(
        worker: Samples.digest(name), outcome: variant.map { Samples.lie(job, $0) } ?? Samples.outcome(job))
    }
    return CoordinatorBench(audits: 50, disputes: [job.digest: testimonies])
  }

  @Test func anOpenDisputeIsDecidedByTheFirstNewAnswer() {
    var bench = reopened(("a", nil), ("b", 0))
    bench.hello("c", on: 3)
    bench.submit(evaluations(0..<1))
    bench.result(Samples.evaluation(0), 3)
    let lines = bench.persisted(Samples.evaluation(0))
    #expect(lines.contains("dispute 0: c a b") && lines.contains("dispute 0:") && lines.contains("distrust b"))
    #expect(bench.state.undecided == 0)
  }

  @Test func anOpenDisputeGoesToSomebodyElseIfThereIsOne() {
    var bench = reopened(("a", nil), ("b", 0))
    bench.hello("a", on: 1)
    bench.hello("b", on: 2)
    bench.hello("c", on: 3)
    #expect(bench.submit(evaluations(0..<1)) == ["3: parcel 0"])

    bench = reopened(("a", nil), ("b", 0))
    bench.hello("a", on: 1)
    #expect(bench.submit(evaluations(0..<1)) == ["1: parcel 0"], "there is nobody else")
    bench.result(Samples.evaluation(0), 1)
    #expect(bench.persisted(Samples.evaluation(0)).contains("dispute 0: a b"), "its own answer counts once")
    #expect(bench.state.undecided == 1)
    bench.hello("c", on: 3)
    #expect(bench.result(Samples.evaluation(0), 3).contains("distrust b"))
  }

  @Test func nobodyMakesItselfAChecker() {
    var bench = checking()
    // Worker c was not asked, neither as it stands nor when it says that it has the job.
    #expect(bench.say(lie(0), 3) == ["3: acknowledge 0", "persist [] 0/c/duplicate"])
    #expect(bench.say(.heartbeat(holding: [Samples.evaluation(0).digest]), 3).isEmpty)
    #expect(bench.say(lie(0), 3) == ["3: acknowledge 0", "persist [] 0/c/duplicate"])
    #expect(bench.result(Samples.evaluation(0), 2) == ["2: acknowledge 0", "persist [] 0/b/audit"])
    #expect(bench.state.auditCount == 0)
  }

  @Test func whoContradictsItselfIsDoubted() {
    var bench = reopened(("a", nil), ("a", 0))
    bench.hello("a", on: 1)
    bench.submit(evaluations(0..<1))
    bench.say(lie(0), 1)
    #expect(bench.persisted(Samples.evaluation(0)).contains("dispute 0: a a"))
    #expect(bench.state.undecided == 1)
    bench.hello("b", on: 2)
    #expect(bench.result(Samples.evaluation(0), 2).contains("distrust a"))
  }

  @Test func aDisputeWithoutDissentIsSettledByTheSameAnswer() {
    var bench = reopened(("a", nil))
    bench.hello("c", on: 3)
    bench.submit(evaluations(0..<1))
    bench.result(Samples.evaluation(0), 3)
    #expect(bench.persisted(Samples.evaluation(0)).contains("dispute 0:"))
    #expect(bench.state.undecided == 0)
  }

  @Test func whatAnAuditNeedsIsKnown() {
    var bench = checking()
    let inputs = Samples.evaluation(0).inputs
    #expect(inputs.allSatisfy(bench.state.isNeededForAudit))
    #expect(!bench.state.isNeededForAudit(Samples.digest("another")))
    bench.result(Samples.evaluation(0), 2)
    #expect(!inputs.contains(where: bench.state.isNeededForAudit))
  }
}
