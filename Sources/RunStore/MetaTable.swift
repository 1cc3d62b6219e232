internal import Digests
internal import GRDB

/// The table of keys and texts that holds a run's identity and whatever the caller wants to keep beside it.
enum MetaTable {
  /// The keys of the store itself.
  enum Key: String, CaseIterable {
    case study = "sentei.study"
    case run = "sentei.run"
    case epoch = "sentei.epoch"
    /// The digest of the study file's bytes; runs of before it was kept have none.
    case text = "sentei.text"
  }

  static func get(_ key: Key, in db: Database) throws -> String? { try get(key.rawValue, in: db) }

  /// The text of a key; nil if there is none.
  static func get(_ key: String, in db: Database) throws -> String? {
    guard let row = try Row.fetchOne(db, sql: "SELECT value, checksum FROM meta WHERE key = ?", arguments: [key]) else {
      return nil
    }
    guard let value = String.fromDatabaseValue(row[0]), Int64.fromDatabaseValue(row[1]) == check(key, value) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the check of \(key) is wrong")
    }
    return value
  }

  /// The keys that begin with a text, with their values, by key.
  static func all(_ prefix: String, in db: Database) throws -> [(key: String, value: String)] {
    // GLOB tells capitals apart and uses the index; no key of ours has its signs.
    let keys = try String.fetchAll(
      db, sql: "SELECT key FROM meta WHERE key GLOB ? ORDER BY key", arguments: [prefix + "*"])
    return try keys.compactMap { key in try get(key, in: db).map { (key, $0) } }
  }

  static func set(_ key: Key, _ value: String, in db: Database) throws { try set(key.rawValue, value, in: db) }

  /// Sets or replaces the text of a key.
  static func set(_ key: String, _ value: String, in db: Database) throws {
    let key = key.storable
    let value = value.storable
    try db.execute(
      sql: "INSERT OR REPLACE INTO meta (key, value, checksum) VALUES (?, ?, ?)",
      arguments: [key, value, check(key, value)])
  }

  private static func check(_ key: String, _ value: String) -> Int64 {
    var bytes = CanonicalBytes(kind: "meta-row", version: 1)
    bytes.append(key)
    bytes.append(value)
    return bytes.bytes.rowCheck
  }
}
