import Digests
import RunStore
import Testing

/// What a worker gave is taken back, whole, and nothing that rests on it outlives the next opening.
@Suite struct QuarantineTests {
  let scratch = Scratch()

  private func attempt(_ number: Int, by worker: Digest, _ disposition: String = "computed") -> AttemptRow {
    AttemptRow(
      job: fact(number).job, kind: "evaluate", worker: RunStore.attemptName("host-1", worker), secondsWaited: 0,
      started: 0,
      finished: 0, cpuSeconds: 0, disposition: disposition)
  }

  @Test func onlyTheFactsOfOneWorkerGo() throws {
    let path = scratch("run")
    try RunStore.create(at: path, studyText: "s", studyDigest: digest("s"), runID: "r")
    let (liar, other) = (digest("liar"), digest("other"))
    var store = try RunStore.open(at: path, mode: .writing)
    _ = try store.commit(
      (1...6).map { fact($0) },
      attempts: [
        attempt(1, by: other), attempt(2, by: liar), attempt(3, by: other), attempt(3, by: liar, "audit"),
        attempt(4, by: liar, "late"), attempt(5, by: other), attempt(5, by: liar, "duplicate"),
        attempt(6, by: liar, "backup"),
      ])
    try store.writeSnapshot(observed: 3, state: [1])
    #expect(try Set(store.quarantine(liar, reason: "it lied")) == [fact(2).job, fact(4).job, fact(6).job])
    #expect(try store.quarantine(liar, reason: "it lied").isEmpty, "a second time there is nothing")
    #expect(try store.quarantined() == [liar])
    // The planner of this life may still write one.
    try store.writeSnapshot(observed: 5, state: [2])
    try store.close()

    store = try RunStore.open(at: path, mode: .writing)
    try store.endQuarantines()
    #expect(try store.newestSnapshot().snapshot == nil)
    #expect(try store.allFacts() == [fact(1), fact(3), fact(5)])
    #expect(try store.revokedFacts().map(\.fact.job) == [fact(2).job, fact(4).job, fact(6).job])
    // What honest workers compute again stays, and so do snapshots of it.
    _ = try store.commit([fact(2)], attempts: [attempt(2, by: other)])
    try store.writeSnapshot(observed: 4, state: [3])
    try store.close()
    store = try RunStore.open(at: path, mode: .writing)
    try store.endQuarantines()
    #expect(try store.newestSnapshot().snapshot?.observed == 4)
    #expect(try store.fact(for: fact(2).job) == fact(2))
    #expect(try store.quarantined() == [liar])
  }
}
