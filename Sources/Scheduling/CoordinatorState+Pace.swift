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

  func least(_ kind: String) -> Double? { sorted[kind]?[0] }
  func middle(_ kind: String) -> Double? { sorted[kind]?[1] }

  /// The middle of the last three jobs of each kind.
  var middles: [(kind: String, seconds: Double)] { sorted.map { ($0.key, $0.value[1]) } }
}

/// What is usual among workers: the middles of their paces by kind, in order.
struct Paces: Sendable {
  private var middles: [String: [Double]] = [:]

  /// All of them, for checks.
  var all: [String: [Double]] { middles.filter { !$0.value.isEmpty } }

  /// The median over the workers, the lower one of two; nil where fewer than two are known.
  func usual(_ kind: String) -> Double? {
    guard let all = middles[kind], all.count > 1 else { return nil }
    return all[(all.count - 1) / 2]
  }

  /// Notes how long a worker took for a job.
  ///
  /// - Complexity: O(log n) comparisons for n workers, and a move of their middles.
  mutating func add(_ seconds: Double, kind: String, to pace: inout Pace, at now: Instant) {
    let old = pace.middle(kind)
    pace.add(seconds, kind: kind, at: now)
    guard old != pace.middle(kind) else { return }
    if let old { remove(old, kind) }
    if let middle = pace.middle(kind) {
      let place = place(of: middle, kind)
      middles[kind, default: []].insert(middle, at: place)
    }
  }

  /// Notes a job that somebody else had to be asked for after some seconds.
  ///
  /// How slow its worker is nobody knows but that it is slower. So each such job counts at least twice what was
  /// usual for the worker: who is a hundred times slower is soon left alone for minutes, not for one generation, and one
  /// quick answer puts it right.
  mutating func addBackedUp(after seconds: Double, kind: String, to pace: inout Pace, at now: Instant) {
    add(min(max(seconds, 2 * (pace.middle(kind) ?? 0)), 3600), kind: kind, to: &pace, at: now)
  }

  /// Forgets a worker.
  mutating func remove(_ pace: Pace) {
    for (kind, seconds) in pace.middles { remove(seconds, kind) }
  }

  private mutating func remove(_ seconds: Double, _ kind: String) {
    let place = place(of: seconds, kind)
    guard let all = middles[kind], place < all.count, all[place] == seconds else { return }
    middles[kind]?.remove(at: place)
  }

  /// The first place whose middle is not less.
  private func place(of seconds: Double, _ kind: String) -> Int {
    let all = middles[kind] ?? []
    var low = 0
    var high = all.count
    while low < high {
      let middle = (low + high) / 2
      if all[middle] < seconds { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension CoordinatorState {
  /// Of a slow worker: those who will have done all that waits before it has done its first job, or nobody where it can be
  /// of use. Nil for a worker that is not slow.
  ///
  /// Without this each generation of a search would wait for the slowest worker's one job, or for its backup. Slow is who
  /// took thrice as long for each of its last three jobs as is usual. Half of the excess is forgotten every five seconds,
  /// for who is kept from work cannot show that it has become faster.
  ///
  /// - Parameter kind: that of the job that it would get; nil for none.
  /// - Complexity: O(1) for a worker that is not slow, up to O(n) of n workers for one that is.
  func slowness(of hello: Hello, for kind: String?, at now: Instant) -> [Hello]? {
    let pace = workers[hello.worker]!.pace
    guard let kind, let least = pace.least(kind), let known = paces.usual(kind) else {
      return nil
    }
    // No job is so short that a message's way would not count.
    let usual = max(known, timing.messageTrip)
    func isSlow(_ seconds: Double?) -> Bool { (seconds ?? 0) > 3 * usual }
    guard isSlow(least) else { return nil }
    var excess = least / usual - 1
    var age = now.seconds(since: pace.heard)
    while age >= 5, excess > 1 {
      excess /= 2
      age -= 5
    }
    guard excess > 1 else { return nil }
    func isInTheWay(of lanes: Int) -> Bool { Double(queue.count) < (1 + excess) * Double(lanes) }
    let fast = workers.values.lazy.filter { $0.getsWork && !isSlow($0.pace.least(kind)) }.map(\.hello)
    // Among slow ones alone nobody is. Where even all lanes need not be spared the fast ones need not be gathered.
    guard !fast.isEmpty else { return nil }
    guard isInTheWay(of: lanesAtWork) else { return [] }
    return isInTheWay(of: fast.reduce(0) { $0 + $1.lanes }) ? Array(fast) : []
  }
}
