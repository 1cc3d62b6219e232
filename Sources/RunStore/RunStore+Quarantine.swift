package import Digests
internal import Foundation
internal import GRDB
internal import Synchronization

/// Workers whose facts were taken back, all of them, because one was refuted.
extension RunStore {
  private static let prefix = "sentei.quarantine."
  private static let open = "begun "
  private static let closed = "ended "

  /// How attempts name a worker: the name that it gives itself, for people, and the beginning of its id.
  package static func attemptName(_ name: String, _ worker: Digest) -> String { "\(name) \(worker.hex.prefix(16))" }

  /// Takes back every fact whose accepted answer was this worker's, and removes all snapshots, which may rest on them.
  ///
  /// In an order that a crash cannot spoil: the intent, the snapshots, then the facts and the end of the intent in one
  /// transaction. ``endQuarantines()`` ends what a crash left open.
  ///
  /// - Returns: the jobs whose facts are gone.
  /// - Throws: ``RunStoreError``; the store is then poisoned.
  /// - Complexity: O(a) in the number of attempts.
  package func quarantine(_ worker: Digest, reason: String) throws(RunStoreError) -> [Digest] {
    let key = Self.prefix + worker.hex
    try writing("quarantine a worker in") { () throws(RunStoreError) in
      try database.write("quarantine a worker in") { db in try MetaTable.set(key, Self.open + reason, in: db) }
    }
    try removeSnapshots(after: -1)
    return try writing("take back the facts of a worker in") { () throws(RunStoreError) in
      try ledger.withLock { _ throws(RunStoreError) in
        try database.write("take back the facts of a worker in") { db in
          let jobs = try Self.jobs(of: worker, in: db)
          let revoked = try jobs.filter { try Self.revoke($0, reason: reason, in: db) }
          try MetaTable.set(key, Self.closed + reason, in: db)
          return revoked
        }
      }
    }
  }

  /// Ends what a crash interrupted; to be called before the facts are read.
  ///
  /// - Throws: ``RunStoreError``; the store is then poisoned.
  package func endQuarantines() throws(RunStoreError) {
    for (worker, text) in try quarantineRows() where text.hasPrefix(Self.open) {
      _ = try quarantine(worker, reason: String(text.dropFirst(Self.open.count)))
    }
  }

  /// The workers that are kept out of this run.
  ///
  /// - Throws: ``RunStoreError``
  package func quarantined() throws(RunStoreError) -> Set<Digest> { Set(try quarantineRows().map(\.worker)) }

  private func quarantineRows() throws(RunStoreError) -> [(worker: Digest, text: String)] {
    try database.read("read the quarantined workers of") { db in
      let keys = try String.fetchAll(
        db, sql: "SELECT key FROM meta WHERE key LIKE ? ORDER BY key", arguments: [Self.prefix + "%"])
      return try keys.compactMap { key in
        guard let worker = Digest(hex: String(key.dropFirst(Self.prefix.count))) else { return nil }
        return try MetaTable.get(key, in: db).map { (worker, $0) }
      }
    }
  }

  /// The jobs that a worker's answers became facts of, perhaps some more that it answered too.
  private static func jobs(of worker: Digest, in db: Database) throws -> [Digest] {
    let rows = try Row.fetchAll(
      db,
      sql: "SELECT DISTINCT job FROM attempts WHERE disposition IN ('computed', 'late', 'backup') AND worker LIKE ?",
      arguments: ["% " + worker.hex.prefix(16)])
    return rows.compactMap { row in (row[0] as DatabaseValue).bytes.flatMap { Digest(bytes: $0) } }
  }
}
