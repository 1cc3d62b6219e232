internal import Digests
internal import Foundation
internal import GRDB

/// A row of `revoked`: a fact taken back on purpose, or the place of one that was lost to damage.
struct RevokedFact {
  var sequence: Int
  /// Whether only the place is known; `row` then holds what was found there, or nothing.
  var isLost: Bool
  var row: RevokedRow

  private var check: Int64 {
    var bytes = CanonicalBytes(kind: "revoked-row", version: 1)
    bytes.append(isLost)
    bytes.append(raw: row.fact.canonicalBytes(sequence: sequence))
    bytes.append(row.reason)
    return bytes.bytes.rowCheck
  }

  /// Writes the row over whatever has its number.
  func insert(in db: Database) throws {
    try db.execute(
      sql:
        "INSERT OR REPLACE INTO revoked (sequence, lost, job, kind, outcome, reason, checksum) VALUES (?,?,?,?,?,?,?)",
      arguments: [
        sequence, isLost ? 1 : 0, Data(row.fact.job.bytes), row.fact.kind, Data(row.fact.outcome), row.reason, check,
      ])
  }

  /// All rows with a right check, by number; one with a wrong check leaves a gap, which the survey reports.
  static func all(in db: Database) throws -> [Int: RevokedFact] {
    let rows = try Row.fetchCursor(
      db, sql: "SELECT sequence, lost, job, kind, outcome, reason, checksum FROM revoked ORDER BY sequence")
    var entries: [Int: RevokedFact] = [:]
    while let row = try rows.next() {
      guard let sequence = Int.fromDatabaseValue(row[0]), let lost = Int.fromDatabaseValue(row[1]), 0...1 ~= lost,
        let job = (row[2] as DatabaseValue).bytes.flatMap({ Digest(bytes: $0) }),
        let kind = String.fromDatabaseValue(row[3]), let outcome = (row[4] as DatabaseValue).bytes,
        let reason = String.fromDatabaseValue(row[5]), let checksum = Int64.fromDatabaseValue(row[6])
      else { continue }
      let entry = RevokedFact(
        sequence: sequence, isLost: lost == 1,
        row: RevokedRow(fact: FactRow(job: job, kind: kind, outcome: outcome), reason: reason))
      if entry.check == checksum { entries[sequence] = entry }
    }
    return entries
  }

  /// The place of a fact that was lost.
  static func lost(_ sequence: Int, reason: String) -> RevokedFact {
    let nothing = Digest(bytes: [UInt8](repeating: 0, count: Digest.byteCount))!
    return RevokedFact(
      sequence: sequence, isLost: true,
      row: RevokedRow(fact: FactRow(job: nothing, kind: "", outcome: []), reason: reason))
  }
}

extension DatabaseValue {
  /// The bytes of a BLOB; nil for every other type.
  var bytes: [UInt8]? {
    guard case .blob(let data) = storage else { return nil }
    return data.withUnsafeBytes { Array($0) }
  }
}
