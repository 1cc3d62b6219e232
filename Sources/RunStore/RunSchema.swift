internal import GRDB

/// The tables of a run, with the numbers by which SQLite files of ours are known.
enum RunSchema {
  /// `SNTE`, in the header of each of our databases.
  static let applicationID: UInt32 = 0x534E_5445

  /// Rises with each change of the tables below.
  static let version: UInt32 = 2
  /// Databases of these versions can be gone on with. In those of version 1 jobs have an index, which SQLite goes on with.
  static let readableVersions = 1...version

  /// The statements that make the tables, as SQLite keeps them: they are compared with what a database holds, so that a
  /// damaged or doctored schema is refused before anything is read through it.
  ///
  /// That jobs have one fact each is not left to an index: inserts into one over random digests were a third of a commit, and
  /// its check half of an opening. ``FactIndex`` holds it in memory.
  static let tables = [
    "CREATE TABLE attempts (sequence INTEGER PRIMARY KEY, job BLOB NOT NULL, kind TEXT NOT NULL, worker TEXT NOT NULL, "
      + "waited REAL NOT NULL, started REAL NOT NULL, finished REAL NOT NULL, cpu REAL NOT NULL, "
      + "disposition TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT",
    "CREATE TABLE budgets (sequence INTEGER PRIMARY KEY, key TEXT NOT NULL, value INTEGER NOT NULL, "
      + "checksum INTEGER NOT NULL) STRICT",
    "CREATE TABLE facts (sequence INTEGER PRIMARY KEY, job BLOB NOT NULL, kind TEXT NOT NULL, "
      + "outcome BLOB NOT NULL, checksum INTEGER NOT NULL) STRICT",
    "CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT",
    "CREATE TABLE revoked (sequence INTEGER PRIMARY KEY, lost INTEGER NOT NULL, job BLOB NOT NULL, kind TEXT NOT NULL, "
      + "outcome BLOB NOT NULL, reason TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT",
  ]

  private static let tablesOfVersion1 = tables.map { table in
    table.hasPrefix("CREATE TABLE facts ")
      ? table.replacing("job BLOB NOT NULL", with: "job BLOB NOT NULL UNIQUE") : table
  }

  /// Makes the tables in an empty database, inside the caller's transaction.
  static func make(in db: Database) throws {
    try db.execute(sql: "PRAGMA application_id = \(applicationID)")
    try db.execute(sql: "PRAGMA user_version = \(version)")
    for table in tables { try db.execute(sql: table) }
  }

  /// What is wrong with the tables of a database; nil if they are ours.
  static func complaint(about db: Database) throws -> String? {
    let found = try String.fetchAll(db, sql: "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
    return found == tables || found == tablesOfVersion1 ? nil : "its tables are not those of a run"
  }

  /// What is wrong with the structure of a database, by SQLite's own check; nil if nothing is.
  ///
  /// - Complexity: O(n log n) in the number of rows.
  static func structuralComplaint(about db: Database) throws -> String? {
    let found = try String.fetchOne(db, sql: "PRAGMA integrity_check(1)") ?? "no answer to the integrity check"
    if found == "ok" { return nil }
    // Behind a headline with the database's name inside SQLite.
    return found.split(separator: "\n").last { !$0.hasPrefix("***") }.map { String($0.prefix(200)) }
      ?? "SQLite's check fails"
  }
}
