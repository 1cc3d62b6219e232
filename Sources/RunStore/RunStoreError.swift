package import Digests

/// What a run directory or its disk can refuse, in one sentence each: the operation, the path, what was found, what to do.
package enum RunStoreError: Error, Equatable, Sendable {
  /// There is no run at the path.
  case notARun(path: String)
  /// The path holds something that Sentei, or this version of it, did not write.
  case foreign(path: String, found: String)
  /// A file of the run is not what was written there.
  case damaged(path: String, found: String)
  /// The directory belongs to another study.
  case otherStudy(path: String, holds: Digest, wanted: Digest)
  /// Another coordinator works in the directory.
  case locked(path: String)
  /// The disk is full.
  case noSpace(operation: String, path: String)
  /// The file system or its permissions forbid the operation.
  case permission(operation: String, path: String, found: String)
  /// The operating system or SQLite failed otherwise.
  case io(operation: String, path: String, found: String)
  /// The store refuses because an earlier write failed or because it was closed.
  case failed(operation: String, path: String, cause: String)
  /// The bytes offered are not what they claim to be; the store is unharmed.
  case rejected(operation: String, found: String)
  /// The run holds no such blob.
  case noBlob(Digest, path: String)
  /// A blob of a run is not what was written; others are none the worse for it.
  case damagedBlob(Digest, path: String, found: String)

  /// Whether the environment failed under a write, so that nothing more may be acknowledged.
  var poisons: Bool {
    switch self {
    case .noSpace, .permission, .io, .damaged: true
    case .notARun, .foreign, .otherStudy, .locked, .failed, .rejected, .noBlob, .damagedBlob: false
    }
  }
}

extension RunStoreError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notARun(let path):
      "\(path) holds no run; give the directory of a run, or start one there with `sentei run`."
    case .foreign(let path, let found):
      "\(path) \(found); nothing was changed, give another directory."
    case .damaged(let path, let found):
      "\(path) is damaged (\(found)); nothing was changed, restore it from a copy or run the study in a new directory "
        + "with --reuse and this one."
    case .otherStudy(let path, let holds, let wanted):
      "\(path) holds the run of another study (\(holds.short), not \(wanted.short)); give another directory."
    case .locked(let path):
      "another coordinator works in \(path); stop it first or give another directory."
    case .noSpace(let operation, let path):
      "cannot \(operation) \(path): the disk is full; free some space, then resume the run."
    case .permission(let operation, let path, let found):
      "cannot \(operation) \(path): \(found); check the owner, the mode and the mount of the directory."
    case .io(let operation, let path, let found):
      "cannot \(operation) \(path): \(found); check the disk and the system log, then resume the run."
    case .failed(let operation, let path, let cause):
      "refused to \(operation) \(path) after an earlier failure (\(cause)); stop, mend the cause, then resume the run."
    case .rejected(let operation, let found):
      "cannot \(operation): \(found); send it again."
    case .noBlob(let digest, let path):
      "\(path) holds no blob \(digest.short); `sentei resume \(path)` makes it again, or says what it needs for that."
    case .damagedBlob(let digest, let path, let found):
      "\(RunLayout(directory: path).blob(digest)) is damaged (\(found)); `sentei resume \(path)` makes it again, or says what "
        + "it needs for that."
    }
  }
}
