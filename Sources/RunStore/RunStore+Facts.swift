package import Digests
internal import Foundation
internal import GRDB
internal import Synchronization

/// What became of each fact of a commit, in the order in which they were given.
package struct CommitResult: Hashable, Sendable {
  /// The jobs whose facts are new.
  package internal(set) var inserted: [Digest] = []
  /// The jobs whose facts were there already, with the same outcome.
  package internal(set) var duplicates: [Digest] = []
  /// The facts that contradict a stored one, which was kept.
  package internal(set) var conflicts: [FactConflict] = []
}

/// Two outcomes of one job, of which one must be wrong.
package struct FactConflict: Hashable, Sendable {
  /// The fact that was offered and not stored.
  package let offered: FactRow
  /// The fact that is stored.
  package let stored: FactRow
}

extension RunStore {
  /// Stores facts and attempts in one transaction, which is durable when this returns: only then may they be
  /// acknowledged.
  ///
  /// The caller gathers what arrived during the commit before: a group costs about as much as a single fact. Attempts
  /// are stored whatever became of their facts.
  ///
  /// - Parameter echoes: further answers to jobs that have facts, to be compared with them and not stored.
  /// - Throws: ``RunStoreError``; nothing of the group is acknowledged then, and the store is poisoned.
  /// - Complexity: O((f + a) log n) for f facts and a attempts in a run of n facts, and one fsync.
  package func commit(
    _ facts: [FactRow], attempts: [AttemptRow], echoes: [FactRow] = []
  ) throws(RunStoreError) -> CommitResult {
    try writing("commit facts to") { () throws(RunStoreError) in
      if facts.isEmpty && attempts.isEmpty && echoes.isEmpty { return CommitResult() }
      return try ledger.withLock { ledger throws(RunStoreError) in
        var next = ledger
        let result = try database.write("commit facts to") { db in
          var result = CommitResult()
          for fact in facts { try Self.insert(fact, in: db, &next, &result) }
          for echo in echoes {
            guard let stored = try Self.fact(for: echo.job, in: db)?.fact, stored.outcome != echo.outcome else {
              continue
            }
            result.conflicts.append(FactConflict(offered: echo, stored: stored))
          }
          for attempt in attempts { try Self.insert(attempt, in: db, &next) }
          return result
        }
        ledger = next
        return result
      }
    }
  }

  /// The fact of a job; nil if there is none with a right check.
  ///
  /// - Complexity: O(log n) in the number of facts.
  package func fact(for job: Digest) throws(RunStoreError) -> FactRow? {
    try database.read("look up a fact in") { db in try Self.fact(for: job, in: db)?.fact }
  }

  /// Calls `body` for each sound fact in the order in which they were committed, outside all locks.
  ///
  /// Who does not write is spared those to which answers differ, or that a liar gave.
  ///
  /// - Parameter number: the facts up to and with this number are left out; 0 for all.
  /// - Returns: the number of the last fact and the damage met on the way, such as rows that went bad since the opening.
  /// - Throws: ``RunStoreError``; in a store for reading an unreadable database ends the walk and is reported as damage.
  /// - Complexity: O(n) in the number of facts; memory for 1,024 of them.
  @discardableResult
  package func forEachFact(after number: Int = 0, _ body: (FactRow) -> Void) throws(RunStoreError) -> FactWalk {
    var walk = FactWalk(last: number)
    var damaged: [Int] = []
    do {
      let doubted: Set<Digest> =
        mode == .writing ? [] : try database.read("read the facts of") { db in try Self.doubted(in: db) }
      try FactSurvey.forEachRow(database, after: number) { row in
        guard let fact = row.fact else {
          damaged.append(row.sequence)
          return
        }
        walk.last = row.sequence
        guard !doubted.contains(fact.job) else { return }
        walk.count += 1
        body(fact)
      }
    } catch {
      guard mode == .reading, case .damaged(_, let found) = error else { throw error }
      walk.damage.append(.unreadableFacts(after: walk.last, found: found))
    }
    if !damaged.isEmpty { walk.damage.append(.damagedFacts(damaged)) }
    return walk
  }

