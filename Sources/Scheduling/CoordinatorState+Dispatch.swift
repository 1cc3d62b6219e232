internal import Digests
internal import Models
internal import Studies

extension CoordinatorState {
  /// Gives work to each worker that can take it: first a job to every lane, so that no lane has two while another has
  /// none, then what keeps lanes busy until more can come, and backups of stragglers to lanes that stay idle. A slow
  /// worker gets no more than its lanes can begin.
  mutating func dispatch(at now: Instant, _ effects: inout [CoordinatorEffect]) {
    let able = workers.values.filter { $0.peer != nil && !$0.isSuspect && !$0.isLeaving }
      .sorted { ($0.held.count, $0.hello.worker) < ($1.held.count, $1.hello.worker) }
    let lanes = able.reduce(0) { $0 + $1.hello.lanes }
    let hellos = able.map(\.hello)
    let slow = slowWorkers(able, at: now)
    var parcels = hellos.map { draw(for: $0, leaving: slow[$0.worker] ?? [], among: hellos, upTo: $0.lanes, at: now) }
    for (index, worker) in able.enumerated() where slow[worker.hello.worker] == nil {
      let window = window(of: worker.hello, totalLanes: lanes)
      let held = workers[worker.hello.worker]!.held
      if held.count <= max(worker.hello.lanes, window / 2), !held.contains(where: { records[$0]?.isSuspect ?? false }) {
        parcels[index] += draw(for: worker.hello, leaving: [], among: hellos, upTo: window, at: now)
      }
    }
    for (index, worker) in able.enumerated() {
      if slow[worker.hello.worker] == nil { parcels[index] += backUps(for: worker.hello, at: now, &effects) }
      let limit = min(worker.hello.receiveLimit, receiveLimit)
      for parcel in Parcels.cut(parcels[index], receiveLimit: limit) {
        effects.append(.send(.parcel(parcel), to: worker.peer!))
      }
    }
  }

  /// Leases waiting jobs to a worker until it holds `limit`; suspects only where that is a job for each lane, which then
  /// runs alone. Who failed at a job or disputes its answer gets it again
  /// only if nobody else is left to try, so that one broken worker cannot use up a job's tries.
  private mutating func draw(
    for hello: Hello, leaving faster: [Hello], among able: [Hello], upTo limit: Int, at now: Instant
  ) -> [Job] {
    func suits(_ job: Digest) -> Bool {
      let record = records[job]!
      func isFresh(_ hello: Hello) -> Bool { record.suits(hello) && !record.hasTried(hello.worker) }
      guard record.suits(hello), !faster.contains(where: isFresh) else { return false }
      if record.isSuspect, limit > hello.lanes { return false }
      return !record.hasTried(hello.worker) || !able.contains(where: isFresh)
    }
    var jobs: [Job] = []
    while workers[hello.worker]!.held.count < limit, let job = queue.popFirst(where: suits) {
      jobs.append(records[job]!.job)
      lease(job, to: hello.worker, isBackup: false, at: now)
    }
    return jobs
  }

  /// How many jobs a worker may hold: enough for `timing.parcel` seconds a lane, and no more than its share of what
  /// waits, so that the last jobs of a batch spread evenly. One more than its lanes hides the way of the next message,
  /// but not where jobs are so long that it would only keep another lane from a job, nor for the last jobs of a batch,
  /// unless they are shorter than that way.
  private func window(of hello: Hello, totalLanes: Int) -> Int {
    let kind = queue.first(where: { records[$0]!.suits(hello) }).flatMap { records[$0]?.job.kind } ?? ""
    let seconds = durations.mean(kind) ?? timing.parcel
    let depth = Int(max(1, min(32, (timing.parcel / max(seconds, 1e-4)).rounded(.up))))
    let share = (queue.count + 2 * totalLanes - 1) / (2 * totalLanes)
    let isTail = queue.count < totalLanes && (durations.mean(kind) ?? 0) > timing.messageTrip
    let spare = seconds > 10 * timing.parcel || isTail ? 0 : 1
    return max(hello.lanes + spare, hello.lanes * min(depth, share))
  }

  /// Second copies of the oldest stragglers, for lanes that have nothing else to do. So no job waits for ever for a lane
  /// that hangs while its worker's heart beats, as long as there is another worker.
  private mutating func backUps(
    for hello: Hello, at now: Instant, _ effects: inout [CoordinatorEffect]
  ) -> [Job] {
    let id = hello.worker
    let room = hello.lanes - workers[id]!.held.count
    guard room > 0 else { return [] }
    let late = records.filter { _, record in
      guard record.stage == .open, record.live.count == 1, let lease = record.live.first, lease.worker != id,
        record.suits(hello)
      else { return false }
      let mean = durations.mean(record.job.kind) ?? timing.unknownJob
      return now.seconds(since: lease.since) > max(timing.backup, timing.straggler * mean)
    }
    return late.sorted { $0.value.order < $1.value.order }.prefix(room).map { job, record in
      let first = record.live[0]
      workers[first.worker]?.pace.addBackedUp(
        after: now.seconds(since: first.since), kind: record.job.kind, at: now)
      lease(job, to: id, isBackup: true, at: now)
      effects.append(.note(.backedUp(job: job)))
      return record.job
    }
  }
}
