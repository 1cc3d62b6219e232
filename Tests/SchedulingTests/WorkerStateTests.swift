import Digests
import Scheduling
import Studies
import Testing

/// What a worker says and does.
struct WorkerStateTests {
  // MARK: - Handshake

  @Test func helloThenWelcomeThenHeartbeats() {
    var bench = WorkerBench()
    #expect(bench.handle(.connected) == ["hello"])
    #expect(bench.hear(.welcome(Samples.welcome())) == ["note welcomed 1"])
    #expect(bench.wait(1.75).isEmpty)
    #expect(bench.wait(4.25) == ["heartbeat", "heartbeat", "heartbeat"])
  }

  @Test func aHelloThatIsNotAnsweredIsSaidAgain() {
    var bench = WorkerBench()
    bench.handle(.connected)
    #expect(bench.wait(4.75).isEmpty)
    #expect(bench.wait(0.25) == ["hello"])
    bench.handle(.disconnected)
    #expect(bench.wait(20).isEmpty, "nobody is there")
  }

  @Test func aParcelThatCannotBeReadMakesItSayHelloAgain() {
    var bench = WorkerBench.welcomed()
    bench.parcel(0)
    #expect(bench.handle(.missedMask) == ["hello 0"])
    #expect(bench.parcel(1).isEmpty, "it waits behind the first")
    bench.handle(.disconnected)
    #expect(bench.handle(.missedMask).isEmpty, "nobody is there")
  }

  @Test func aRejectionForGoodEndsTheWorker() {
    var bench = WorkerBench()
    bench.handle(.connected)
    let no = Rejection(code: .goldenEvaluation, reason: "other bits", retryable: false)
    #expect(bench.hear(.reject(no)) == ["exit rejected goldenEvaluation"])
  }

  @Test func aRejectionForNowMeansAnotherHello() {
    var bench = WorkerBench.welcomed()
    bench.parcel(0)
    #expect(bench.hear(.reject(Rejection(code: .notWelcomed, reason: "who?", retryable: true))) == ["note refused"])
    #expect(bench.wait(0.25) == ["hello 0"])
  }

  @Test func aCoordinatorOfAnOlderEpochIsNotFollowed() {
    var bench = WorkerBench()
    bench.handle(.connected)
    bench.hear(.welcome(Samples.welcome(epoch: 5)))
    bench.parcel(0)
    bench.finish(0)
    bench.handle(.disconnected)
    bench.handle(.connected)
    #expect(bench.hear(.welcome(Samples.welcome(epoch: 4))) == ["note refused"])
    #expect(bench.parcel(1).isEmpty)
    #expect(bench.acknowledge(0).isEmpty)
    #expect(bench.hear(.dismiss).isEmpty)
    #expect(bench.hear(.welcome(Samples.welcome(epoch: 6))) == ["note welcomed 6", "results 0"])
    #expect(bench.parcel(1) == ["start 1"])
  }

  @Test func anotherRunAtTheSameAddressClearsTheOutbox() {
    var bench = WorkerBench()
    bench.handle(.connected)
    bench.hear(.welcome(Samples.welcome(epoch: 5)))
    bench.parcel(0, 1)
    bench.finish(0)
    bench.handle(.disconnected)
    #expect(bench.handle(.connected) == ["hello 0 1"])
    let other = Samples.welcome(epoch: 1, run: Samples.digest("another run"))
    #expect(bench.hear(.welcome(other)) == ["note welcomed 1"], "its epochs are its own")
    #expect(bench.wait(2) == ["heartbeat 1"])
  }

  // MARK: - Work

  @Test func asManyJobsRunAsThereAreLanes() {
    var bench = WorkerBench.welcomed(lanes: 2)
    #expect(bench.parcel(0, 1, 2, 3) == ["start 0", "start 1"])
    #expect(bench.finish(1) == ["results 1", "start 2"])
    #expect(bench.state.runningJobs == 2)
  }

  @Test func aJobIsNotStartedTwice() {
    var bench = WorkerBench.welcomed()
    #expect(bench.parcel(0, 1, 1) == ["start 0"], "and 1 waits once")
    #expect(bench.parcel(0, 1).isEmpty)
    #expect(bench.finish(0) == ["results 0", "start 1"])
    #expect(bench.finish(1) == ["results 1"])
  }

  @Test func aJobWhoseResultIsHereIsAnsweredWithoutComputing() {
    var bench = WorkerBench.welcomed()
    bench.parcel(0)
    bench.finish(0)
    #expect(bench.parcel(0, 1) == ["results 0", "start 1"])
    bench.acknowledge(0)
    bench.finish(1)
    #expect(bench.parcel(0) == ["start 0"], "once acknowledged it is forgotten")
  }

  @Test func aCancelledJobIsNotStarted() {
    var bench = WorkerBench.welcomed()
    bench.parcel(0, 1, 2)
    #expect(bench.hear(.cancel([Samples.evaluation(0).digest, Samples.evaluation(1).digest])).isEmpty)
    #expect(bench.finish(0) == ["results 0", "start 2"], "what runs runs on")
  }

