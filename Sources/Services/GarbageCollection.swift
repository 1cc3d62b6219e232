internal import Digests
package import RunStore
internal import Studies

/// A run from which nothing is removed.
package struct GarbageRefusal: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String
}

/// Removal of what nothing in a run names.
package enum GarbageCollection {
  /// Removes blobs that no fact still needs and no snapshot, input or open job names, snapshots that cannot be used or are
  /// older than those that a run keeps, and files that were never finished.
  ///
  /// Each file goes by itself and nothing names it, so an end in the middle leaves a run as sound as before.
  ///
  /// - Parameter dryRun: whether to count only.
  /// - Throws: `RunStoreError`, such as for a run that a coordinator works in; ``GarbageRefusal`` for a damaged one, which
  ///   cannot say what it needs.
  /// - Complexity: a replay from the start, and linear in the bytes of needed blobs and snapshots.
  package static func collect(directory: String, dryRun: Bool) throws -> Swept {
    let store = try RunStore.open(at: directory, mode: .sweeping)
    let open = try OpenRun.look(store)
    let census = BlobCensus(of: open.run, facts: open.facts, store: store)
    let damage =
      store.damage.map(\.description) + census.lost.map { "\(store.layout.blob($0.digest)) \($0.complaint)" }
      + (try store.structuralComplaint().map { ["\(store.layout.database) is damaged (\($0))"] } ?? [])
    guard damage.isEmpty else {
      throw GarbageRefusal(
        description:
          "\(damage.joined(separator: "; ")); a damaged run cannot say what it needs: `sentei verify \(directory)` "
          + "names all that is damaged, `sentei resume \(directory)` mends what can be, then collect again")
    }
    // A damaged file is as good as none, so that of those that facts name and nothing needs only sound ones stay.
    let named = Set(open.facts.values.flatMap(\.blobs)).subtracting(census.superseded)
    var blobs = census.needed.union(named.filter { store.complaint(aboutBlob: $0) == nil })
    if let inputs = try store.inputsBlob() { blobs.insert(inputs) }
    var snapshots: Set<Int> = []
    for snapshot in try store.allSnapshots().sound where snapshots.count < RunStore.snapshotsKept {
      guard let planner = open.planner, let weights = try? planner.parametersOfSnapshot(snapshot.state),
        let scores = try? planner.scoresOfSnapshot(snapshot.state)
      else { continue }
      snapshots.insert(snapshot.observed)
      blobs.formUnion([weights] + scores)
    }
    return try store.sweep(keeping: blobs, snapshots: snapshots, dryRun: dryRun)
  }
}
