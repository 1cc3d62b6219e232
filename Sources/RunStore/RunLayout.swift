package import Digests

/// The names of everything inside a run directory, and nowhere else.
///
/// Beside these a directory may hold files of other programs (sockets, logs, reports); the store leaves them alone.
package struct RunLayout: Hashable, Sendable {
  /// The run directory as the caller named it, without a slash at the end.
  package let directory: String

  /// The layout of the directory at a path.
  package init(directory: String) {
    var path = Substring(directory)
    while path.count > 1, path.last == "/" { path.removeLast() }
    self.directory = path.isEmpty ? "." : String(path)
  }

  /// The SQLite database with facts, attempts, budgets and identity; SQLite puts `-wal` and `-shm` beside it.
  package var database: String { directory + "/" + Self.databaseName }

  /// The count and running hash of the facts at the last snapshot or clean stop.
  package var head: String { directory + "/HEAD" }

  /// The study file as the user wrote it.
  package var study: String { directory + "/study.yaml" }

  /// The file whose advisory lock a coordinator holds.
  package var lock: String { directory + "/" + Self.lockName }

  /// The folder of blobs.
  package var blobs: String { directory + "/blobs" }

  /// The folder of planner snapshots.
  package var snapshots: String { directory + "/snapshots" }

  /// The folder of files that are being written; whatever lies there after a crash is worthless.
  package var partial: String { directory + "/partial" }

  /// The folder of a blob: one of 256, by the first byte of its digest.
  package func blobFolder(_ digest: Digest) -> String { blobs + "/" + digest.hex.prefix(2) }

  /// The file of a blob.
  package func blob(_ digest: Digest) -> String { blobFolder(digest) + "/" + digest.hex }

  /// The file of the snapshot after `observed` observations.
  package func snapshot(observed: Int) -> String { snapshots + "/\(observed)" + Self.snapshotSuffix }

  /// A file in ``partial``; the caller makes `name` unique.
  func partialFile(_ name: String) -> String { partial + "/" + name }

  /// The number of observations in the name of a snapshot file; nil for any other name.
  static func observed(inSnapshotName name: String) -> Int? {
    guard name.hasSuffix(snapshotSuffix), let observed = Int(name.dropLast(snapshotSuffix.count)), observed >= 0,
      name == "\(observed)\(snapshotSuffix)"
    else { return nil }
    return observed
  }

  static let databaseName = "sentei.sqlite"
  static let lockName = "lock"
  private static let snapshotSuffix = ".snapshot"

  /// All that an unfinished creation can have left behind.
  static let namesOfCreation: Set<String> = [lockName, "partial", "blobs", "snapshots", "study.yaml"]
}
