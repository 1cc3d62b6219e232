internal import Dispatch
internal import GRDB
internal import Synchronization

/// How a run keeps a transaction until it is whole.
package enum RunJournal: Sendable {
  /// Write-ahead log: readers and the writer do not wait for each other; needs memory that all processes share.
  case writeAhead
  /// Rollback journal with `synchronous = EXTRA`, for network file systems.
  case rollback
}

/// One connection to a run's database, with SQLite's errors told in ours.
///
/// A queue and not a pool: there is one writer, what it needs back it reads at its start, and without readers in the
/// process a checkpoint always gets to the end of the WAL. Other processes read through connections of their own.
final class RunDatabase: Sendable {
  /// What the connection may do.
  enum Access: Sendable { case reading, writing }

  let path: String
  private let file: OpenDatabases.File
  // GRDB crashes if a closed connection is used. So closing means to drop the queue: whoever still uses it finishes
  // first, whoever comes later finds none.
  private let queue: Mutex<DatabaseQueue?>

  /// Opens a database that exists, after a look at its header.
  ///
  /// - Throws: ``RunStoreError``; a foreign or cut-off file is left as it was.
  init(_ path: String, _ access: Access) throws(RunStoreError) {
    self.path = path
    let file = try OpenDatabases.enter(path)
    self.file = file
    do {
      queue = Mutex(try DatabaseQueue(path: path, configuration: Self.configuration(access)))
    } catch {
      OpenDatabases.leave(file)
      throw Self.translate(error, "open", path)
    }
  }

  /// Makes a new database with the tables of a run and closes it, durable.
  static func make(_ path: String, _ fill: (Database) throws -> Void) throws(RunStoreError) {
    do {
      let queue = try DatabaseQueue(path: path, configuration: configuration(.writing))
      try queue.write { db in
        try RunSchema.make(in: db)
        try fill(db)
      }
      try queue.close()
    } catch {
      throw translate(error, "make", path)
    }
  }

  deinit { close() }

  /// Chooses the journal; call once, before the first transaction.
  func setJournal(_ journal: RunJournal) throws(RunStoreError) {
    try run("set the journal of") { db in
      switch journal {
      case .writeAhead:
        let mode = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
        guard mode == "wal" else { throw DatabaseError(resultCode: .SQLITE_CANTOPEN, message: "no write-ahead log") }
      case .rollback:
        _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = DELETE")
        try db.execute(sql: "PRAGMA synchronous = EXTRA")
      }
    }
  }

  /// Folds the write-ahead log back into the database and leaves a single file that anybody can read without side files.
  ///
  /// Not possible, and not needed, while another process reads: then the log stays.
  func settle() {
    try? run("settle") { db in
      try db.execute(sql: "PRAGMA busy_timeout = 0")
      _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = DELETE")
    }
  }

  /// Folds the write-ahead log into the database and goes on with an empty one.
  ///
  /// As far as other processes that read allow.
  func fold() {
    try? run("fold the log of") { db in _ = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
  }

  /// Closes the connection; a second time does nothing.
  func close() {
    guard let last = queue.withLock({ $0.take() }) else { return }
    _ = consume last
    OpenDatabases.leave(file)
  }

  /// Gives the connection up without closing it.
  ///
  /// SQLite copies the log into the database when its last connection is closed, with an fsync of both; behind one that
  /// failed the next succeeds, whatever was lost. The process is about to end; until then it holds one connection more.
  func leaveOpen() {
    guard let last = queue.withLock({ $0.take() }) else { return }
    Self.leftOpen.withLock { $0.append(last) }
    OpenDatabases.leave(file)
  }

  /// Never closed.
  private static let leftOpen = Mutex<[DatabaseQueue]>([])

  /// Runs `body` in one transaction that is durable when this returns; any error rolls all of it back.
  func write<Value>(_ operation: String, _ body: (Database) throws -> Value) throws(RunStoreError) -> Value {
    let queue = try open(operation)
    do { return try queue.write(body) } catch { throw Self.translate(error, operation, path) }
  }

  /// Runs `body` over one consistent state.
  func read<Value>(_ operation: String, _ body: (Database) throws -> Value) throws(RunStoreError) -> Value {
    let queue = try open(operation)
    do { return try queue.read(body) } catch { throw Self.translate(error, operation, path) }
  }

  private func run(_ operation: String, _ body: (Database) throws -> Void) throws(RunStoreError) {
    let queue = try open(operation)
    do { try queue.writeWithoutTransaction(body) } catch { throw Self.translate(error, operation, path) }
  }

  private func open(_ operation: String) throws(RunStoreError) -> DatabaseQueue {
    guard let queue = queue.withLock({ $0 }) else {
      throw .failed(operation: operation, path: path, cause: "the run was closed")
    }
    return queue
  }

  private static func configuration(_ access: Access) -> Configuration {
    var configuration = Configuration()
    configuration.readonly = access == .reading
    configuration.busyMode = .timeout(10)
    configuration.label = "sentei.run"
    configuration.prepareDatabase { db in
      // SQLite opens a database that was cut off in this mode alone (sqlite3.c, lockBtree): a reader takes from it what is
      // left. First, because other pragmas read the schema. The tables themselves are compared with ours.
      if access == .reading { try db.execute(sql: "PRAGMA writable_schema = ON") }
      // GRDB's own WAL set-up would choose NORMAL, which loses the last transactions with the power.
      try db.execute(sql: "PRAGMA synchronous = FULL")
      try db.execute(sql: "PRAGMA trusted_schema = OFF")
      try db.execute(sql: "PRAGMA cell_size_check = ON")
    }
    return configuration
  }

  private static func translate(_ error: any Error, _ operation: String, _ path: String) -> RunStoreError {
    if let error = error as? RunStoreError { return error }
    guard let error = error as? DatabaseError else {
      return .io(operation: operation, path: path, found: "\(error)")
    }
    let found = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
    switch error.resultCode {
    case .SQLITE_FULL:
      return .noSpace(operation: operation, path: path)
    case .SQLITE_IOERR where Files.isFull(path):
      // The shared memory beside a WAL grows by plain writes, whose ENOSPC SQLite calls an I/O error.
      return .noSpace(operation: operation, path: path)
    case .SQLITE_READONLY where error.extendedResultCode.rawValue & 0xFF00 == 0x300:
      return .io(operation: operation, path: path, found: "its writer was stopped in the middle of a transaction")
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
      return .permission(operation: operation, path: path, found: found)
    case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_ERROR:
      // The statements are fixed and their values checked: only the file can have brought these about.
      return .damaged(path: path, found: found)
    default:
      return .io(operation: operation, path: path, found: "\(found) (SQLite \(error.extendedResultCode.rawValue))")
    }
  }
}
