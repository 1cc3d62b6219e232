import Scheduling
import Studies
import Testing

/// Who is let in.
struct HandshakeTests {
  @Test func helloIsWelcomed() {
    var bench = CoordinatorBench(epoch: 7)
    #expect(bench.hello("a", on: 1, lanes: 4) == ["1: welcome 7", "note a joined with 4"])
    #expect(bench.state.connectedWorkers.map(\.name) == ["a"])
    #expect(bench.hello("a", on: 1, lanes: 4) == ["1: welcome 7"], "a repeated hello is no news")
  }

  @Test func anotherProtocolVersionIsRejectedForGood() {
    var bench = CoordinatorBench()
    bench.submit(evaluations(0..<1))
    let hello = Samples.hello("a", protocolVersion: ProtocolVersion.current + 1)
    #expect(bench.say(.hello(hello), 1) == ["1: reject protocolVersion", "note rejected"])
    #expect(bench.state.knownWorkers == 0)
  }

  @Test func otherBitsAreRejectedForGood() {
    var bench = CoordinatorBench()
    bench.submit(evaluations(0..<1))
    let hello = Samples.hello("a", golden: Samples.digest("one bit off"))
    #expect(bench.say(.hello(hello), 1) == ["1: reject goldenEvaluation", "note rejected"])
    #expect(bench.state.knownWorkers == 0)
  }

  @Test(arguments: [0, -1, 5000]) func impossibleLanesAreRejected(_ lanes: Int) {
    var bench = CoordinatorBench()
    #expect(bench.say(.hello(Samples.hello("a", lanes: lanes)), 1) == ["1: reject notWelcomed", "note rejected"])
  }

  @Test func nothingCountsBeforeHello() {
    var bench = CoordinatorBench()
    let jobs = evaluations(0..<1)
    bench.submit(jobs)
    let no = ["1: reject notWelcomed, try again"]
    #expect(bench.say(.heartbeat(holding: []), 1) == no)
    #expect(bench.result(jobs[0], 1) == no)
    #expect(bench.say(.returned([jobs[0].digest]), 1) == no)
    #expect(bench.say(.bye, 1) == no)
    #expect(bench.state.waitingJobs == 1)
  }

  @Test func aNewerConnectionReplacesTheOld() {
    var bench = CoordinatorBench()
    bench.submit(evaluations(0..<1))
    bench.hello("a", on: 1)
    bench.hello("a", on: 2, holding: evaluations(0..<1))
    #expect(bench.heartbeat(1) == ["1: reject notWelcomed, try again"])
    bench.disconnect(1)
    #expect(bench.wait(1.5).isEmpty, "the end of the replaced connection is no news")
    #expect(bench.state.connectedWorkers.map(\.jobs) == [1])
  }

  @Test func aConnectionThatTurnsIntoAnotherWorkerLeavesTheFirstDisconnected() {
    var bench = CoordinatorBench()
    bench.submit(evaluations(0..<1))
    bench.hello("a", on: 1)
    #expect(bench.hello("b", on: 1) == ["1: welcome 1", "note b joined with 1"])
    #expect(bench.wait(1) == ["note a lost with 1", "1: parcel 0"])
    #expect(bench.state.knownWorkers == 1)
  }
}
