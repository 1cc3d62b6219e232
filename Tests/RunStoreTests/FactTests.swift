import Digests
import RunStore
import Testing

@Suite struct FactTests {
  let scratch = Scratch()

  @Test func factsComeBackInOrderAfterReopening() throws {
    let path = try scratch.run()
    let facts = (1...50).map { fact($0) }
    do {
      let store = try RunStore.open(at: path, mode: .writing)
      for start in stride(from: 0, to: 50, by: 10) {
        let group = Array(facts[start..<start + 10])
        let result = try store.commit(group, attempts: [])
        #expect(result.inserted == group.map(\.job))
        #expect(result.duplicates.isEmpty && result.conflicts.isEmpty)
      }
      #expect(try store.allFacts() == facts)
      try store.close()
    }
    for mode in [RunStore.Mode.reading, .writing] {
      let store = try RunStore.open(at: path, mode: mode)
      #expect(store.damage == [])
      #expect(try store.allFacts() == facts)
      #expect(try store.factCount() == 50)
      #expect(try store.factCounts() == ["train": 10, "evaluate": 40])
      #expect(try store.fact(for: facts[7].job) == facts[7])
      #expect(try store.fact(for: digest("no such job")) == nil)
    }
  }

  @Test func aSecondFactOfAJobIsADuplicateOrAConflict() throws {
    let store = try RunStore.open(at: scratch.run(), mode: .writing)
    _ = try store.commit([fact(1), fact(2)], attempts: [])
    let result = try store.commit(
      [fact(1), fact(2, outcome: "a lie"), fact(3), fact(3), fact(3, outcome: "a lie")],
      attempts: [attempt(1, disposition: "duplicate")])
    #expect(result.inserted == [fact(3).job])
    #expect(result.duplicates == [fact(1).job, fact(3).job])
    #expect(result.conflicts.map(\.offered) == [fact(2, outcome: "a lie"), fact(3, outcome: "a lie")])
    #expect(result.conflicts.map(\.stored) == [fact(2), fact(3)])
    #expect(try store.allFacts() == [fact(1), fact(2), fact(3)])
    #expect(try store.attemptSummary().dispositions == ["duplicate": 1])
    #expect(store.failure == nil)
  }

  @Test func aDuplicateLeavesTheChainAsItIs() throws {
    let path = try scratch.run()
    do {
      let store = try RunStore.open(at: path, mode: .writing)
      _ = try store.commit([fact(1), fact(1), fact(2)], attempts: [])
      try store.close()
    }
    #expect(try RunStore.open(at: path, mode: .reading).damage == [])
  }

  @Test func attemptsAddUp() throws {
    let path = try scratch.run()
    let store = try RunStore.open(at: path, mode: .writing)
    _ = try store.commit([fact(1), fact(5)], attempts: [attempt(1), attempt(5, cpu: 2)])
    _ = try store.commit([], attempts: [attempt(2, disposition: "failed"), attempt(1, disposition: "audit")])
    var wrong = attempt(3)
    wrong = AttemptRow(
      job: wrong.job, kind: "a\0b", worker: "w\0", secondsWaited: .nan, started: -.zero, finished: .infinity,
      cpuSeconds: .nan, disposition: "late")
    _ = try store.commit([], attempts: [wrong])
    try store.close()
    let summary = try RunStore.open(at: path, mode: .reading).attemptSummary()
    #expect(summary.dispositions == ["computed": 2, "failed": 1, "audit": 1, "late": 1])
    #expect(summary.cpuSeconds == ["evaluate": 0.75, "train": 2, "a\u{FFFD}b": 0])
    #expect(summary.damaged == 0)
  }

  @Test func aRevokedFactKeepsItsPlaceAndItsReason() throws {
    let path = try scratch.run()
    let store = try RunStore.open(at: path, mode: .writing)
    _ = try store.commit([fact(1), fact(2, outcome: "a lie"), fact(3)], attempts: [])
    try store.writeHead()
    #expect(try store.revoke(fact(2).job, reason: "refuted by two audits"))
    #expect(try !store.revoke(fact(2).job, reason: "again"))
    #expect(try store.fact(for: fact(2).job) == nil)
    #expect(try store.commit([fact(2)], attempts: []).inserted == [fact(2).job])
    let expected = [fact(1), fact(3), fact(2)]
    #expect(try store.allFacts() == expected)
    try store.close()
    let again = try RunStore.open(at: path, mode: .writing)
    #expect(again.damage == [])
    #expect(try again.allFacts() == expected)
    #expect(try again.revokedFacts().map(\.fact) == [fact(2, outcome: "a lie")])
    #expect(try again.revokedFacts().map(\.reason) == ["refuted by two audits"])
  }

