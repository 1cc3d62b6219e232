import Digests
import Foundation
import RunStore
import Testing

/// A process that is killed loses nothing that it had acknowledged.
@Suite struct CrashTests {
  let scratch = Scratch()

  @Test func aKilledWriterLosesNoAcknowledgedFact() async throws {
    for round in 0..<4 {
      let path = try scratch.run("killed-\(round)")
      let acknowledged = scratch("acknowledged-\(round)")
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [path = path as String, acknowledged = acknowledged as String, round = round as Int] in
        let store = try RunStore.open(at: path, mode: .writing)
        let record = open(acknowledged, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        let goal = DispatchSemaphore(value: 0)
        // The second thread strikes while the first is in the middle of something.
        Thread.detachNewThread {
          goal.wait()
          kill(getpid(), SIGKILL)
        }
        for number in 1... {
          _ = try store.commit([fact(number)], attempts: [attempt(number)])
          _ = try store.storeBlob(fact(number).outcome)
          _ = "\(number)\n".withCString { write(record, $0, strlen($0)) }
          if number % 7 == 0 {
            try store.writeHead()
            try store.writeSnapshot(observed: number, state: fact(number).outcome)
          }
          if number == 10 + 11 * round { goal.signal() }
        }
      }
      let numbers = try String(contentsOfFile: acknowledged, encoding: .utf8).split(separator: "\n").map { Int($0)! }
      #expect(numbers.count >= 10 + 11 * round)
      let reader = try RunStore.open(at: path, mode: .reading)
      #expect(Array(try reader.allFacts().prefix(numbers.count)) == numbers.map { fact($0) })
      let store = try RunStore.open(at: path, mode: .writing)
      #expect(store.damage == [])
      let facts = try store.allFacts()
      #expect(facts == (1...facts.count).map { fact($0) } && facts.count - numbers.count <= 1)
      for number in numbers { #expect(try store.blob(Digest(of: fact(number).outcome)) == fact(number).outcome) }
      let newest = try store.newestSnapshot()
      #expect(newest.damage == [])
      // A number is noted before its snapshot is written, so the last one's may be missing.
      #expect(newest.snapshot?.observed ?? 0 >= (numbers.count - 1) / 7 * 7)
      #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/partial") == [])
      #expect(store.identity.epoch == 2)
    }
  }

  @Test func aCopyOfALiveRunHoldsAllCommittedFacts() throws {
    let path = try scratch.run()
    let store = try RunStore.open(at: path, mode: .writing)
    for number in 1...9 {
      _ = try store.commit([fact(number)], attempts: [])
      try Image(of: path).withoutCache.write(to: scratch("copy"))
      #expect(try RunStore.open(at: scratch("copy"), mode: .reading).allFacts() == (1...number).map { fact($0) })
      #expect(try RunStore.open(at: scratch("copy"), mode: .writing).allFacts() == (1...number).map { fact($0) })
    }
  }

  @Test func aStoreThatIsDroppedLosesNothing() throws {
    let path = try scratch.run()
    do {
      let store = try RunStore.open(at: path, mode: .writing)
      _ = try store.commit([fact(1)], attempts: [])
    }
    #expect(try RunStore.open(at: path, mode: .reading).allFacts() == [fact(1)])
    #expect(!FileManager.default.fileExists(atPath: path + "/HEAD"))
  }
}
