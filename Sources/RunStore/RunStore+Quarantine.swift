package import Digests
internal import Foundation
internal import GRDB
internal import Synchronization

/// Workers whose facts were taken back, all of them, because one was refuted.
extension RunStore {
  private static let prefix = "sentei.quarantine."
  private static let begun = "begun "
  private static let revoked = "revoked "
  private static let ended = "ended "

  /// How attempts name a worker: the name that it gives itself, for people, and the beginning of its id.
  package static func attemptName(_ name: String, _ worker: Digest) -> String { "\(name) \(worker.hex.prefix(16))" }

  /// Takes back every fact whose accepted answer was this worker's.
  ///
  /// In an order that a crash cannot spoil: the intent first, then the facts in one transaction. Snapshots may rest on them
  /// until this store is closed: ``endQuarantines()`` removes them at the next opening.
  ///
  /// - Returns: the jobs whose facts are gone.
  /// - Throws: ``RunStoreError``; the store is then poisoned.
  /// - Complexity: O(a) in the number of attempts.
  package func quarantine(_ worker: Digest, reason: String) throws(RunStoreError) -> [Digest] {
    let key = Self.prefix + worker.hex
    try writing("quarantine a worker in") { () throws(RunStoreError) in
      try database.write("quarantine a worker in") { db in try MetaTable.set(key, Self.begun + reason, in: db) }
    }
    return try writing("take back the facts of a worker in") { () throws(RunStoreError) in
      try ledger.withLock { _ throws(RunStoreError) in
        try database.write("take back the facts of a worker in") { db in
          let jobs = try Self.jobs(of: worker, in: db)
          let revoked = try jobs.filter { try Self.revoke($0, reason: reason, in: db) }
          try MetaTable.set(key, Self.revoked + reason, in: db)
          return revoked
        }
      }
    }
  }

  /// Ends what an earlier opening began, the removal of all snapshots; to be called before facts or snapshots are read.
  ///
  /// - Throws: ``RunStoreError``; the store is then poisoned.
  package func endQuarantines() throws(RunStoreError) {
    for (worker, text) in try quarantineRows() where text.hasPrefix(Self.begun) {
      _ = try quarantine(worker, reason: String(text.dropFirst(Self.begun.count)))
    }
    let open = try quarantineRows().filter { $0.text.hasPrefix(Self.revoked) }
    guard !open.isEmpty else { return }
    try removeSnapshots(after: -1)
    for (worker, text) in open {
      let text = Self.ended + text.dropFirst(Self.revoked.count)
      try writing("quarantine a worker in") { () throws(RunStoreError) in
        try database.write("quarantine a worker in") { db in try MetaTable.set(Self.prefix + worker.hex, text, in: db) }
      }
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