  /// Takes a fact back: the row is kept with the reason, and the job may be computed again.
  ///
  /// - Returns: whether there was such a fact.
  /// - Throws: ``RunStoreError``
  package func revoke(_ job: Digest, reason: String) throws(RunStoreError) -> Bool {
    try writing("revoke a fact of") { () throws(RunStoreError) in
      try ledger.withLock { _ throws(RunStoreError) in
        try database.write("revoke a fact of") { db in try Self.revoke(job, reason: reason, in: db) }
      }
    }
  }

  /// Moves a fact to the revoked ones, inside the caller's transaction; whether there was one.
  static func revoke(_ job: Digest, reason: String, in db: Database) throws -> Bool {
    guard let (sequence, found) = try Self.fact(for: job, in: db), let fact = found else { return false }
    let row = RevokedRow(fact: fact, reason: reason.storable)
    try RevokedFact(sequence: sequence, isLost: false, row: row).insert(in: db)
    try db.execute(sql: "DELETE FROM facts WHERE sequence = ?", arguments: [sequence])
    return true
  }

  /// The facts that were taken back on purpose, in the order in which they had been committed.
  package func revokedFacts() throws(RunStoreError) -> [RevokedRow] {
    try database.read("read the revoked facts of") { db in
      try RevokedFact.all(in: db).values.filter { !$0.isLost }.sorted { $0.sequence < $1.sequence }.map(\.row)
    }
  }

  /// The row of a job; the fact is nil where its check is wrong.
  private static func fact(for job: Digest, in db: Database) throws -> (sequence: Int, fact: FactRow?)? {
    let statement = try db.cachedStatement(
      sql: "SELECT sequence, job, kind, outcome, checksum FROM facts WHERE job = ?")
    guard let row = try Row.fetchOne(statement, arguments: [Data(job.bytes)]) else { return nil }
    let sequence = Int.fromDatabaseValue(row[0]) ?? 0
    let fact = FactRow.stored(
      sequence: sequence, job: row[1], kind: row[2], outcome: row[3], checksum: row[4])?.fact
    return (sequence, fact?.job == job ? fact : nil)
  }

  private static func insert(
    _ fact: FactRow, in db: Database, _ ledger: inout Ledger, _ result: inout CommitResult
  ) throws {
    let sequence = ledger.facts.next
    // Nearly every job is new: to ask first would cost as much again.
    let statement = try db.cachedStatement(
      sql: "INSERT INTO facts (sequence, job, kind, outcome, checksum) VALUES (?, ?, ?, ?, ?) "
        + "ON CONFLICT (job) DO NOTHING")
    let canonical = fact.canonicalBytes(sequence: sequence)
    try statement.execute(arguments: [
      sequence, Data(fact.job.bytes), fact.kind, Data(fact.outcome), canonical.rowCheck,
    ])
    guard db.changesCount > 0 else {
      guard let (place, found) = try Self.fact(for: fact.job, in: db) else {
        throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a job is in the index and not in the table")
      }
      guard let stored = found else {
        throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the check of fact \(place) is wrong")
      }
      if stored == fact {
        result.duplicates.append(fact.job)
      } else {
        result.conflicts.append(FactConflict(offered: fact, stored: stored))
      }
      return
    }
    ledger.facts.append(canonical: canonical)
    result.inserted.append(fact.job)
  }

  private static func insert(_ attempt: AttemptRow, in db: Database, _ ledger: inout Ledger) throws {
    ledger.attempts += 1
    let statement = try db.cachedStatement(
      sql: "INSERT INTO attempts (sequence, job, kind, worker, waited, started, finished, cpu, disposition, checksum) "
        + "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    try statement.execute(arguments: [
      ledger.attempts, Data(attempt.job.bytes), attempt.kind, attempt.worker, attempt.secondsWaited, attempt.started,
      attempt.finished, attempt.cpuSeconds, attempt.disposition, attempt.check(sequence: ledger.attempts),
    ])
  }
}

/// How far a walk over the facts came.
package struct FactWalk: Hashable, Sendable {
  /// The number of the last sound fact, for walking on later.
  package internal(set) var last: Int
  /// How many facts were given to the caller.
  package internal(set) var count = 0
  /// What could not be given.
  package internal(set) var damage: [RunDamage] = []
}
