internal import Digests

/// The state of a planner after so many observations, in bytes of its own.
package struct Snapshot: Hashable, Sendable {
  /// How many facts the planner had observed.
  package let observed: Int
  /// Its canonical bytes.
  package let state: [UInt8]
  /// The canonical bytes of how the searches went until then: charts alone are made of it.
  package let course: [UInt8]
}

extension RunStore {
  /// How many snapshots are kept.
  package static let snapshotsKept = 3

  /// Stores a snapshot, durable when this returns, and removes all but the newest three.
  ///
  /// - Throws: ``RunStoreError``; the store is then poisoned.
  /// - Complexity: linear in the number of bytes.
  package func writeSnapshot(observed: Int, state: [UInt8], course: [UInt8] = []) throws(RunStoreError) {
    precondition(observed >= 0, "a planner observes no negative number of facts")
    try writing("write a snapshot to") { () throws(RunStoreError) in
      let bytes = Self.snapshotBytes(Snapshot(observed: observed, state: state, course: course))
      try Files.replace(layout.snapshot(observed: observed), in: layout.snapshots, with: bytes, by: layout)
      for old in try Self.snapshotNumbers(layout).dropFirst(Self.snapshotsKept) {
        try Files.remove(layout.snapshot(observed: old))
      }
    }
  }

  /// All sound snapshots, newest first, and what is wrong with the others.
  ///
  /// - Throws: ``RunStoreError`` only where the folder cannot be listed.
  /// - Complexity: linear in their bytes, in time and memory.
  package func allSnapshots() throws(RunStoreError) -> (sound: [Snapshot], damage: [RunDamage]) {
    var sound: [Snapshot] = []
    var damage: [RunDamage] = []
    for observed in try Self.snapshotNumbers(layout) {
      let path = layout.snapshot(observed: observed)
      do {
        guard let bytes = try Files.read(path) else { continue }
        sound.append(try Self.snapshot(bytes, observed: observed))
      } catch let error as CanonicalError {
        damage.append(.damagedSnapshot(path: path, found: error.description))
      } catch {
        damage.append(.damagedSnapshot(path: path, found: "\(error)"))
      }
    }
    return (sound, damage)
  }

  /// The newest snapshot that is sound, and the damage of the others, which are removed.
  ///
  /// - Returns: no snapshot where none is sound; the planner then starts from the beginning.
  /// - Throws: ``RunStoreError``; the store is then poisoned.
  package func newestSnapshot() throws(RunStoreError) -> (snapshot: Snapshot?, damage: [RunDamage]) {
    let (sound, damage) = try allSnapshots()
    if !damage.isEmpty {
      let kept = Set(sound.map(\.observed))
      try writing("remove a snapshot of") { () throws(RunStoreError) in
        for observed in try Self.snapshotNumbers(layout) where !kept.contains(observed) {
          try Files.remove(layout.snapshot(observed: observed))
        }
      }
    }
    return (sound.first, damage)
  }

  /// Removes the snapshots after so many observations, because a fact observed before them was revoked.
  ///
  /// - Throws: ``RunStoreError``; the store is then poisoned.
  package func removeSnapshots(after observed: Int) throws(RunStoreError) {
    try writing("remove a snapshot of") { () throws(RunStoreError) in
      for later in try Self.snapshotNumbers(layout) where later > observed {
        try Files.remove(layout.snapshot(observed: later))
      }
      try Files.syncFolder(layout.snapshots)
    }
  }

  /// The observation counts of all snapshot files, newest first.
  static func snapshotNumbers(_ layout: RunLayout) throws(RunStoreError) -> [Int] {
    (try Files.names(in: layout.snapshots) ?? []).compactMap { RunLayout.observed(inSnapshotName: $0) }
      .sorted(by: >)
  }

  private static func snapshotBytes(_ snapshot: Snapshot) -> [UInt8] {
    var bytes = CanonicalBytes(kind: "snapshot", version: 2)
    bytes.append(snapshot.observed)
    bytes.append(raw: snapshot.state)
    bytes.append(raw: snapshot.course)
    return bytes.bytes + bytes.digest.bytes
  }

  private static func snapshot(_ bytes: [UInt8], observed: Int) throws(CanonicalError) -> Snapshot {
    guard bytes.count >= Digest.byteCount,
      Digest(of: Array(bytes.dropLast(Digest.byteCount))).bytes.elementsEqual(bytes.suffix(Digest.byteCount))
    else { throw CanonicalError("its \(bytes.count) bytes do not fit the digest at their end") }
    var reader = try CanonicalReader(Array(bytes.dropLast(Digest.byteCount)), kind: "snapshot", version: 2)
    let snapshot = Snapshot(observed: try reader.int(), state: try reader.raw(), course: try reader.raw())
    try reader.finish()
    guard snapshot.observed == observed else {
      throw CanonicalError("it was taken after \(snapshot.observed) observations")
    }
    return snapshot
  }
}
