import Digests
import Foundation
import RunStore
import Testing

/// Whatever happens to the bytes of a run: an explicit refusal, or facts that are all true; never a wrong one.
@Suite struct DamageTests {
  let scratch = Scratch()
  private static let facts = (1...50).map { fact($0) }
  private static let truth = Dictionary(uniqueKeysWithValues: facts.map { ($0.job, $0) })

  /// A run of 50 facts after a clean stop: one database file.
  private func stopped() throws -> Image {
    let path = try scratch.run("stopped")
    let store = try RunStore.open(at: path, mode: .writing)
    for start in stride(from: 0, to: 50, by: 5) {
      let numbers = start + 1...start + 5
      _ = try store.commit(numbers.map { fact($0) }, attempts: numbers.map { attempt($0) })
    }
    try store.close()
    return try Image(of: path)
  }

  /// A run of 50 facts whose process was killed: 20 before the last `HEAD`, and the last ones in the WAL only.
  private func killed() throws -> Image {
    let path = try scratch.run("killed")
    let store = try RunStore.open(at: path, mode: .writing)
    for start in stride(from: 0, to: 50, by: 5) {
      if start == 20 { try store.writeHead() }
      let numbers = start + 1...start + 5
      _ = try store.commit(numbers.map { fact($0) }, attempts: numbers.map { attempt($0) })
    }
    return try Image(of: path).withoutCache
  }

