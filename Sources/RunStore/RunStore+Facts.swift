package import Digests
internal import GRDB
internal import Synchronization

extension RunStore {
  /// Stores facts and attempts in one transaction, which is durable when this returns: only then may they be
  /// acknowledged.
  ///
  /// The caller gathers what arrived during the commit before: a group costs about as much as a single fact. Attempts
  /// are stored whatever became of their facts.
  ///
  /// - Parameter echoes: further answers to jobs that have facts, to be compared with them and not stored.
  /// - Throws: ``RunStoreError``; nothing of the group is acknowledged then, and the store is poisoned.
  /// - Complexity: O(f + a) for f facts and a attempts, and one fsync.
  package func commit(
    _ facts: [FactRow], attempts: [AttemptRow], echoes: [FactRow] = []
  ) throws(RunStoreError) -> CommitResult {
    try writing("commit facts to") { () throws(RunStoreError) in
      if facts.isEmpty && attempts.isEmpty && echoes.isEmpty { return CommitResult() }
      return try ledger.withLock { ledger throws(RunStoreError) in
        var group = CommitGroup(after: ledger)
        try database.write("commit facts to") { db in
          for fact in facts { try group.insert(fact, in: db, ledger.index) }
          for echo in echoes { try group.compare(echo, in: db, ledger.index) }
          for attempt in attempts { try group.insert(attempt, in: db) }
        }
        group.add(to: &ledger)
        return group.result
      }
    }
  }

  /// The fact of a job; nil if there is none with a right check.
  ///
  /// - Complexity: O(log n) in the number of facts for a store that writes, O(n) for others.
  package func fact(for job: Digest) throws(RunStoreError) -> FactRow? {
    guard mode == .writing else {
      return try database.read("look up a fact in") { db in try FoundFact.of(job, in: db)?.fact }
    }
    guard let place = ledger.withLock({ $0.index[job] }) else { return nil }
    let fact = try database.read("look up a fact in") { db in try FoundFact.at(place, in: db)?.fact }
    return fact?.job == job ? fact : nil
  }

  /// Calls `body` for each sound fact in the order in which they were committed, outside all locks.
  ///
  /// Who does not write is spared those to which answers differ, or that a liar gave.
  ///
  /// - Parameter number: the facts up to and with this number are left out; 0 for all.
  /// - Returns: the number of the last fact and the damage met on the way, such as rows that went bad since the opening.
  /// - Throws: ``RunStoreError``; in a store for reading an unreadable database ends the walk and is reported as damage.
  /// - Complexity: O(n) in the number of facts; memory for 2,048 of them.
  @discardableResult
  package func forEachFact(after number: Int = 0, _ body: (FactRow) -> Void) throws(RunStoreError) -> FactWalk {
    var walk = FactWalk(last: number)
    var damaged: [Int] = []
    do {
      let doubted: Set<Digest> =
        mode == .writing ? [] : try database.read("read the facts of") { db in try Self.doubted(in: db) }
      try FactPages(of: database).forEachRow(after: number) { row in
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
      try ledger.withLock { ledger throws(RunStoreError) in
        let taken = try database.write("revoke a fact of") { db in
          try Self.revoke([job], reason: reason, in: db, ledger.index)
        }
        ledger.takeOut(taken)
        return !taken.isEmpty
      }
    }
  }

  /// Moves facts to the revoked ones, inside the caller's transaction.
  ///
  /// - Returns: the jobs that had one, and where it was.
  static func revoke(
    _ jobs: [Digest], reason: String, in db: Database, _ index: FactIndex
  ) throws -> [(job: Digest, place: Int)] {
    try jobs.compactMap { job in
      guard let place = index[job], let fact = try FoundFact.at(place, in: db)?.fact, fact.job == job else {
        return nil
      }
      let row = RevokedRow(fact: fact, reason: reason.storable)
      try RevokedFact(sequence: place, isLost: false, row: row).insert(in: db)
      try db.execute(sql: "DELETE FROM facts WHERE sequence = ?", arguments: [place])
      return (job, place)
    }
  }

  /// The facts that were taken back on purpose, in the order in which they had been committed.
  package func revokedFacts() throws(RunStoreError) -> [RevokedRow] {
    try database.read("read the revoked facts of") { db in
      try RevokedFact.all(in: db).values.filter { !$0.isLost }.sorted { $0.sequence < $1.sequence }.map(\.row)
    }
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