  // MARK: - Together

  @Test func evaluationsOfOneNetworkStartTogetherHalfOfThemAtOnce() {
    var bench = WorkerBench.welcomed(together: 4)
    #expect(bench.parcel(0, 1, 2, 3, 4, 5, 6, 7, 8, 9) == ["start 0"], "how long one takes is not known yet")
    #expect(bench.finish(0) == ["results 0", "start 1 2 3 4"])
    #expect(bench.state.runningJobs == 4)
    #expect(bench.finish(1, 2, 3, 4) == ["results 1 2 3 4", "start 5 6"])
    #expect(bench.finish(5, 6) == ["results 5 6", "start 7"], "the last go one by one, and can go elsewhere")
  }

  @Test func noMoreGoTogetherThanAParcelsTimeIsEnoughFor() {
    var bench = WorkerBench.welcomed(together: 16, parcel: 0.1)
    bench.parcel(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
    #expect(bench.finish(0) == ["results 0", "start 1 2"])
    let slow = [1, 2].map { Samples.result(Samples.evaluation($0), seconds: 5) }
    #expect(bench.handle(.finished(slow)) == ["results 1 2", "start 3"])
  }

  @Test func lanesShareWhatThereIs() {
    var bench = WorkerBench.welcomed(lanes: 2, together: 16)
    #expect(bench.parcel(0, 1, 2, 3, 4, 5, 6, 7, 8, 9) == ["start 0", "start 1"])
    #expect(bench.finish(0) == ["results 0", "start 2 3"])
  }

  @Test func whatHasOtherInputsStartsAlone() {
    var bench = WorkerBench.welcomed(together: 16)
    let training = Samples.training(0)
    let jobs = [0, 1, 2].map { Samples.evaluation($0) } + [training] + (3..<9).map { Samples.evaluation($0) }
    #expect(bench.hear(.parcel(jobs)) == ["start 0"])
    #expect(bench.finish(0) == ["results 0", "start 1 2"])
    #expect(bench.finish(1, 2) == ["results 1 2", "start \(training.digest.short)"])
  }

  @Test func aFailureAmongOthersIsItsOwn() {
    var bench = WorkerBench.welcomed(together: 2)
    bench.parcel(0, 1, 2, 3, 4)
    #expect(bench.finish(0) == ["results 0", "start 1 2"])
    bench.handle(.drain)
    let results = [Samples.result(Samples.evaluation(1)), Samples.failure(Samples.evaluation(2))]
    #expect(bench.handle(.finished(results)) == ["returned 2", "results 1"])
  }

  // MARK: - Outbox

  @Test func aResultIsSaidAgainUntilItIsAcknowledged() {
    var bench = WorkerBench.welcomed()
    bench.parcel(0)
    bench.wait(0.25)
    #expect(bench.finish(0) == ["results 0"])
    #expect(bench.wait(1.75) == ["heartbeat 0"], "it was said since the last heartbeat")
    #expect(bench.wait(4) == ["heartbeat 0", "results 0", "heartbeat 0", "results 0"])
    bench.acknowledge(0)
    #expect(bench.wait(2) == ["heartbeat"])
  }

  @Test func aResultIsSaidAgainAfterTheWelcome() {
    var bench = WorkerBench.welcomed()
    bench.parcel(0, 1)
    bench.finish(0)
    #expect(bench.handle(.disconnected) == ["note connection lost"])
    #expect(bench.finish(1).isEmpty, "nobody is there")
    #expect(bench.handle(.connected) == ["hello 0 1"])
    #expect(bench.hear(.welcome(Samples.welcome(epoch: 2))) == ["note welcomed 2", "results 0 1"])
  }

  @Test func heartbeatsComeHoweverManyResultsGoOut() {
    var bench = WorkerBench.welcomed()
    bench.parcel(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
    var lines: [String] = []
    for number in 0..<9 {
      lines += bench.wait(0.5)
      lines += bench.finish(number)
    }
    #expect(lines.filter { $0.hasPrefix("heartbeat") }.count == 2)
  }

  @Test func aFailureIsSaidOnceAndNotKept() {
    var bench = WorkerBench.welcomed()
    bench.parcel(0)
    #expect(bench.handle(.finished([Samples.failure(Samples.evaluation(0))])) == ["results 0"])
    #expect(bench.wait(4) == ["heartbeat", "heartbeat"])
    #expect(bench.parcel(0) == ["start 0"])
  }

  @Test func aBrokenConnectionDropsWhatWaits() {
    var bench = WorkerBench.welcomed()
    bench.parcel(0, 1, 2)
    bench.handle(.disconnected)
    #expect(bench.finish(0).isEmpty, "and starts nothing")
    #expect(bench.handle(.connected) == ["hello 0"])
  }

  // MARK: - Leaving

  @Test func aDrainGivesBackWhatWaitsAndLeavesAfterWhatRuns() {
    var bench = WorkerBench.welcomed()
    bench.parcel(0, 1, 2)
    #expect(bench.handle(.drain) == ["returned 1 2"])
    #expect(bench.handle(.drain).isEmpty)
    #expect(bench.parcel(0, 3) == ["returned 3"], "what it is at it keeps")
    #expect(bench.finish(0) == ["results 0"])
    #expect(bench.parcel(0, 4) == ["results 0", "returned 4"])
    #expect(bench.acknowledge(0) == ["bye", "exit: stopped"])
  }

  @Test func whoIsToldTwiceLeavesInTheMiddleOfAJob() {
    var bench = WorkerBench.welcomed()
    bench.parcel(0, 1)
    #expect(bench.handle(.drain) == ["returned 1"])
    #expect(bench.handle(.leave) == ["bye", "exit: stopped"])
    bench.handle(.disconnected)
    #expect(bench.handle(.leave) == ["exit: stopped"], "alone, there is nobody to tell")
  }

  @Test func whoFindsNoCoordinatorInTimeLeavesButNotInTheMiddleOfAJob() {
    var bench = WorkerBench(patience: 60)
    #expect(bench.wait(60).isEmpty)
    #expect(bench.wait(0.25) == ["exit alone"])
    bench = WorkerBench(patience: 60)
    bench.wait(50)
    bench.handle(.connected)
    bench.hear(.welcome(Samples.welcome()))
    #expect(!bench.wait(100).contains("exit alone"), "welcomed")
    bench.parcel(0)
    bench.handle(.disconnected)
    #expect(bench.wait(59.75).isEmpty, "at work")
    #expect(bench.wait(0.25) == ["give up fetching"], "nobody will send what the job needs")
    bench.finish(0)
    #expect(bench.wait(0.25) == ["exit alone"])
  }

  @Test func anIdleWorkerLeavesAtOnce() {
    var bench = WorkerBench.welcomed()
    #expect(bench.handle(.drain) == ["returned", "bye", "exit: stopped"])
  }

  @Test func aDrainingWorkerThatIsAloneLeavesAfterWhatRuns() {
    var bench = WorkerBench.welcomed()
    bench.parcel(0, 1)
    bench.handle(.disconnected)
    #expect(bench.handle(.drain) == ["give up fetching"])
    #expect(bench.wait(0.25) == ["give up fetching"], "the job may not have begun to fetch before")
    #expect(bench.finish(0) == ["exit: stopped"])
  }

  @Test func whoLosesItsCoordinatorWhileLeavingWaitsForNoBlob() {
    var bench = WorkerBench.welcomed()
    bench.parcel(0)
    bench.handle(.drain)
    #expect(bench.handle(.disconnected) == ["note connection lost", "give up fetching"])
    #expect(bench.handle(.finished([Samples.failure(Samples.evaluation(0))])) == ["exit: stopped"])
  }

  @Test func whatWasGivenUpIsReturnedToACoordinatorThatComesAfterAll() {
    var bench = WorkerBench(patience: 60)
    bench.handle(.connected)
    bench.hear(.welcome(Samples.welcome()))
    bench.parcel(0)
    bench.handle(.disconnected)
    #expect(bench.wait(60.25).contains("give up fetching"))
    bench.handle(.connected)
    bench.hear(.welcome(Samples.welcome()))
    #expect(bench.handle(.finished([Samples.failure(Samples.evaluation(0))])) == ["returned 0"])
    bench.parcel(1)
    #expect(bench.handle(.finished([Samples.failure(Samples.evaluation(1))])) == ["results 1"], "a failure of its own")
  }

  @Test func whoLeavesWaitsForNoBlobOfACoordinatorThatSaysNothing() {
    var bench = WorkerBench.welcomed()
    bench.parcel(0)
    bench.handle(.disconnected)
    bench.handle(.connected)
    #expect(bench.handle(.drain) == ["returned", "give up fetching"])
  }

  @Test func whatFailsInALeavingWorkerIsReturned() {
    var bench = WorkerBench.welcomed()
    bench.parcel(0)
    bench.handle(.drain)
    #expect(
      bench.handle(.finished([Samples.failure(Samples.evaluation(0))])) == ["returned 0", "bye", "exit: stopped"])
  }

  @Test func aDismissalEndsTheWorker() {
    var bench = WorkerBench.welcomed()
    bench.parcel(0, 1)
    #expect(bench.hear(.dismiss).isEmpty)
    #expect(bench.parcel(2) == ["returned 2"])
    #expect(bench.finish(0) == ["results 0"])
    #expect(bench.acknowledge(0) == ["bye", "exit"])
  }

  @Test func anIdleWorkerIsDismissedAtOnce() {
    var bench = WorkerBench.welcomed()
    #expect(bench.hear(.dismiss) == ["bye", "exit"])
  }

  @Test func whoIsDismissedWhileLeavingHasSeenTheEnd() {
    var bench = WorkerBench.welcomed()
    bench.parcel(0)
    bench.handle(.drain)
    bench.hear(.dismiss)
    bench.finish(0)
    #expect(bench.acknowledge(0) == ["bye", "exit"])
  }
}
