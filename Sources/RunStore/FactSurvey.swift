internal import Digests
internal import Foundation
internal import GRDB

/// A row of `facts` as it was found: the fact is nil where the check is wrong.
struct FoundFact {
  var sequence: Int
  var fact: FactRow?
  /// The bytes that its check is taken over; empty without a fact.
  var canonical: [UInt8]
}

/// One pass over all facts of a run against their checks, their numbers and `HEAD`.
///
/// - Complexity: O(n) in the number of facts; memory for the revoked and lost ones only, and for writing the index.
struct FactSurvey {
  /// The chain over everything, with a place for each lost fact.
  private(set) var chain = FactChain()
  /// What is wrong, for people.
  private(set) var damage: [RunDamage] = []
  /// The numbers of the rows whose check is wrong.
  private(set) var damaged: [Int] = []
  /// The numbers that have no sound row, those of damaged rows included.
  private(set) var lost: [Int] = []
  /// Where the sound facts are; nil unless it is for writing.
  private(set) var index: FactIndex?
  /// Facts whose jobs begin like that of one before, nearly always none.
  private var alike: [(job: Digest, place: Int)] = []

  private let head: Head?
  private let revoked: [Int: RevokedFact]
  private var hashAtHead: Digest?

  /// Reads the whole run.
  ///
  /// - Parameters:
  ///   - isForWriting: whether the index is wanted, and a database that cannot be read to its end an error instead of an
  ///     answer.
  ///   - body: is told each sound fact.
  init(
    _ database: RunDatabase, headFile: HeadFile, isForWriting: Bool, _ body: (FactRow) -> Void = { _ in }
  ) throws(RunStoreError) {
    index = isForWriting ? FactIndex(minimumCapacity: headFile.likelyCount) : nil
    head = headFile.head
    if case .damaged(let found) = headFile { damage.append(.headUnreadable(found: found)) }
    revoked = try database.read("read the revoked facts of") { try RevokedFact.all(in: $0) }
    noteHead()
    var stop: RunDamage?
    do {
      try FactPages(of: database).forEachRow(after: 0) { row in
        add(row)
        if let fact = row.fact { body(fact) }
      }
    } catch {
      guard !isForWriting, case .damaged(_, let found) = error else { throw error }
      stop = .unreadableFacts(after: chain.count, found: found)
    }
    if let stop { damage.append(stop) }
    for (job, place) in alike {
      let first = try database.read("read the facts of") { db in try FoundFact.at(place, in: db)?.fact?.job }
      if first == job { throw .damaged(path: database.path, found: "two facts of one job") }
    }
    finish()
  }

  private mutating func add(_ row: FoundFact) {
    guard let fact = row.fact else {
      damaged.append(row.sequence)
      return
    }
    if let place = index?[fact.job] { alike.append((fact.job, place)) }
    index?.insert(fact.job, at: row.sequence)
    advance(to: row.sequence - 1)
    chain.append(canonical: row.canonical)
    noteHead()
  }

  private mutating func finish() {
    var end = max(chain.count, head?.count ?? 0, revoked.keys.max() ?? 0)
    // A damaged row at the very end has its number from SQLite's tree alone: believe it only next to its neighbour.
    for sequence in damaged.sorted() where sequence == end + 1 { end = sequence }
    advance(to: end)
    if !damaged.isEmpty { damage.append(.damagedFacts(damaged)) }
    let missing = Set(lost).subtracting(damaged).count
    if missing > 0 { damage.append(.missingFacts(missing)) }
    if let head, damage.isEmpty, hashAtHead != head.hash { damage.append(.headDiffers(count: head.count)) }
  }

  /// Fills the places up to a number with revoked and lost facts.
  private mutating func advance(to end: Int) {
    while chain.count < end {
      switch revoked[chain.next] {
      case .some(let entry) where !entry.isLost: chain.append(entry.row.fact)
      case .some: chain.appendLost()
      case .none:
        lost.append(chain.next)
        chain.appendLost()
      }
      noteHead()
    }
  }

  private mutating func noteHead() {
    if chain.count == head?.count { hashAtHead = chain.hash }
  }
}

extension FoundFact {
  static let pageSize = 1024

  private init(_ row: Row) {
    sequence = Int.fromDatabaseValue(row[0]) ?? 0
    let found = FactRow.stored(sequence: sequence, job: row[1], kind: row[2], outcome: row[3], checksum: row[4])
    (fact, canonical) = (found?.fact, found?.canonical ?? [])
  }

  /// The row with a number; nil if there is none.
  static func at(_ sequence: Int, in db: Database) throws -> FoundFact? {
    let statement = try db.cachedStatement(
      sql: "SELECT sequence, job, kind, outcome, checksum FROM facts WHERE sequence = ?")
    return try Row.fetchOne(statement, arguments: [sequence]).map { FoundFact($0) }
  }

  /// The row of a job; nil if there is none.
  ///
  /// - Complexity: O(n) in the number of facts.
  static func of(_ job: Digest, in db: Database) throws -> FoundFact? {
    let statement = try db.cachedStatement(
      sql: "SELECT sequence, job, kind, outcome, checksum FROM facts WHERE job = ?")
    return try Row.fetchOne(statement, arguments: [Data(job.bytes)]).map { FoundFact($0) }
  }

  /// Reads the rows of one group, those before an error too.
  static func page(of db: Database, after: Int, into rows: inout [FoundFact]) throws {
    let cursor = try Row.fetchCursor(
      db.cachedStatement(
        sql: "SELECT sequence, job, kind, outcome, checksum FROM facts WHERE sequence > ? ORDER BY sequence LIMIT ?"),
      arguments: [after, pageSize])
    rows.reserveCapacity(pageSize)
    while let row = try cursor.next() { rows.append(FoundFact(row)) }
  }
}

extension FactRow {
  /// A stored fact with its canonical bytes; nil if a column has another type than ours or the check is wrong.
  static func stored(
    sequence: Int, job: DatabaseValue, kind: DatabaseValue, outcome: DatabaseValue, checksum: DatabaseValue
  ) -> (fact: FactRow, canonical: [UInt8])? {
    guard let job = job.bytes.flatMap({ Digest(bytes: $0) }), let kind = String.fromDatabaseValue(kind),
      let outcome = outcome.bytes, let checksum = Int64.fromDatabaseValue(checksum)
    else { return nil }
    let fact = FactRow(job: job, kind: kind, outcome: outcome)
    let canonical = fact.canonicalBytes(sequence: sequence)
    return canonical.rowCheck == checksum ? (fact, canonical) : nil
  }
}
