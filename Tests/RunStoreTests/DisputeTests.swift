import Digests
import RunStore
import Testing

/// Different answers to a job are remembered until two workers agree, and no fact counts meanwhile.
@Suite struct DisputeTests {
  let scratch = Scratch()
  private let a = digest("a")
  private let b = digest("b")
  private let c = digest("c")

  private func attempt(_ number: Int, by worker: Digest, _ disposition: String = "computed") -> AttemptRow {
    AttemptRow(
      job: fact(number).job, kind: "evaluate", worker: RunStore.attemptName("host 1", worker), secondsWaited: 0,
      started: 0, finished: 0, cpuSeconds: 0, disposition: disposition)
  }

  private func said(_ number: Int, _ outcome: String? = nil, by worker: Digest) -> TestimonyRow {
    TestimonyRow(worker: worker, outcome: (outcome.map { fact(number, outcome: $0) } ?? fact(number)).outcome)
  }

  /// A run with facts 1 to 4 of worker a and a snapshot.
  private func run() throws -> (path: String, store: RunStore) {
    let path = scratch("run")
    try RunStore.create(at: path, studyText: "s", studyDigest: digest("s"), runID: "r")
    let store = try RunStore.open(at: path, mode: .writing)
    _ = try store.commit((1...4).map { fact($0) }, attempts: (1...4).map { attempt($0, by: a) })
    try store.writeSnapshot(observed: 3, state: [1])
    return (path, store)
  }

  private func reopen(_ path: String, _ store: RunStore) throws -> RunStore {
    try store.close()
    let store = try RunStore.open(at: path, mode: .writing)
    try store.endQuarantines()
    try store.reopenDisputes()
    return store
  }

  @Test func aSecondAnswerThatDiffersIsADispute() throws {
    var (path, store) = try run()
    let result = try store.commit(
      [], attempts: [attempt(2, by: b, "duplicate"), attempt(3, by: b, "duplicate")],
      echoes: [fact(2, outcome: "another"), fact(3)])
    #expect(result.conflicts.map(\.stored) == [fact(2)] && result.inserted.isEmpty)
    #expect(try store.contradict(result.conflicts[0], by: b, always: false))
    #expect(try store.disputes() == [fact(2).job: [said(2, by: a), said(2, "another", by: b)]])

    // Who reads meanwhile does not see it.
    #expect(try RunStore.open(at: path, mode: .reading).allFacts() == [fact(1), fact(3), fact(4)])

    store = try reopen(path, store)
    #expect(try store.allFacts() == [fact(1), fact(3), fact(4)])
    #expect(try store.revokedFacts().map(\.fact) == [fact(2)])
    #expect(try store.newestSnapshot().snapshot == nil)
    #expect(try store.disputes().count == 1, "until somebody decides")
    _ = try store.commit([fact(2)], attempts: [attempt(2, by: c)])
    try store.noteDispute(of: fact(2).job, [])
    store = try reopen(path, store)
    #expect(try store.disputes().isEmpty && Set(store.allFacts()) == Set((1...4).map { fact($0) }))
  }

  @Test func oneWhoContradictsEverythingIsHeardOnce() throws {
    let (_, store) = try run()
    let conflicts = try store.commit([], attempts: [], echoes: (1...3).map { fact($0, outcome: "x") }).conflicts
    #expect(try store.contradict(conflicts[0], by: b, always: false))
    #expect(try !store.contradict(conflicts[1], by: b, always: false))
    #expect(try store.contradict(conflicts[1], by: c, always: false))
    #expect(try store.contradict(conflicts[2], by: b, always: true))
    #expect(try store.disputes().count == 3)
  }

  @Test func aDisputeWithALiarAloneIsOver() throws {
    var (path, store) = try run()
    try store.noteDispute(of: fact(1).job, [said(1, by: a), said(1, "x", by: b)])
    try store.noteDispute(of: fact(2).job, [said(2, by: a), said(2, "x", by: b), said(2, "y", by: c)])
    _ = try store.quarantine(b, reason: "it lied")
    store = try reopen(path, store)
    #expect(try store.disputes() == [fact(2).job: [said(2, by: a), said(2, "y", by: c)]])
    #expect(try store.allFacts() == [fact(1), fact(3), fact(4)])
  }

  @Test func whatTheLiarGaveItselfIsAskedForAgain() throws {
    var (path, store) = try run()
    try store.noteDispute(of: fact(1).job, [said(1, by: a), said(1, "x", by: b)])
    _ = try store.quarantine(a, reason: "it lied")
    store = try reopen(path, store)
    #expect(try store.allFacts().isEmpty)
    #expect(try store.disputes() == [fact(1).job: [said(1, "x", by: b)]])
  }

  @Test func readersDoNotSeeWhatAnInterruptedQuarantineLeft() throws {
    var (path, store) = try run()
    _ = try store.commit([fact(5)], attempts: [attempt(5, by: b)])
    try store.beginQuarantine(of: a, reason: "it lied")
    #expect(try RunStore.open(at: path, mode: .reading).allFacts() == [fact(5)])
    store = try reopen(path, store)
    #expect(try store.allFacts() == [fact(5)] && store.revokedFacts().count == 4)
  }
}
