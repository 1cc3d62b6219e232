package import Digests
internal import Foundation
internal import GRDB

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

/// Facts and attempts on their way into one transaction.
///
/// The ledger learns of them when the transaction is durable. The index stays outside: a copy of it a commit would be one of
/// all facts.
struct CommitGroup {
  private(set) var result = CommitResult()
  private var facts: FactChain
  private var attempts: Int
  /// Where the group's own facts are.
  private var places: [Digest: Int] = [:]

  init(after ledger: RunStore.Ledger) { (facts, attempts) = (ledger.facts, ledger.attempts) }

  func add(to ledger: inout RunStore.Ledger) {
    (ledger.facts, ledger.attempts) = (facts, attempts)
    for (job, place) in places { ledger.index.insert(job, at: place) }
  }

  mutating func insert(_ fact: FactRow, in db: Database, _ index: FactIndex) throws {
    if let stored = try stored(fact.job, in: db, index) {
      if stored == fact {
        result.duplicates.append(fact.job)
      } else {
        result.conflicts.append(FactConflict(offered: fact, stored: stored))
      }
      return
    }
    let sequence = facts.next
    let statement = try db.cachedStatement(
      sql: "INSERT INTO facts (sequence, job, kind, outcome, checksum) VALUES (?, ?, ?, ?, ?)")
    let canonical = fact.canonicalBytes(sequence: sequence)
    try statement.execute(arguments: [
      sequence, Data(fact.job.bytes), fact.kind, Data(fact.outcome), canonical.rowCheck,
    ])
    facts.append(canonical: canonical)
    places[fact.job] = sequence
    result.inserted.append(fact.job)
  }

  /// A further answer to a job that has a fact: it is compared and not stored.
  mutating func compare(_ echo: FactRow, in db: Database, _ index: FactIndex) throws {
    guard let stored = try stored(echo.job, in: db, index), stored.outcome != echo.outcome else { return }
    result.conflicts.append(FactConflict(offered: echo, stored: stored))
  }

  mutating func insert(_ attempt: AttemptRow, in db: Database) throws {
    attempts += 1
    let statement = try db.cachedStatement(
      sql: "INSERT INTO attempts (sequence, job, kind, worker, waited, started, finished, cpu, disposition, checksum) "
        + "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    try statement.execute(arguments: [
      attempts, Data(attempt.job.bytes), attempt.kind, attempt.worker, attempt.secondsWaited, attempt.started,
      attempt.finished, attempt.cpuSeconds, attempt.disposition, attempt.check(sequence: attempts),
    ])
  }

  /// The fact of a job that is stored or in this group.
  private func stored(_ job: Digest, in db: Database, _ index: FactIndex) throws -> FactRow? {
    guard let place = places[job] ?? index[job] else { return nil }
    guard let fact = try FoundFact.at(place, in: db)?.fact else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "fact \(place) is gone or its check is wrong")
    }
    return fact.job == job ? fact : nil
  }
}