  /// Several groups, of which one is read while the body works on the one before: it may ask the store and even commit.
  @Test func aWalkHoldsNoLock() throws {
    let store = try RunStore.open(at: try scratch.run(), mode: .writing)
    let facts = (1...5000).map { fact($0) }
    _ = try store.commit(facts, attempts: [])
    var seen: [FactRow] = []
    let walk = try store.forEachFact { row in
      seen.append(row)
      guard seen.count % 500 == 0, seen.count <= 5000 else { return }
      #expect(throws: Never.self) {
        #expect(try store.fact(for: row.job) == row)
        _ = try store.commit([fact(10_000 + seen.count)], attempts: [])
      }
    }
    #expect(seen.prefix(5000) == facts[...])
    // What is committed on the way may be seen or not.
    #expect(walk.count == seen.count && (5000...5010).contains(seen.count))
    let kept = (1...10).map { fact(10_000 + 500 * $0) }
    #expect(seen.dropFirst(5000) == kept.prefix(seen.count - 5000))
  }

  @Test func walkingOnStartsWhereTheLastWalkEnded() throws {
    let path = try scratch.run()
    let store = try RunStore.open(at: path, mode: .writing)
    let reader = try RunStore.open(at: path, mode: .reading)
    _ = try store.commit((1...10).map { fact($0) }, attempts: [])
    let first = try reader.forEachFact { _ in }
    #expect(first.last == 10 && first.count == 10 && first.damage == [])
    _ = try store.commit((11...12).map { fact($0) }, attempts: [])
    var seen: [FactRow] = []
    let second = try reader.forEachFact(after: first.last) { seen.append($0) }
    #expect(seen == [fact(11), fact(12)])
    #expect(second.last == 12 && second.count == 2)
  }

  @Test func tenThousandFactsInGroupsOf64() throws {
    let path = try scratch.run()
    let store = try RunStore.open(at: path, mode: .writing)
    for start in stride(from: 1, through: 10_000, by: 64) {
      let numbers = start...min(start + 63, 10_000)
      let result = try store.commit(numbers.map { fact($0) }, attempts: numbers.map { attempt($0) })
      #expect(result.inserted.count == numbers.count)
    }
    try store.close()
    let again = try RunStore.open(at: path, mode: .writing)
    #expect(again.damage == [])
    #expect(try again.factCount() == 10_000)
    #expect(try again.allFacts() == (1...10_000).map { fact($0) })
    #expect(try again.attemptSummary().dispositions == ["computed": 10_000])
  }

  @Test func manyThreadsMayCommit() async throws {
    let store = try RunStore.open(at: scratch.run(), mode: .writing)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for lane in 0..<4 {
        group.addTask {
          for number in stride(from: lane, to: 100, by: 4) {
            _ = try store.commit([fact(number)], attempts: [attempt(number)])
            if number % 10 == 0 { try store.writeHead() }
          }
        }
      }
      try await group.waitForAll()
    }
    try store.close()
    let again = try RunStore.open(at: store.layout.directory, mode: .writing)
    #expect(again.damage == [])
    #expect(Set(try again.allFacts()) == Set((0..<100).map { fact($0) }))
  }

  @Test func budgetsAndTextsAreKept() throws {
    let path = try scratch.run()
    let store = try RunStore.open(at: path, mode: .writing)
    try store.appendBudgets([BudgetRow(key: "generations", value: 50), BudgetRow(key: "evaluations", value: .max)])
    try store.appendBudgets([BudgetRow(key: "generations", value: 80)])
    try store.setMeta("title", "first")
    try store.setMeta("title", "second")
    try store.close()
    let again = try RunStore.open(at: path, mode: .reading)
    #expect(
      try again.budgets() == [
        BudgetRow(key: "generations", value: 50), BudgetRow(key: "evaluations", value: .max),
        BudgetRow(key: "generations", value: 80),
      ])
    #expect(try again.meta("title") == "second")
    #expect(try again.meta("none") == nil)
    #expect(try again.studyText() == "study: a study\n")
    #expect(again.identity.study == digest("a study") && again.identity.run == "run-of-a study")
  }
}
