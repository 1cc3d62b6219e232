import Scheduling
import Studies
import Testing

/// What becomes of the jobs of workers that fall silent, break off, come back or leave.
struct LeaseTests {
  /// Workers `a` and `b` of one lane; `a` has jobs 0 and 1 and one lane, `b` has none.
  private func pair() -> CoordinatorBench {
    var bench = CoordinatorBench()
    bench.hello("a", on: 1)
    bench.submit(evaluations(0..<2))
    bench.hello("b", on: 2)
    return bench
  }

  // MARK: - Broken connections

  @Test func aKilledWorkersJobsAreWithOthersAfterASecond() {
    var bench = pair()
    #expect(bench.disconnect(1).isEmpty)
    #expect(bench.wait(0.75).isEmpty)
    #expect(bench.wait(0.25) == ["note a lost with 2", "2: parcel 0"])
    let next = bench.result(Samples.evaluation(0), 2)
    #expect(next.last == "2: parcel 1", "one at a time: the worker may have died of either")
    #expect(bench.state.knownWorkers == 1)
  }

  @Test func aWorkerThatComesBackWithinTheSecondKeepsWhatItHolds() {
    var bench = pair()
    bench.disconnect(1)
    bench.wait(0.75)
    #expect(
      bench.hello("a", on: 3, holding: evaluations(0..<1)) == ["3: welcome 1", "2: parcel 1"],
      "what it does not hold any more goes back at once")
    #expect(bench.wait(3, beating: 2, 3).isEmpty)
    #expect(bench.result(Samples.evaluation(0), 3).first == "persist [0] 0/a/computed")
  }

  @Test func aWorkerThatComesBackLaterBringsItsResultAllTheSame() {
    var bench = pair()
    bench.disconnect(1)
    bench.wait(1)
    #expect(bench.hello("a", on: 3, holding: evaluations(0..<1)) == ["3: welcome 1", "note a joined with 1"])
    #expect(bench.result(Samples.evaluation(0), 3) == ["persist [0] 0/a/backup", "3: parcel 1"])
    #expect(bench.persisted(Samples.evaluation(0)) == ["3: acknowledge 0", "2: cancel 0", "deliver 0"])
  }

  @Test func jobsThatAWorkerBringsToANewCoordinatorAreItsOwn() {
    var bench = CoordinatorBench(epoch: 2)
    bench.submit(evaluations(0..<2))
    bench.hello("a", on: 1, holding: evaluations(1..<2))
    #expect(bench.state.waitingJobs == 0)
    #expect(bench.hello("b", on: 2) == ["2: welcome 2", "note b joined with 1"])
    #expect(bench.result(Samples.evaluation(1), 1) == ["persist [1] 1/a/computed"])
  }

  // MARK: - Silence

  @Test func aSilentWorkerIsSuspectAfterFiveSecondsAndLostAfterTwelve() {
    var bench = pair()
    #expect(bench.wait(4.75, beating: 2).isEmpty)
    #expect(bench.wait(0.25, beating: 2) == ["note a suspected"])
    #expect(bench.submit(evaluations(2..<6)) == ["2: parcel 2 3"], "a suspect gets no new work")
    for number in 2..<4 { bench.result(Samples.evaluation(number), 2) }
    #expect(bench.wait(6.75, beating: 2).isEmpty)
    #expect(bench.wait(0.25, beating: 2) == ["note a lost with 2"])
    #expect(bench.state.waitingJobs == 2)
    #expect(bench.result(Samples.evaluation(4), 2).last == "2: parcel 0", "old jobs first")
  }

  @Test func aSuspectThatIsHeardWorksOn() {
    var bench = pair()
    #expect(bench.wait(6, beating: 2) == ["note a suspected"])
    bench.heartbeat(1)
    #expect(bench.wait(4, beating: 2).isEmpty)
  }

  @Test func theLateResultOfALostWorkerIsStillTheFact() {
    var bench = pair()
    bench.wait(13, beating: 2)
    #expect(bench.holding[2]!.count == 2)
    #expect(bench.result(Samples.evaluation(0), 1).first == "persist [0] 0/a/late")
    #expect(bench.persisted(Samples.evaluation(0)) == ["1: acknowledge 0", "2: cancel 0", "deliver 0"])
    #expect(bench.result(Samples.evaluation(0), 2).first == "persist [] 0/b/duplicate, echo")
  }

  @Test func aLostWorkerThatIsHeardAgainHasWhatItHolds() {
    var bench = CoordinatorBench()
    bench.hello("a", on: 1)
    bench.submit(evaluations(0..<2))
    bench.wait(13)
    #expect(bench.state.waitingJobs == 2)
    #expect(bench.heartbeat(1).isEmpty)
    #expect(bench.state.waitingJobs == 0)
    #expect(bench.result(Samples.evaluation(0), 1) == ["persist [0] 0/a/computed"])
  }

  // MARK: - The coordinator's own stalls

  @Test func aStallOfTheCoordinatorLosesNobody() {
    var bench = pair()
    bench.wait(2, beating: 1, 2)
    bench.stall(30)
    #expect(bench.wait(2, beating: 1, 2).isEmpty)
    #expect(bench.wait(6, beating: 1, 2).allSatisfy { !$0.contains("lost") && !$0.contains("suspected") })
  }

  @Test func aConnectionThatBrokeBeforeAStallHasItsSecondAfterIt() {
    var bench = pair()
    bench.disconnect(1)
    bench.stall(30)
    #expect(bench.wait(0.75).isEmpty)
    #expect(bench.wait(0.5).first == "note a lost with 2")
  }

  @Test func aStallTakesNoParcelBackThatIsOnItsWay() {
    var bench = pair()
    bench.stall(30)
    #expect(bench.say(.heartbeat(holding: []), 1).isEmpty, "said before the parcel came")
    #expect(bench.state.waitingJobs == 0)
  }

  @Test func aStallMakesNoStragglers() {
    var bench = pair()
    bench.submit(evaluations(2..<4))
    bench.result(Samples.evaluation(0), 1, seconds: 0.1)
    bench.result(Samples.evaluation(2), 2, seconds: 0.1)
    bench.result(Samples.evaluation(3), 2, seconds: 0.1)
    bench.stall(30)
    #expect(bench.wait(0.5).isEmpty)
  }

  // MARK: - Poison

  @Test func aJobThatThreeWorkersDiedOnIsGivenUp() {
    var bench = CoordinatorBench()
    bench.submit(evaluations(0..<2))
    for connection: UInt32 in 1...3 {
      // After the first death both go out alone, in case they were done together.
      #expect(
        bench.hello("w\(connection)", on: connection).contains("\(connection): parcel 0\(connection == 1 ? " 1" : "")"))
      bench.disconnect(connection)
      let lines = bench.wait(1)
      #expect(lines.contains { $0.hasPrefix("give up") } == (connection == 3))
      if connection == 3 {
        #expect(lines[0].hasPrefix("give up 0: evaluate job"))
        #expect(lines[0].hasSuffix("3 workers died while they had it"))
      }
    }
    #expect(
      bench.hello("w4", on: 4).contains("4: parcel 1"),
      "what merely waited beside it is not blamed, and the job does no more harm")
  }

  @Test func aJobThatKillsAmongOthersIsFoundOutAlone() {
    var bench = CoordinatorBench()
    let jobs = evaluations(0..<2)
    bench.submit(jobs)
    #expect(bench.hello("w1", on: 1).contains("1: parcel 0 1"))
    // Perhaps it did both at once: nobody knows which one it was.
    bench.disconnect(1)
    bench.wait(1)
    #expect(bench.hello("w2", on: 2).contains("2: parcel 0"))
    bench.result(jobs[0], 2)
    bench.persisted(jobs[0])
    bench.disconnect(2)
    bench.wait(1)
    for connection: UInt32 in 3...5 {
      let lines = bench.hello("w\(connection)", on: connection)
      #expect(lines.contains("\(connection): parcel 1") == (connection < 5))
      bench.disconnect(connection)
      #expect(bench.wait(1).contains { $0.hasPrefix("give up 1") } == (connection == 4))
    }
  }

  @Test func aWorkerThatComesBackHadNotDied() {
    var bench = CoordinatorBench()
    bench.submit(evaluations(0..<1))
    for connection: UInt32 in 1...9 {
      // A network that breaks for longer than a second, again and again.
      bench.hello(connection.isMultiple(of: 2) ? "a" : "b", on: connection)
      bench.hello("c", on: connection + 100)
      bench.disconnect(connection)
      bench.disconnect(connection + 100)
      #expect(bench.wait(1).allSatisfy { !$0.hasPrefix("give up") })
    }
  }

  // MARK: - Heartbeats

  @Test func aHeartbeatThatDoesNotListAJobGivesItBackAfterFiveSeconds() {
    var bench = CoordinatorBench()
    bench.hello("a", on: 1)
    bench.submit(evaluations(0..<1))
    let empty = WorkerMessage.heartbeat(holding: [])
    bench.wait(4)
    #expect(bench.say(empty, 1).isEmpty, "the parcel may still be on its way")
    bench.wait(1.25)
    #expect(bench.say(empty, 1) == ["1: parcel 0"])
  }

  @Test func aHeartbeatThatListsAJobKeepsIt() {
    var bench = pair()
    #expect(bench.wait(20, beating: 1, 2).isEmpty)
    #expect(bench.state.connectedWorkers.map(\.jobs).reduce(0, +) == 2)
  }

  // MARK: - Leaving

  @Test func aDrainingWorkerGivesBackAndGetsNothingMore() {
    var bench = CoordinatorBench()
    bench.hello("a", on: 1)
    bench.submit(evaluations(0..<4))
    #expect(bench.say(.returned([Samples.evaluation(1).digest]), 1).isEmpty)
    #expect(bench.state.waitingJobs == 3)
    #expect(bench.result(Samples.evaluation(0), 1) == ["persist [0] 0/a/computed"])
    #expect(bench.hello("a", on: 2) == ["2: welcome 1"], "also after a reconnection")
    #expect(bench.say(.bye, 2) == ["note a left"])
    #expect(bench.state.knownWorkers == 0)
    #expect(bench.hello("b", on: 3).contains("3: parcel 1 2"))
  }

  @Test func aWorkerThatSaysByeLeavesItsJobs() {
    var bench = pair()
    #expect(bench.say(.bye, 1) == ["note a left", "2: parcel 0 1"])
    #expect(bench.disconnect(1).isEmpty)
  }

  @Test func returningWhatAnotherHoldsChangesNothing() {
    var bench = pair()
    bench.say(.returned([Samples.evaluation(0).digest, Samples.digest("nonsense")]), 2)
    #expect(bench.state.connectedWorkers.map(\.jobs).sorted() == [0, 2])
    #expect(bench.state.waitingJobs == 0)
  }

  // MARK: - The end

  @Test func theEndDismissesEverybody() {
    var bench = CoordinatorBench()
    bench.hello("a", on: 1)
    bench.hello("b", on: 2)
    #expect(Set(bench.handle(.finished)) == ["1: dismiss", "2: dismiss"])
    #expect(
      bench.hello("c", on: 3) == ["3: welcome 1", "note c joined with 1", "3: dismiss"], "also who comes afterwards")
    #expect(bench.heartbeat(2) == ["2: dismiss"], "also who did not hear it")
    #expect(bench.say(.bye, 1) == ["note a left"])
  }
}
