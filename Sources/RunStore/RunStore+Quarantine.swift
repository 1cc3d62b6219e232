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

  /// How attempts name a worker: the name that it gives itself, for people, and its id.
  package static func attemptName(_ name: String, _ worker: Digest) -> String { "\(name) \(worker.hex)" }

  /// Takes back every fact whose accepted answer was this worker's.
  ///
  /// In an order that a crash cannot spoil: the intent first, then the facts in one transaction. Snapshots may rest on them
  /// until this store is closed: ``endQuarantines()`` removes them at the next opening.
  ///
  /// - Returns: the jobs whose facts are gone.
  /// - Throws: ``RunStoreError``; the store is then poisoned.
  /// - Complexity: O(a) in the number of attempts.
  package func quarantine(_ worker: Digest, reason: String) throws(RunStoreError) -> [Digest] {
    try beginQuarantine(of: worker, reason: reason)
    return try writing("take back the facts of a worker in") { () throws(RunStoreError) in
      try ledger.withLock { ledger throws(RunStoreError) in
        let taken = try database.write("take back the facts of a worker in") { db in
          let jobs = try Self.jobs(of: worker, in: db)
          let taken = try Self.revoke(jobs, reason: reason, in: db, ledger.index)
          try MetaTable.set(Self.prefix + worker.hex, Self.revoked + reason, in: db)
          return taken
        }
        ledger.takeOut(taken)
        return taken.map(\.job)
      }
    }
  }

  /// Makes the intent to take back a worker's facts durable: from here on nobody but a store for writing reads them, and
  /// the next opening takes them back.
  ///
  /// - Throws: ``RunStoreError``; the store is then poisoned.
  package func beginQuarantine(of worker: Digest, reason: String) throws(RunStoreError) {
    try writing("quarantine a worker in") { () throws(RunStoreError) in
      try database.write("quarantine a worker in") { db in
        try MetaTable.set(Self.prefix + worker.hex, Self.begun + reason, in: db)
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
    try database.read("read the quarantined workers of") { db in try Self.quarantineRows(in: db) }
  }

  private static func quarantineRows(in db: Database) throws -> [(worker: Digest, text: String)] {
    try MetaTable.all(prefix, in: db).compactMap { key, text in
      Digest(hex: String(key.dropFirst(prefix.count))).map { ($0, text) }
    }
  }

  /// Workers whose facts are still there, because a crash came between the intent and its end.
  static func openQuarantines(in db: Database) throws -> [Digest] {
    try quarantineRows(in: db).filter { $0.text.hasPrefix(begun) }.map(\.worker)
  }

  /// What makes an answer a fact.
  private static let decisive = "disposition IN ('computed', 'late', 'backup')"

  /// The jobs that a worker's answers became facts of, perhaps some more that it answered too.
  static func jobs(of worker: Digest, in db: Database) throws -> [Digest] {
    let rows = try Row.fetchAll(
      db, sql: "SELECT DISTINCT job FROM attempts WHERE \(decisive) AND (worker LIKE ? OR worker LIKE ?)",
      // Older builds kept the beginning of the id.
      arguments: ["% " + worker.hex, "% " + worker.hex.prefix(16)])
    return rows.compactMap { row in (row[0] as DatabaseValue).bytes.flatMap { Digest(bytes: $0) } }
  }

  /// The worker whose answer became the fact of a job; nil for one that came from another run or whose attempt is lost.
  ///
  /// - Complexity: O(a) in the number of attempts.
  static func author(of job: Digest, in db: Database) throws -> Digest? {
    let names = try String.fetchAll(
      db, sql: "SELECT worker FROM attempts WHERE \(decisive) AND job = ? ORDER BY sequence DESC",
      arguments: [Data(job.bytes)])
    return names.first.flatMap { $0.split(separator: " ").last }.flatMap { Digest(hex: String($0)) }
  }
}
