internal import Digests

/// Open jobs without a lease, by the order in which the planner asked for them.
///
/// A job that comes back from a lost worker takes its old place, so the planner is never kept waiting for it behind
/// younger ones.
struct JobQueue: Sendable {
  /// Descending by order, so that the next job is the last element.
  private var entries: [Entry] = []

  /// A waiting job and its place.
  struct Entry: Sendable {
    let order: Int
    let job: Digest
  }

  var count: Int { entries.count }
  var isEmpty: Bool { entries.isEmpty }

  /// The oldest job that a worker can take.
  func first(where suits: (Digest) -> Bool) -> Digest? { entries.last { suits($0.job) }?.job }

  /// - Complexity: O(n) for a place in the middle, O(log n) comparisons.
  mutating func insert(_ entry: Entry) {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].order > entry.order { low = middle + 1 } else { high = middle }
    }
    entries.insert(entry, at: low)
  }

  /// Many jobs younger than every job in the queue, oldest first.
  mutating func append(_ jobs: [Entry]) {
    entries.insert(contentsOf: jobs.reversed(), at: 0)
  }

  /// The oldest job that a worker can take; others keep their places.
  mutating func popFirst(where suits: (Digest) -> Bool) -> Digest? {
    guard let index = entries.lastIndex(where: { suits($0.job) }) else { return nil }
    return entries.remove(at: index).job
  }

  mutating func remove(_ job: Digest) {
    entries.removeAll { $0.job == job }
  }

  /// All jobs, oldest first.
  var jobs: [Digest] { entries.reversed().map(\.job) }
}
