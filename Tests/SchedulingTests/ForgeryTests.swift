import Digests
import Models
import Pruning
import Scheduling
import Studies
import Testing

/// Messages that are well formed and mean harm: forged, repeated, absurd.
struct ForgeryTests {
  @Test func aResultOfAJobThatAnotherWorkerHasIsOneFactAndItsRepetitionsAreNone() {
    var bench = CoordinatorBench()
    bench.hello("honest", on: 1)
    bench.submit(evaluations(0..<1))
    bench.hello("forger", on: 2)
    // Never leased to it; an answer is judged by its form, and counts as one that came late.
    #expect(bench.result(Samples.evaluation(0), 2) == ["persist [0] 0/forger/late"])
    for _ in 0..<1000 { #expect(bench.result(Samples.evaluation(0), 2).isEmpty) }
    #expect(bench.persisted(Samples.evaluation(0)) == ["2: acknowledge 0", "1: cancel 0", "deliver 0"])
    for _ in 0..<10 {
      #expect(bench.result(Samples.evaluation(0), 2) == ["persist [] 0/forger/duplicate, echo", "2: acknowledge 0"])
    }
    #expect(bench.state.openJobs == 0)
  }

  @Test func anAnswerToAnotherQuestionIsNoFact() {
    var bench = CoordinatorBench()
    bench.hello("a", on: 1)
    let (evaluation, training) = (Samples.evaluation(0), Samples.training(0))
    bench.submit([evaluation, training])
    func answer(_ job: Job, _ outcome: Outcome) -> [String] {
      let result = JobResult(job: job.digest, answer: .outcome(outcome), cost: Cost(wallSeconds: 0, cpuSeconds: 0))
      return bench.say(.results([result]), 1)
    }
    let blob = Samples.digest("one blob for both")
    for (job, outcome) in [
      (evaluation, Outcome.evaluated(.exact(correct: 101, count: 101, loss: 0.1))),
      (evaluation, .evaluated(.exact(correct: 1, count: 100, loss: .nan))),
      (evaluation, .evaluated(.exact(correct: 1, count: 100, loss: .infinity))), (evaluation, .worseThanThreshold),
      (evaluation, .tested(TestScore(.exact(correct: 1, count: 100, loss: 1), top5: 2))),
      (evaluation, .diverged(step: 0)),
      (training, .trained(TrainedSegment(state: blob, parameters: Samples.digest("p"), loss: .nan))),
      (training, .trained(TrainedSegment(state: blob, parameters: blob, loss: 1))),
      (training, .diverged(step: 1)), (training, .diverged(step: -1)), (training, Samples.outcome(evaluation)),
    ] {
      let lines = answer(job, outcome)
      #expect(!lines.contains { $0.hasPrefix("persist") || $0.hasPrefix("fetch") }, "\(outcome): \(lines)")
    }
    #expect(bench.state.counts.isEmpty)
  }

  @Test func aWorkerThatSaysItHoldsEverythingIsSentAwayOrHoldsWhatThereIs() {
    var bench = CoordinatorBench()
    bench.submit(evaluations(0..<2))
    var hello = Samples.hello("a")
    hello.holding = (0...1 << 20).map { Digest(of: Array("\($0)".utf8)) }
    #expect(bench.say(.hello(hello), 1) == ["1: reject notWelcomed", "note rejected"])
    hello.holding.removeLast()
    bench.say(.hello(hello), 1)
    // Jobs that nobody submitted are nobody's, however many it names.
    #expect(bench.state.openJobs == 2 && bench.state.connectedWorkers[0].jobs <= 2)
    bench.say(.heartbeat(holding: hello.holding), 1)
    bench.say(.returned(hello.holding), 1)
    bench.say(.bye, 1)
    #expect(bench.state.openJobs == 2 && bench.state.waitingJobs == 2)
  }

  @Test func anAbsurdCostKeepsNoStragglerFromItsBackup() {
    var bench = CoordinatorBench()
    bench.hello("a", on: 1)
    bench.submit(evaluations(0..<1))
    bench.result(Samples.evaluation(0), 1, seconds: 1e9)
    bench.persisted(Samples.evaluation(0))
    bench.hello("b", on: 2)
    bench.submit(evaluations(1..<2))
    let lines = bench.wait(300, beating: 1, 2)
    #expect(lines.contains("note backup of 1"), "\(lines)")
  }
}
