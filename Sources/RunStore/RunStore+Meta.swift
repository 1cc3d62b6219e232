internal import Digests
internal import GRDB

extension RunStore {
  /// Adds budget rows, all or none, durable when this returns. Rows are never changed or removed.
  ///
  /// - Throws: ``RunStoreError``; the store is then poisoned.
  package func appendBudgets(_ rows: [BudgetRow]) throws(RunStoreError) {
    try writing("add a budget to") { () throws(RunStoreError) in
      try database.write("add a budget to") { db in
        var sequence = try Int.fetchOne(db, sql: "SELECT max(sequence) FROM budgets") ?? 0
        for row in rows {
          sequence += 1
          try db.execute(
            sql: "INSERT INTO budgets (sequence, key, value, checksum) VALUES (?, ?, ?, ?)",
            arguments: [sequence, row.key, row.value, row.check(sequence: sequence)])
        }
      }
    }
  }

  /// All budget rows in the order in which they were added.
  ///
  /// - Throws: ``RunStoreError``, also where a row has a wrong check: a budget cannot be computed again.
  package func budgets() throws(RunStoreError) -> [BudgetRow] {
    try database.read("read the budgets of") { db in
      try Row.fetchAll(db, sql: "SELECT sequence, key, value, checksum FROM budgets ORDER BY sequence").map { row in
        guard let sequence = Int.fromDatabaseValue(row[0]), let key = String.fromDatabaseValue(row[1]),
          let value = Int.fromDatabaseValue(row[2]), let checksum = Int64.fromDatabaseValue(row[3])
        else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a budget has a wrong type") }
        let budget = BudgetRow(key: key, value: value)
        guard budget.check(sequence: sequence) == checksum else {
          throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the check of budget \(sequence) is wrong")
        }
        return budget
      }
    }
  }

  /// Keeps a text under a key, durable when this returns; keys that begin `sentei.` are the store's own.
  ///
  /// - Throws: ``RunStoreError``; the store is then poisoned.
  package func setMeta(_ key: String, _ value: String) throws(RunStoreError) {
    precondition(!key.hasPrefix("sentei."), "\(key) is a key of the store")
    try writing("keep \(key) in") { () throws(RunStoreError) in
      try database.write("keep \(key) in") { db in try MetaTable.set(key, value, in: db) }
    }
  }

  /// The text under a key; nil if there is none.
  ///
  /// - Throws: ``RunStoreError``, also where its check is wrong.
  package func meta(_ key: String) throws(RunStoreError) -> String? {
    try database.read("read \(key) of") { db in try MetaTable.get(key, in: db) }
  }

  /// Folds the write-ahead log into the database, so that damage to what is written later cannot take with it what was
  /// committed until now; where another process reads, the log may stay.
  ///
  /// For rows that no computation brings back, such as budgets.
  package func fold() { database.fold() }

  /// Whether the study file is not, byte by byte, what the run began with.
  ///
  /// - Throws: ``RunStoreError``
  package func studyTextIsChanged() throws(RunStoreError) -> Bool {
    let recorded = try database.read("read the study of") { db in try MetaTable.get(.text, in: db) }
    guard let recorded else { return false }
    return try Files.read(layout.study).map { Digest(of: $0).hex } != recorded
  }

  /// What SQLite's own check says against the database; nil if nothing.
  ///
  /// - Throws: ``RunStoreError``
  /// - Complexity: O(n log n) in the number of rows.
  package func structuralComplaint() throws(RunStoreError) -> String? {
    try database.read("check") { db in try RunSchema.structuralComplaint(about: db) }
  }

  /// The study file as it was when the run began.
  ///
  /// - Throws: ``RunStoreError``
  package func studyText() throws(RunStoreError) -> String {
    guard let bytes = try Files.read(layout.study) else { throw .damaged(path: layout.study, found: "it is missing") }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .damaged(path: layout.study, found: "it is not UTF-8 text")
    }
    return text
  }
}
