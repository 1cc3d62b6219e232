import Foundation
import GRDB
import RunStore
import Testing

/// Runs of earlier builds.
@Suite struct VersionTests {
  let scratch = Scratch()

  /// The version that a database states in its header.
  private func version(_ path: String) throws -> UInt32 {
    try Image(of: path)["sentei.sqlite"][60..<64].reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// Makes the database of a run one of version 1, in which SQLite has an index over the jobs of facts.
  private func age(_ path: String) throws {
    let queue = try DatabaseQueue(path: path + "/sentei.sqlite")
    try queue.write { db in
      let now = try #require(try String.fetchOne(db, sql: "SELECT sql FROM sqlite_schema WHERE name = 'facts'"))
      let then = now.replacing("job BLOB NOT NULL", with: "job BLOB NOT NULL UNIQUE")
      #expect(then != now)
      try db.execute(sql: "ALTER TABLE facts RENAME TO kept")
      try db.execute(sql: then)
      try db.execute(sql: "INSERT INTO facts SELECT * FROM kept")
      try db.execute(sql: "DROP TABLE kept")
      try db.execute(sql: "PRAGMA user_version = 1")
    }
    try queue.close()
  }

  @Test func runsOfVersion1AreGoneOnWith() throws {
    let path = try scratch.run()
    var store = try RunStore.open(at: path, mode: .writing)
    let facts = (1...3000).map { fact($0) }
    _ = try store.commit(facts, attempts: [attempt(1)])
    try store.close()
    #expect(try version(path) == 2)
    try age(path)
    #expect(try version(path) == 1)

    let reader = try RunStore.open(at: path, mode: .reading)
    #expect(reader.damage == [])
    #expect(try reader.allFacts() == facts)
    store = try RunStore.open(at: path, mode: .writing)
    #expect(store.damage == [])
    #expect(try store.commit([facts[7], fact(3001)], attempts: []).inserted == [fact(3001).job])
    #expect(try store.revoke(facts[11].job, reason: "a lie"))
    #expect(try store.commit([facts[11]], attempts: []).inserted == [facts[11].job])
    #expect(try store.fact(for: facts[11].job) == facts[11])
    try store.close()
    #expect(try version(path) == 1)
    let again = try RunStore.open(at: path, mode: .writing)
    #expect(again.damage == [])
    #expect(try again.allFacts() == facts.filter { $0 != facts[11] } + [fact(3001), facts[11]])
  }

  @Test func aLaterVersionIsRefusedByItsNumber() throws {
    let path = try scratch.run()
    let queue = try DatabaseQueue(path: path + "/sentei.sqlite")
    try queue.write { try $0.execute(sql: "PRAGMA user_version = 3") }
    try queue.close()
    let error = #expect(throws: RunStoreError.self) { try RunStore.open(at: path, mode: .writing) }
    #expect(error?.description.contains("tables 3, here 2") == true, "\(String(describing: error))")
  }
}
