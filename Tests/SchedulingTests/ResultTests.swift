import Pruning
import Scheduling
import Studies
import Testing

/// From an answer to a fact.
struct ResultTests {
  /// A worker of two lanes with jobs 0 and 1.
  private func working() -> CoordinatorBench {
    var bench = CoordinatorBench()
    bench.hello("a", on: 1, lanes: 2)
    bench.submit(evaluations(0..<2))
    return bench
  }

  @Test func persistThenAcknowledgeThenDeliver() {
    var bench = working()
    #expect(bench.result(Samples.evaluation(1), 1) == ["persist [1] 1/a/computed"])
    #expect(bench.wait(1).isEmpty, "nothing is acknowledged before it is on the disk")
    #expect(bench.result(Samples.evaluation(0), 1) == ["persist [0] 0/a/computed"])
    #expect(
      bench.persisted(Samples.evaluation(0), Samples.evaluation(1)) == ["1: acknowledge 0 1", "deliver 0 1"])
    #expect(bench.state.openJobs == 0)
    #expect(bench.state.counts == [.computed: 2])
  }

  @Test func aDuplicateOnItsWayToTheDiskIsAcknowledgedOnce() {
    var bench = working()
    bench.result(Samples.evaluation(0), 1)
    #expect(bench.result(Samples.evaluation(0), 1).isEmpty)
    #expect(bench.persisted(Samples.evaluation(0)) == ["1: acknowledge 0", "deliver 0"])
    #expect(bench.persisted(Samples.evaluation(0)).isEmpty)
    #expect(bench.state.counts == [.computed: 1, .duplicate: 1])
  }

  @Test func aDuplicateOfAFactIsCountedAndAcknowledgedAndNotDelivered() {
    var bench = working()
    bench.result(Samples.evaluation(0), 1)
    bench.persisted(Samples.evaluation(0))
    #expect(bench.result(Samples.evaluation(0), 1) == ["persist [] 0/a/duplicate, echo", "1: acknowledge 0"])
    #expect(bench.state.counts == [.computed: 1, .duplicate: 1])
  }

  @Test func aFactOfAnEarlierLifeIsAcknowledged() {
    var bench = CoordinatorBench(done: evaluations(0..<1))
    bench.hello("a", on: 1, holding: evaluations(0..<1))
    #expect(bench.result(Samples.evaluation(0), 1) == ["persist [] 0/a/duplicate, echo", "1: acknowledge 0"])
  }

  @Test func aResultThatNobodyAskedForIsLetGo() {
    var bench = working()
    #expect(bench.result(Samples.evaluation(7), 1) == ["1: acknowledge 7"])
    #expect(bench.state.openJobs == 2)
  }

  @Test func aDisagreementIsNoted() {
    var bench = working()
    bench.hello("b", on: 2)
    bench.result(Samples.evaluation(0), 1)
    var other = Samples.result(Samples.evaluation(0))
    other.answer = .outcome(.evaluated(.nonfinite))
    #expect(bench.say(.results([other]), 2) == ["note b disagrees on 0"])
    #expect(
      bench.persisted(Samples.evaluation(0)) == [
        "dispute 0: a b", "1: acknowledge 0", "2: acknowledge 0", "deliver 0",
      ])
  }

  // MARK: - Failures

  @Test func anAnswerToAnotherQuestionIsRefusedAndTheJobRequeued() {
    var bench = working()
    bench.hello("b", on: 2)
    var wrong = Samples.result(Samples.evaluation(0))
    wrong.answer = .outcome(.diverged(step: 1))
    let lines = bench.say(.results([wrong]), 1)
    #expect(lines.prefix(2) == ["1: acknowledge 0", "note 0 failed at a: an answer to another question"])
    #expect(lines.last == "2: parcel 0", "whoever failed gets it last")
    wrong.answer = .outcome(.evaluated(.exact(correct: 1, count: 99, loss: 0)))
    #expect(bench.say(.results([wrong]), 2).contains("note 0 failed at b: an answer to another question"))
    #expect(bench.result(Samples.evaluation(0), 1).contains("persist [0] 0/a/late"))
  }

  @Test func oneBrokenWorkerDoesNotUpsetTheStudy() {
    var bench = CoordinatorBench()
    bench.hello("broken", on: 1)
    bench.hello("a", on: 2)
    bench.submit(evaluations(0..<20))
    for _ in 0..<200 where bench.state.openJobs > 0 {
      let given = bench.holding[1]!
      bench.forget(1)
      for job in given {
        let lines = bench.say(.results([Samples.failure(job)]), 1)
        #expect(!lines.contains { $0.hasPrefix("give up") })
      }
      if let job = bench.holding[2]!.first {
        bench.result(job, 2)
        bench.persisted(job)
      }
    }
    #expect(bench.state.openJobs == 0)
  }

  @Test func aFailureIsTriedAgainThreeTimesInAll() {
    var bench = CoordinatorBench()
    bench.hello("a", on: 1)
    bench.submit(evaluations(0..<1))
    let failure = WorkerMessage.results([Samples.failure(Samples.evaluation(0))])
    #expect(bench.say(failure, 1) == ["note 0 failed at a: no luck", "1: parcel 0"])
    #expect(bench.say(failure, 1) == ["note 0 failed at a: no luck", "1: parcel 0"])
    let last = bench.say(failure, 1)
    #expect(last.count == 2)
    #expect(last[1].hasPrefix("give up 0: evaluate job"))
    #expect(last[1].hasSuffix("failed on every try: no luck"))
    #expect(bench.say(failure, 1).isEmpty, "an echo without a lease is not another failure")
    #expect(bench.state.waitingJobs == 0, "and nobody gets the job any more")
    #expect(bench.result(Samples.evaluation(0), 1) == ["persist [0] 0/a/late"], "but an answer is an answer")
  }

  // MARK: - Blobs

  /// A worker with the training t0 whose result has come.
  private func uploading() -> CoordinatorBench {
    var bench = CoordinatorBench()
    bench.hello("a", on: 1)
    bench.submit([Samples.training(0)])
    #expect(bench.result(Samples.training(0), 1) == ["fetch s0 p0 from 1"])
    return bench
  }

  private var blobs: [CoordinatorEvent] { Samples.outcome(Samples.training(0)).blobs.map { .blobStored($0) } }

  @Test func aResultIsPersistedAfterItsLastBlob() {
    var bench = uploading()
    #expect(bench.handle(blobs[0]).isEmpty)
    #expect(bench.handle(blobs[0]).isEmpty)
    #expect(bench.handle(blobs[1]) == ["persist [t0] t0/a/computed"])
    #expect(bench.persisted(Samples.training(0)) == ["1: acknowledge t0", "deliver t0"])
  }

  @Test func aResultSaidAgainIsNotFetchedAgain() {
    var bench = uploading()
    #expect(bench.result(Samples.training(0), 1).isEmpty)
    for event in blobs { bench.handle(event) }
    #expect(bench.persisted(Samples.training(0)) == ["1: acknowledge t0", "deliver t0"])
  }

  @Test func aWorkerWithoutTheBlobThatItNamedForgetsTheResult() {
    var bench = uploading()
    let blob = Samples.outcome(Samples.training(0)).blobs[1]
    let lines = bench.handle(.blobFailed(blob, from: PeerID(1)))
    #expect(lines[0] == "1: acknowledge t0")
    #expect(lines[1].hasPrefix("note t0 failed at a: its blob"))
    #expect(lines[2] == "1: parcel t0")
  }

  @Test func aLostUploaderLosesItsJob() {
    var bench = uploading()
    bench.hello("b", on: 2)
    bench.disconnect(1)
    #expect(
      bench.handle(.blobFailed(Samples.outcome(Samples.training(0)).blobs[0], from: PeerID(1))) == ["2: parcel t0"])
    #expect(bench.wait(1) == ["note a lost with 0"])
    #expect(bench.result(Samples.training(0), 2) == ["fetch s0 p0 from 2"])
  }

  @Test func anUploaderThatFallsSilentLosesItsJob() {
    var bench = uploading()
    bench.hello("b", on: 2)
    #expect(bench.wait(13, beating: 2).contains("2: parcel t0"))
    for event in blobs { #expect(bench.handle(event).isEmpty, "too late for the first result") }
    #expect(bench.result(Samples.training(0), 1) == ["fetch s0 p0 from 1"], "which may be offered again")
  }

  @Test func anUploadGoesOnOverANewConnection() {
    var bench = uploading()
    bench.disconnect(1)
    bench.hello("a", on: 2, holding: [Samples.training(0)])
    #expect(bench.result(Samples.training(0), 2) == ["fetch s0 p0 from 2"])
    let blob = Samples.outcome(Samples.training(0)).blobs[0]
    #expect(bench.handle(.blobFailed(blob, from: PeerID(1))).isEmpty, "the end of the old fetch is no news")
    #expect(bench.handle(blobs[0]).isEmpty)
    #expect(bench.handle(blobs[1]) == ["persist [t0] t0/a/computed"])
    #expect(bench.persisted(Samples.training(0)).contains("2: acknowledge t0"))
  }
}
