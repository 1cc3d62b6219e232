internal import DequeModule
internal import Digests

/// Open jobs without a lease, by the order in which the planner asked for them.
///
/// A job that comes back from a lost worker takes its old place, so the planner is never kept waiting for it behind
/// younger ones.
struct JobQueue: Sendable {
  /// Ascending by order: the next job is the first. A place near one of the ends is cheap to fill and to empty.
  private var entries: Deque<Entry> = []
  /// Jobs that were ever put in: who looked at the queue tells by it whether there may be something new.
  private(set) var arrivals = 0

  /// A waiting job and its place.
  struct Entry: Sendable {
    let order: Int
    let job: Digest
  }

  var count: Int { entries.count }
  var isEmpty: Bool { entries.isEmpty }

  /// The oldest job that a worker can take.
  func first(where suits: (Digest) -> Bool) -> Digest? { entries.first { suits($0.job) }?.job }

  /// - Complexity: O(log n) comparisons; moves what lies between the place and the nearer end.
  mutating func insert(_ entry: Entry) {
    arrivals += 1
    entries.insert(entry, at: place(of: entry.order))
  }

  /// Many jobs younger than every job in the queue, oldest first.
  mutating func append(_ jobs: [Entry]) {
    arrivals += jobs.count
    entries.append(contentsOf: jobs)
  }

  /// The oldest job that a worker can take; others keep their places.
  mutating func popFirst(where suits: (Digest) -> Bool) -> Digest? {
    guard let index = entries.firstIndex(where: { suits($0.job) }) else { return nil }
    return entries.remove(at: index).job
  }

  /// Takes a job out, if it waits.
  ///
  /// - Complexity: O(log n) for one that does not wait, as ``insert(_:)`` for one that does.
  mutating func remove(_ entry: Entry) {
    let index = place(of: entry.order)
    if index < entries.count, entries[index].job == entry.job { entries.remove(at: index) }
  }

  /// All jobs, oldest first.
  var jobs: [Digest] { entries.map(\.job) }

  /// The place of the first entry that is not older.
  private func place(of order: Int) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].order < order { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
