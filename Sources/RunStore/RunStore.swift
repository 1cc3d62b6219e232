package import Digests
internal import Synchronization

/// The directory of one run: facts, attempts and budgets in SQLite, blobs and snapshots as files.
///
/// All calls are synchronous and may wait for the disk: the caller owns a thread for them. Any number of threads may
/// call; writes happen one after the other. An error of the disk under a write *poisons* the store: every later write
/// fails with ``RunStoreError/failed(operation:path:cause:)``, because after a failed fsync nobody knows what is on the
/// disk until it is read afresh.
package final class RunStore: Sendable {
  /// What a store is opened for.
  package enum Mode: Sendable {
    /// Looks on while another process may be writing, and changes no byte of the run.
    case reading
    /// Removes what nothing names while no coordinator is at work; changes no row.
    case sweeping
    /// Is the one coordinator of the run.
    case writing
  }

  /// What a run knows of itself from its creation on.
  package struct Identity: Hashable, Sendable {
    /// The digest of the canonical study.
    package let study: Digest
    /// The name of this run, unique among runs of the study.
    package let run: String
    /// How often it was opened for writing; messages of an older epoch come from before a restart.
    package let epoch: Int
  }

  /// The files of the run.
  package let layout: RunLayout
  /// Whether this store may write.
  package let mode: Mode
  /// The run's identity, with the epoch that this opening began if it is for writing.
  package let identity: Identity
  /// What was found damaged when the store was opened; empty for a sound run.
  package let damage: [RunDamage]

  let database: RunDatabase
  let ledger: Mutex<Ledger>
  private let lock: Mutex<RunLock?>
  private let cause = Mutex<String?>(nil)

  /// The numbers that the next rows get, and where facts are; held for the whole of a commit, so that commits follow each
  /// other.
  struct Ledger: Sendable {
    var facts: FactChain
    var attempts: Int
    /// Empty unless the store is for writing.
    var index = FactIndex()
    /// Facts that this store took back.
    var revocations = 0

    /// Follows a transaction that took back facts.
    mutating func takeOut(_ facts: [(job: Digest, place: Int)]) {
      for (job, place) in facts { index.remove(job, at: place) }
      revocations += facts.count
    }
  }

  init(
    _ layout: RunLayout, _ mode: Mode, _ database: RunDatabase, _ lock: consuming RunLock?, _ identity: Identity,
    _ ledger: Ledger, _ damage: [RunDamage]
  ) {
    self.layout = layout
    self.mode = mode
    self.database = database
    self.lock = Mutex(lock)
    self.identity = identity
    self.ledger = Mutex(ledger)
    self.damage = damage
  }

  deinit { shutDown() }

  /// Grows with each fact that is stored or taken back: where it is the same, so are the facts.
  package var revision: Int { ledger.withLock { $0.facts.count + $0.revocations } }

  /// Why the store refuses to write; nil while it is sound.
  package var failure: String? { cause.withLock { $0 } }

  /// Stops cleanly: writes ``RunLayout/head``, folds the write-ahead log into the database and lets the lock go.
  ///
  /// A store that is dropped without this loses nothing either; it only leaves `HEAD` as it was. A second call does
  /// nothing.
  ///
  /// - Throws: ``RunStoreError`` if `HEAD` could not be written; the store is closed all the same.
  package func close() throws(RunStoreError) {
    defer { shutDown() }
    if mode == .writing, failure == nil { try writeHead() }
  }

  private func shutDown() {
    if mode == .writing, failure != nil {
      database.leaveOpen()
    } else {
      if mode == .writing { database.settle() }
      database.close()
    }
    cause.withLock { $0 = $0 ?? "the run was closed" }
    lock.withLock { $0 = nil }
  }

  /// Runs a write unless the store is poisoned, and poisons it if the environment fails.
  func writing<Value>(_ operation: String, _ body: () throws(RunStoreError) -> Value) throws(RunStoreError) -> Value {
    precondition(mode == .writing, "a run opened for reading cannot \(operation)")
    if let cause = failure { throw .failed(operation: operation, path: layout.directory, cause: cause) }
    do {
      return try body()
    } catch {
      if error.poisons { cause.withLock { $0 = $0 ?? error.description } }
      throw error
    }
  }
}
