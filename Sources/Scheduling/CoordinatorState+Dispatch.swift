internal import Digests
internal import Models
internal import Studies

/// The workers that a dispatch looks at, since it cannot look at thousands of them after each answer of one.
struct Attention: Sendable {
  /// Whether it is all: at ticks, and when somebody goes, falls silent or is heard again.
  var isOnAll = true
  /// Who was heard or lost a lease.
  var workers: Set<Digest> = []
  /// ``JobQueue/arrivals`` at the last dispatch: the hungry are looked at when there is more.
  var arrivals = 0
}

extension CoordinatorState {
  /// Gives work to each worker that can take it: first a job to every lane, so that no lane has two while another has
  /// none, then what keeps lanes busy until more can come. A slow worker gets no more than its lanes can begin.
  ///
  /// - Complexity: O(w log w) for the w workers that ``attention`` is on.
  mutating func dispatch(at now: Instant, _ effects: inout [CoordinatorEffect]) {
    let able = lookedAt()
    guard !able.isEmpty else { return }
    let hellos = able.map(\.hello)
    let slow = hellos.map { slowness(of: $0, for: nextKind(for: $0), at: now) }
    var parcels = hellos.indices.map { draw(for: hellos[$0], leaving: slow[$0], upTo: hellos[$0].lanes, at: now) }
    for (index, hello) in hellos.enumerated() where slow[index] == nil {
      let window = window(of: hello)
      let held = workers[hello.worker]!.held
      if held.count <= max(hello.lanes, window / 2), !held.contains(where: { records[$0]?.isSuspect ?? false }) {
        parcels[index] += draw(for: hello, leaving: nil, upTo: window, at: now)
      }
    }
    for (index, worker) in able.enumerated() {
      noteHunger(of: worker.hello)
      send(parcels[index], to: worker, &effects)
    }
  }

  /// The workers that get work among those that may lack some, the least busy first.
  private mutating func lookedAt() -> [Worker] {
    var wanted = attention.workers
    if queue.arrivals > attention.arrivals { wanted.formUnion(hungry) }
    let all = attention.isOnAll
    attention = Attention(isOnAll: false, workers: [], arrivals: queue.arrivals)
    let able =
      (all ? Array(workers.values) : wanted.compactMap { workers[$0] })
      .filter(\.getsWork)
      .sorted { ($0.held.count, $0.hello.worker) < ($1.held.count, $1.hello.worker) }
    if all { lanesAtWork = able.reduce(0) { $0 + $1.hello.lanes } }
    return able
  }

  /// Whether a worker has nothing behind the jobs that its lanes are on. Who has more answers soon, and is looked at then.
  private mutating func noteHunger(of hello: Hello) {
    if workers[hello.worker]!.held.count <= hello.lanes {
      hungry.insert(hello.worker)
    } else {
      hungry.remove(hello.worker)
    }
  }

  private func send(_ jobs: [Job], to worker: Worker, _ effects: inout [CoordinatorEffect]) {
    let limit = min(worker.hello.receiveLimit, receiveLimit)
    for parcel in Parcels.cut(jobs, receiveLimit: limit) { effects.append(.send(.parcel(parcel), to: worker.peer!)) }
  }

  /// Leases waiting jobs to a worker until it holds `limit`; suspects only where that is a job for each lane, which then
  /// runs alone. Who failed at a job or disputes its answer gets it again
  /// only if nobody else is left to try, so that one broken worker cannot use up a job's tries.
  private mutating func draw(for hello: Hello, leaving faster: [Hello]?, upTo limit: Int, at now: Instant) -> [Job] {
    func suits(_ job: Digest) -> Bool {
      let record = records[job]!
      func isFresh(_ hello: Hello) -> Bool { record.suits(hello) && !record.hasTried(hello.worker) }
      guard record.suits(hello), faster?.contains(where: isFresh) != true else { return false }
      if record.isSuspect, limit > hello.lanes { return false }
      return !record.hasTried(hello.worker) || !workers.values.contains { $0.getsWork && isFresh($0.hello) }
    }
    var jobs: [Job] = []
    while workers[hello.worker]!.held.count < limit, let job = queue.popFirst(where: suits) {
      jobs.append(records[job]!.job)
      lease(job, to: hello.worker, isBackup: false, at: now)
    }
    return jobs
  }

  /// The kind of the job that a worker would get next; nil if none waits for it.
  func nextKind(for hello: Hello) -> String? {
    queue.first { records[$0]!.suits(hello) }.flatMap { records[$0]?.job.kind }
  }

  /// How many jobs a worker may hold: enough for `timing.parcel` seconds a lane, and no more than its share of what
  /// waits, so that the last jobs of a batch spread evenly. One more than its lanes hides the way of the next message,
  /// but not where jobs are so long that it would only keep another lane from a job, nor for the last jobs of a batch,
  /// unless they are shorter than that way.
  private func window(of hello: Hello) -> Int {
    let kind = nextKind(for: hello) ?? ""
    let seconds = durations.mean(kind) ?? timing.parcel
    let depth = Int(max(1, min(256, (timing.parcel / max(seconds, 1e-4)).rounded(.up))))
    let share = (queue.count + 2 * lanesAtWork - 1) / (2 * lanesAtWork)
    let isTail = queue.count < lanesAtWork && (durations.mean(kind) ?? 0) > timing.messageTrip
    let spare = seconds > 10 * timing.parcel || isTail ? 0 : 1
    return max(hello.lanes + spare, hello.lanes * min(depth, share))
  }

  /// Second copies of the oldest stragglers, for lanes that have nothing else to do. So no job waits for ever for a lane
  /// that hangs while its worker's heart beats, as long as there is another worker.
  ///
  /// - Complexity: O(workers), and where one has a lane free O(jobs + workers · stragglers).
  mutating func backUpStragglers(at now: Instant, _ effects: inout [CoordinatorEffect]) {
    let able = workers.values.filter { $0.getsWork && $0.held.count < $0.hello.lanes }
      .sorted { ($0.held.count, $0.hello.worker) < ($1.held.count, $1.hello.worker) }
    guard !able.isEmpty else { return }
    var late = records.filter { _, record in
      guard record.stage == .open, record.live.count == 1, let lease = record.live.first else { return false }
      let mean = durations.mean(record.job.kind) ?? timing.unknownJob
      return now.seconds(since: lease.since) > max(timing.backup, timing.straggler * mean)
    }.sorted { $0.value.order < $1.value.order }
    for worker in able where slowness(of: worker.hello, for: nextKind(for: worker.hello), at: now) == nil {
      let id = worker.hello.worker
      let mine = late.filter { $0.value.suits(worker.hello) && $0.value.live[0].worker != id }
        .prefix(worker.hello.lanes - worker.held.count)
      for (job, record) in mine {
        let first = record.live[0]
        if workers[first.worker] != nil {
          paces.addBackedUp(
            after: now.seconds(since: first.since), kind: record.job.kind, to: &workers[first.worker]!.pace, at: now)
        }
        lease(job, to: id, isBackup: true, at: now)
        effects.append(.note(.backedUp(job: job)))
      }
      let taken = Set(mine.map(\.key))
      late.removeAll { taken.contains($0.key) }
      send(mine.map(\.value.job), to: worker, &effects)
    }
  }
}

extension CoordinatorState.Worker {
  /// Whether it is there and is to be given jobs.
  var getsWork: Bool { peer != nil && !isSuspect && !isLeaving }
}
