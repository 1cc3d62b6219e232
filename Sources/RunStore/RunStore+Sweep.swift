package import Digests
internal import Glibc

/// What a sweep removed, or would remove.
package struct Swept: Hashable, Sendable {
  package internal(set) var blobs = 0
  package internal(set) var snapshots = 0
  /// Files that were being written when a process ended.
  package internal(set) var unfinished = 0
  /// The sizes of all these files together.
  package internal(set) var bytes = 0
}

extension RunStore {
  /// Whether there is a `HEAD`.
  package var hasHead: Bool { Files.exists(layout.head) }

  /// Removes the blobs and snapshots that are not named here, and unfinished files; other names stay.
  ///
  /// - Precondition: the run is open for sweeping.
  /// - Throws: ``RunStoreError``; some files are removed then, and the others are as they were.
  /// - Complexity: O(n log n) in the number of files.
  package func sweep(keeping blobs: Set<Digest>, snapshots: Set<Int>, dryRun: Bool) throws(RunStoreError) -> Swept {
    precondition(mode == .sweeping, "only a run that nobody writes is swept")
    var swept = Swept()
    func remove(_ path: String, _ count: WritableKeyPath<Swept, Int>) throws(RunStoreError) {
      guard let size = try Descriptor.ifPresent(path)?.size() else { return }
      if !dryRun { try Files.remove(path) }
      swept[keyPath: count] += 1
      swept.bytes += size
    }
    for digest in try self.blobs() where !blobs.contains(digest) { try remove(layout.blob(digest), \.blobs) }
    for observed in try Self.snapshotNumbers(layout) where !snapshots.contains(observed) {
      try remove(layout.snapshot(observed: observed), \.snapshots)
    }
    for name in try Files.names(in: layout.partial) ?? [] { try remove(layout.partialFile(name), \.unfinished) }
    return swept
  }
}
