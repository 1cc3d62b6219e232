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
    tickAudits(&effects)
  }

  /// Gives a worker's jobs to others. A silent one stays known, its old leases stay, stale: its results still count.
  private mutating func lose(_ id: Digest, died: Bool, _ effects: inout [CoordinatorEffect]) {
    guard let worker = workers[id] else { return }
    let jobs = worker.held.sorted { records[$0]!.order < records[$1]!.order }
    let oldest = oldestHeld(by: worker)
    let running = Set(oldest.prefix(worker.hello.lanes))
    let together = Set(oldest.prefix(worker.hello.lanes * timing.together))
    workers[id]!.held = []
    workers[id]!.isSuspect = true
    for job in jobs {
      guard var record = records[job] else { continue }
      for index in record.leases.indices where record.leases[index].worker == id { record.leases[index].isStale = true }
      if died, running.contains(job), !record.deaths.contains(id) { record.deaths.append(id) }
      if died, together.contains(job) { record.isSuspect = true }
      records[job] = record
      if record.deaths.count >= timing.poisonDeaths {
        giveUp(job, "\(record.deaths.count) workers died while they had it", &effects)
      }
      requeueIfOrphaned(job)
    }
    forgetUploads(from: id)
    if died { forget(id) }
    attention.isOnAll = true
    if died || !jobs.isEmpty { effects.append(.note(.lost(worker: worker.hello.name, jobs: jobs.count))) }
  }

  /// What a worker holds, the oldest first: those its lanes are on, one each as far as one can know, or up to as many as a
  /// lane does together. What merely waited behind them has killed nobody.
  private func oldestHeld(by worker: Worker) -> [Digest] {
    func age(_ job: Digest) -> (Instant, Int) {
      let record = records[job]!
      return (record.leases.first { $0.worker == worker.hello.worker }!.since, record.order)
    }
    return worker.held.sorted { age($0) < age($1) }
  }

  /// A result whose blobs will not come any more is as good as none; its worker offers it again if it comes back.
  private mutating func forgetUploads(from id: Digest) {
    let uploads = records.filter { if case .fetching(_, from: id, _, _, _) = $0.value.stage { true } else { false } }
    for job in uploads.keys.sorted() {
      records[job]!.stage = .open
      records[job]!.waiting = []
      requeueIfOrphaned(job)
    }
  }
}