  /// Puts a damaged image on the disk and opens it in both ways.
  ///
  /// - Parameter head: the number of facts that `HEAD` knows.
  /// - Returns: the number of facts found by the writer; nil where it refused.
  @discardableResult
  private func survive(_ image: Image, head: Int, _ label: String) throws -> Int? {
    let path = scratch("damaged")
    try image.write(to: path)
    do {
      let reader = try RunStore.open(at: path, mode: .reading)
      for fact in try reader.allFacts() where Self.truth[fact.job] != fact {
        Issue.record("\(label): a reader got a wrong fact")
      }
    } catch let error as RunStoreError {
      #expect(Self.isRefusal(error), "\(label): \(error)")
    }
    #expect(try Image(of: path).withoutCache == image.withoutCache, "\(label): reading changed something")
    let store: RunStore
    do {
      store = try RunStore.open(at: path, mode: .writing)
    } catch {
      #expect(Self.isRefusal(error), "\(label): \(error)")
      #expect(try Image(of: path).withoutCache == image.withoutCache, "\(label): a refusal changed something")
      return nil
    }
    let found = try store.allFacts()
    for fact in found where Self.truth[fact.job] != fact { Issue.record("\(label): a wrong fact") }
    #expect(Set(found).count == found.count, "\(label): a fact twice")
    if found.count < head { #expect(store.damage != [], "\(label): \(found.count) facts and no word about it") }
    // What was lost is computed again, and then the run is whole and stays so.
    let again = try store.commit(Self.facts, attempts: [])
    #expect(again.conflicts == [] && again.inserted.count == 50 - found.count, "\(label)")
    try store.close()
    let healed = try RunStore.open(at: path, mode: .writing)
    #expect(healed.damage == [], "\(label): the damage is reported for ever")
    #expect(Set(try healed.allFacts()) == Set(Self.facts), "\(label)")
    return found.count
  }

  private static func isRefusal(_ error: RunStoreError) -> Bool {
    switch error {
    case .damaged, .foreign: true
    default: false
    }
  }

  /// Every position of the first part and a sample of the rest, another one for each step.
  private static func sample(_ count: Int, dense: Int, step: Int) -> [Int] {
    Array(0..<min(dense, count)) + Array(stride(from: dense, to: count, by: step))
  }

  @Test func flippedBytesOfAStoppedDatabase() throws {
    let image = try stopped()
    var outcomes: [Int?: Int] = [:]
    for position in Self.sample(image["sentei.sqlite"].count, dense: 100, step: 251) {
      var damaged = image
      damaged["sentei.sqlite"][position] ^= UInt8(1 << (position % 8))
      outcomes[try survive(damaged, head: 50, "database byte \(position)"), default: 0] += 1
    }
    // The sample must meet all three answers, or it shows nothing.
    #expect(outcomes[50] ?? 0 > 0 && outcomes[Int?.none] ?? 0 > 0 && outcomes.count > 2, "\(outcomes)")
  }

  @Test func flippedBytesOfAWriteAheadLog() throws {
    let image = try killed()
    #expect(try survive(image, head: 20, "undamaged") == 50)
    var outcomes: [Int?: Int] = [:]
    for position in Self.sample(image["sentei.sqlite-wal"].count, dense: 60, step: 1999) {
      var damaged = image
      damaged["sentei.sqlite-wal"][position] ^= UInt8(1 << (position % 8))
      outcomes[try survive(damaged, head: 20, "log byte \(position)"), default: 0] += 1
    }
    #expect(outcomes.count > 2, "\(outcomes)")
  }

  @Test func aDatabaseCutOffAnywhere() throws {
    let image = try stopped()
    let size = image["sentei.sqlite"].count
    for length in Self.sample(size, dense: 5, step: 997) + [99, 100, 101, 4095, 4096, 4097, size - 1] {
      var damaged = image
      damaged["sentei.sqlite"] = image["sentei.sqlite"].prefix(length)
      try survive(damaged, head: 50, "database cut to \(length)")
    }
  }

  @Test func aWriteAheadLogCutOffAnywhere() throws {
    let image = try killed()
    let size = image["sentei.sqlite-wal"].count
    var last = 0
    for length in Self.sample(size, dense: 3, step: 2999) + [31, 32, 33, size - 1] {
      var damaged = image
      damaged["sentei.sqlite-wal"] = image["sentei.sqlite-wal"].prefix(length)
      let found = try survive(damaged, head: 20, "log cut to \(length)")
      last = max(last, found ?? 0)
    }
    #expect(last == 45)
    var without = image
    without.files["sentei.sqlite-wal"] = nil
    #expect(try survive(without, head: 20, "no log") == 0)
  }

  @Test func aFlippedByteOfADatabaseBehindALog() throws {
    let image = try killed()
    for position in Self.sample(image["sentei.sqlite"].count, dense: 100, step: 1999) {
      var damaged = image
      damaged["sentei.sqlite"][position] ^= UInt8(1 << (position % 8))
      try survive(damaged, head: 20, "database byte \(position) behind a log")
    }
  }

  @Test func anyDamageToHeadIsReportedAndMended() throws {
    let image = try stopped()
    let path = scratch("head")
    for position in image["HEAD"].indices {
      var damaged = image
      damaged["HEAD"][position] ^= 4
      try damaged.write(to: path)
      let store = try RunStore.open(at: path, mode: .writing)
      guard case .headUnreadable = store.damage.first else {
        Issue.record("byte \(position): \(store.damage)")
        return
      }
      #expect(try store.allFacts() == Self.facts)
      try store.close()
      #expect(try RunStore.open(at: path, mode: .reading).damage == [])
    }
    var without = image
    without.files["HEAD"] = nil
    try without.write(to: path)
    #expect(try RunStore.open(at: path, mode: .writing).damage == [])
  }

  @Test func factsMissingBelowHeadAreCounted() throws {
    let image = try killed()
    var damaged = image
    damaged.files["sentei.sqlite-wal"] = nil
    let path = scratch("missing")
    try damaged.write(to: path)
    let store = try RunStore.open(at: path, mode: .writing)
    #expect(store.damage == [.missingFacts(20)])
    #expect(store.damage[0].description == "20 facts that the run recorded are missing: they will be computed again")
  }

  @Test func aDamagedRowIsSetAsideAndNamed() throws {
    let image = try stopped()
    var damaged = image
    let place = image["sentei.sqlite"].range(of: Data(fact(17).outcome))!
    damaged["sentei.sqlite"][place.lowerBound + 3] ^= 32
    let path = scratch("row")
    try damaged.write(to: path)
    let reader = try RunStore.open(at: path, mode: .reading)
    #expect(reader.damage == [.damagedFacts([17])])
    #expect(try reader.forEachFact { _ in }.damage == [.damagedFacts([17])])
    #expect(try reader.fact(for: fact(17).job) == nil)
    try reader.close()
    let store = try RunStore.open(at: path, mode: .writing)
    #expect(store.damage == [.damagedFacts([17])])
    #expect(try store.factCount() == 49)
    #expect(try store.revokedFacts() == [])
    #expect(try store.commit([fact(17)], attempts: []).inserted == [fact(17).job])
    try store.close()
    #expect(try RunStore.open(at: path, mode: .writing).damage == [])
  }

  @Test func anotherDatabaseBesideHeadIsNoticed() throws {
    let path = try scratch.run("other")
    let store = try RunStore.open(at: path, mode: .writing)
    _ = try store.commit((101...160).map { fact($0) }, attempts: [])
    try store.close()
    var image = try stopped()
    image["sentei.sqlite"] = try Image(of: path)["sentei.sqlite"]
    try image.write(to: path)
    #expect(try RunStore.open(at: path, mode: .reading).damage == [.headDiffers(count: 50)])
  }

  /// A number out of order must not lead a walk back to where it was.
  @Test func numbersOutOfOrderEndTheWalk() throws {
    let path = try scratch.run("order")
    let store = try RunStore.open(at: path, mode: .writing)
    _ = try store.commit((1...5000).map { fact($0) }, attempts: [])
    try store.close()
    var image = try Image(of: path)
    // Row 3072, the last of the third page, gets the number of the last of the second: 0x98 0x00 becomes 0x90 0x00 in SQLite's
    // variable-length numbers, before a record with a header of six bytes whose first value is the number itself, NULL.
    let job = try #require(image["sentei.sqlite"].range(of: Data(fact(3072).job.bytes))).lowerBound
    let number = try #require(image["sentei.sqlite"][(job - 12)..<job].range(of: Data([0x98, 0x00]))).lowerBound
    image["sentei.sqlite"][number] = 0x90
    try image.write(to: path)
    #expect(throws: RunStoreError.self) { try RunStore.open(at: path, mode: .writing) }
    let reader = try RunStore.open(at: path, mode: .reading)
    #expect(reader.damage.contains { if case .unreadableFacts = $0 { true } else { false } })
  }

  /// The second row of a run put into another run, where the first row is of the same job: both have right checks.
  @Test func twoFactsOfOneJobAreRefused() throws {
    let rows = ["a job", "another"].map {
      FactRow(job: digest($0), kind: "evaluate", outcome: Array("accuracy 0.9".utf8))
    }
    let images = try [rows, rows.reversed()].enumerated().map { index, facts in
      let path = try scratch.run("two-\(index)")
      let store = try RunStore.open(at: path, mode: .writing)
      _ = try store.commit(facts, attempts: [])
      try store.close()
      return try Image(of: path)["sentei.sqlite"]
    }
    let places = try zip(images, [rows[1], rows[0]]).map { image, row in
      // Job, kind, outcome and a check of eight bytes, one behind the other.
      let start = try #require(image.range(of: Data(row.job.bytes))).lowerBound
      return start..<start + Digest.byteCount + row.kind.utf8.count + row.outcome.count + 8
    }
    var image = try Image(of: scratch("two-0"))
    image.files["HEAD"] = nil
    image["sentei.sqlite"].replaceSubrange(places[0], with: images[1][places[1]])
    let path = scratch("two")
    try image.write(to: path)
    #expect(
      try RunStore.open(at: path, mode: .reading).allFacts() == [rows[0], rows[0]], "what the test wants to make")
    let database = scratch("two") + "/sentei.sqlite"
    #expect(throws: RunStoreError.damaged(path: database, found: "two facts of one job")) {
      try RunStore.open(at: path, mode: .writing)
    }
  }
}
