internal import Digests
internal import Studies

/// How long a worker took for its last jobs.
struct Pace: Sendable {
  /// Seconds of the last three jobs of a kind, in ascending order; nil before there were three.
  private var sorted: [String: [Double]] = [:]
  private var last: [String: [Double]] = [:]
  private(set) var heard = Instant(nanoseconds: 0)

  mutating func add(_ seconds: Double, kind: String, at now: Instant) {
    guard seconds.isFinite, seconds >= 0 else { return }
    last[kind, default: []] = last[kind, default: []].suffix(2) + [seconds]
    sorted[kind] = last[kind]!.count == 3 ? last[kind]!.sorted() : nil
    heard = now
  }

  /// Notes a job that somebody else had to be asked for after some seconds.
  ///
  /// How slow its worker is nobody knows but that it is slower. So each such job counts at least twice what was
  /// usual for the worker: who is a hundred times slower is soon left alone for minutes, not for one generation, and one
  /// quick answer puts it right.
  mutating func addBackedUp(after seconds: Double, kind: String, at now: Instant) {
    add(min(max(seconds, 2 * (middle(kind) ?? 0)), 3600), kind: kind, at: now)
  }

  func least(_ kind: String) -> Double? { sorted[kind]?[0] }
  func middle(_ kind: String) -> Double? { sorted[kind]?[1] }
}

extension CoordinatorState {
  /// Slow workers, each with those who will have done all that waits before it has done its first job; with nobody where
  /// it can be of use.
  ///
  /// Without this each generation of a search would wait for the slowest worker's one job, or for its backup. Slow is who
  /// took thrice as long for each of its last three jobs as is usual. Half of the excess is forgotten every five seconds,
  /// for who is kept from work cannot show that it has become faster.
  ///
  /// - Complexity: O(n log n) for n workers.
  func slowWorkers(_ able: [Worker], at now: Instant) -> [Digest: [Hello]] {
    let first = queue.first { job in able.contains { records[job]!.suits($0.hello) } }
    guard let kind = first.flatMap({ records[$0]?.job.kind }) else { return [:] }
    let typical = able.compactMap { $0.pace.middle(kind) }.sorted()
    guard typical.count > 1 else { return [:] }
    // No job is so short that a message's way would not count.
    let usual = max(typical[(typical.count - 1) / 2], timing.messageTrip)
    let slow = able.filter { ($0.pace.least(kind) ?? 0) > 3 * usual }
    guard !slow.isEmpty else { return [:] }
    let ids = Set(slow.map(\.hello.worker))
    let fast = able.map(\.hello).filter { !ids.contains($0.worker) }
    let lanes = fast.reduce(0) { $0 + $1.lanes }
    var found: [Digest: [Hello]] = [:]
    for worker in slow {
      var excess = worker.pace.least(kind)! / usual - 1
      var age = now.seconds(since: worker.pace.heard)
      while age >= 5, excess > 1 {
        excess /= 2
        age -= 5
      }
      guard excess > 1 else { continue }
      let isInTheWay = Double(queue.count) < (1 + excess) * Double(lanes)
      found[worker.hello.worker] = isInTheWay ? fast : []
    }
    return found
  }
}
