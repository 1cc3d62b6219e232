internal import Digests
internal import Models
internal import Studies

extension CoordinatorState {
  /// Looks for silence: suspects get no more work, the lost and the disconnected lose their jobs to others.
  mutating func tick(at now: Instant, _ effects: inout [CoordinatorEffect]) {
    for id in workers.keys.sorted() {
      let worker = workers[id]!
      let silence = now.seconds(since: worker.lastHeard)
      if let broken = worker.disconnectedAt {
        if now.seconds(since: broken) >= timing.reconnect { lose(id, died: true, &effects) }
      } else if silence >= timing.lost {
        lose(id, died: false, &effects)
      } else if silence >= timing.suspect, !worker.isSuspect {
        workers[id]!.isSuspect = true
        effects.append(.note(.suspected(worker: worker.hello.name)))
      }
    }
  }

  /// Gives a worker's jobs to others. A silent one stays known, its old leases stay, stale: its results still count.
  private mutating func lose(_ id: Digest, died: Bool, _ effects: inout [CoordinatorEffect]) {
    guard let worker = workers[id] else { return }
    let jobs = worker.held.sorted()
    workers[id]!.held = []
    workers[id]!.isSuspect = true
    for job in jobs {
      guard var record = records[job] else { continue }
      for index in record.leases.indices where record.leases[index].worker == id { record.leases[index].isStale = true }
      if died { record.deaths.append(id) }
      records[job] = record
      if Set(record.deaths).count >= timing.poisonDeaths {
        effects.append(
          .giveUp(job, reason: "\(record.job.kind) job \(job): \(record.deaths.count) workers died while they held it"))
      }
      requeueIfOrphaned(job)
    }
    forgetUploads(from: id)
    if died { workers[id] = nil }
    if died || !jobs.isEmpty { effects.append(.note(.lost(worker: worker.hello.name, jobs: jobs.count))) }
  }

  /// A result whose blobs will not come any more is as good as none; its worker offers it again if it comes back.
  private mutating func forgetUploads(from id: Digest) {
    for (job, record) in records.sorted(by: { $0.value.order < $1.value.order }) {
      guard case .fetching(_, from: id, _, _) = record.stage else { continue }
      records[job]!.stage = .open
      records[job]!.waiting = []
      requeueIfOrphaned(job)
    }
  }

  /// Tops up each worker that can take work, then hands stragglers to lanes that would otherwise be idle.
  mutating func dispatch(at now: Instant, _ effects: inout [CoordinatorEffect]) {
    let able = workers.values.filter { $0.peer != nil && !$0.isSuspect && !$0.isLeaving }
      .sorted { ($0.held.count, $0.hello.worker) < ($1.held.count, $1.hello.worker) }
    let lanes = max(able.reduce(0) { $0 + $1.hello.lanes }, 1)
    for worker in able {
      if queue.isEmpty {
        if worker.held.isEmpty { backUp(to: worker, at: now, &effects) }
        continue
      }
      let window = self.window(of: worker, totalLanes: lanes)
      guard worker.held.count <= window / 2 else { continue }
      var parcel: [Job] = []
      while parcel.count + worker.held.count < window,
        let job = queue.popFirst(for: worker.hello.numerics)
      {
        parcel.append(records[job]!.job)
        lease(job, to: worker.hello.worker, isBackup: false, at: now)
      }
      if !parcel.isEmpty { effects.append(.send(.parcel(parcel), to: worker.peer!)) }
    }
  }

  /// How many jobs a worker may hold: enough for `timing.parcel` seconds a lane, one more than its lanes at least, and
  /// no more than its share of what waits, so that the last jobs of a batch spread evenly.
  private func window(of worker: Worker, totalLanes: Int) -> Int {
    let kind = queue.first.flatMap { records[$0]?.job.kind } ?? ""
    let seconds = durations.mean(kind) ?? timing.parcel
    let depth = Int(max(1, min(32, (timing.parcel / max(seconds, 1e-4)).rounded(.up))))
    let share = (queue.count + 2 * totalLanes - 1) / (2 * totalLanes)
    return max(worker.hello.lanes + 1, worker.hello.lanes * min(depth, share))
  }

  /// A second copy of the oldest straggler for a worker that has nothing to do.
  private mutating func backUp(to worker: Worker, at now: Instant, _ effects: inout [CoordinatorEffect]) {
    let id = worker.hello.worker
    let late = records.filter { job, record in
      guard record.stage == .open, record.leases.count == 1, let lease = record.leases.first, lease.worker != id,
        record.job.numerics.map({ $0 == worker.hello.numerics }) ?? true
      else { return false }
      let mean = durations.mean(record.job.kind) ?? .infinity
      return now.seconds(since: lease.since) > max(2, timing.straggler * mean)
    }
    guard let (job, record) = late.min(by: { $0.value.order < $1.value.order }) else { return }
    lease(job, to: id, isBackup: true, at: now)
    effects.append(.note(.backedUp(job: job)))
    effects.append(.send(.parcel([record.job]), to: worker.peer!))
  }
}

extension CoordinatorState {
  /// Checks what must hold after every event; tests call it.
  package func validate() {
    let queued = Set(queue.jobs)
    precondition(queued.count == queue.count, "a job waits twice")
    for job in queued {
      guard let record = records[job] else { preconditionFailure("a waiting job is not open") }
      precondition(record.stage == .open && !record.leases.contains { !$0.isStale }, "a waiting job is held")
    }
    for (job, record) in records {
      precondition(!done.contains(job), "an open job has a fact")
      let live = record.leases.filter { !$0.isStale }
      if record.stage == .open { precondition(queued.contains(job) != !live.isEmpty, "job \(job) is lost") }
      for lease in live { precondition(workers[lease.worker]?.held.contains(job) == true, "a lease without a holder") }
    }
    for (id, worker) in workers {
      if let peer = worker.peer { precondition(peers[peer] == id, "a worker's connection is another's") }
      for job in worker.held {
        precondition(
          records[job]?.leases.contains { $0.worker == id && !$0.isStale } == true, "a holder without a lease")
      }
    }
    for (peer, id) in peers { precondition(workers[id]?.peer == peer, "a connection without a worker") }
  }
}
