internal import Digests
internal import Studies

extension CoordinatorState {
  /// An answer: the first becomes the fact once its blobs are durable, every later one is only counted.
  mutating func take(
    _ result: JobResult, from worker: Digest, peer: PeerID, _ effects: inout [CoordinatorEffect]
  ) {
    let job = result.job
    let name = workers[worker]!.hello.name
    workers[worker]!.held.remove(job)
    guard var record = records[job] else {
      // Every job that an earlier life of this coordinator gave out is open again or done before it listens, so what is
      // neither is of no use to anyone.
      if done.contains(job) {
        count(.duplicate)
        effects.append(.persist([], [attempt(result, name, .duplicate)]))
      }
      effects.append(.send(.acknowledge([job]), to: peer))
      return
    }
    let lease = record.leases.first { $0.worker == worker }
    record.leases.removeAll { $0.worker == worker }
    records[job] = record
    switch result.answer {
    case .failure(let reason):
      effects.append(.note(.failed(job: job, worker: name, reason: reason)))
      effects.append(.send(.acknowledge([job]), to: peer))
      records[job]!.failures.append(reason)
      if records[job]!.failures.count >= timing.poisonDeaths {
        effects.append(.giveUp(job, reason: "\(record.job.kind) job \(job) failed on every try: \(reason)"))
      }
      requeueIfOrphaned(job)
    case .outcome(let outcome):
      guard outcome.answers(record.job) else {
        effects.append(.note(.failed(job: job, worker: name, reason: "an answer to another question")))
        effects.append(.send(.acknowledge([job]), to: peer))
        requeueIfOrphaned(job)
        return
      }
      durations.add(result.cost.wallSeconds, kind: record.job.kind)
      let disposition: Disposition = lease.map { $0.isStale ? .late : $0.isBackup ? .backup : .computed } ?? .late
      accept(result, outcome, as: disposition, from: worker, peer: peer, &effects)
    }
  }

  private mutating func accept(
    _ result: JobResult, _ outcome: Outcome, as disposition: Disposition, from worker: Digest, peer: PeerID,
    _ effects: inout [CoordinatorEffect]
  ) {
    let job = result.job
    switch records[job]!.stage {
    case .open:
      queue.remove(job)
      records[job]!.waiting.append(peer)
      let blobs = outcome.blobs
      if blobs.isEmpty {
        persist(result, outcome, from: worker, as: disposition, &effects)
      } else {
        records[job]!.stage = .fetching(result, from: worker, missing: blobs, disposition)
        effects.append(.fetch(blobs, from: peer))
      }
    case .fetching(let first, _, _, _):
      count(.duplicate)
      records[job]!.waiting.append(peer)
      if first.answer != result.answer {
        effects.append(.note(.disagreed(job: job, worker: workers[worker]!.hello.name)))
      }
    case .persisting(let fact):
      count(.duplicate)
      records[job]!.waiting.append(peer)
      if fact.outcome != outcome {
        effects.append(.note(.disagreed(job: job, worker: workers[worker]!.hello.name)))
      }
    }
  }

  private mutating func persist(
    _ result: JobResult, _ outcome: Outcome, from worker: Digest, as disposition: Disposition,
    _ effects: inout [CoordinatorEffect]
  ) {
    let fact = Fact(job: result.job, kind: records[result.job]!.job.kind, outcome: outcome)
    records[result.job]!.stage = .persisting(fact)
    count(disposition)
    let name = workers[worker]?.hello.name ?? worker.short
    effects.append(.persist([fact], [attempt(result, name, disposition)]))
  }

  mutating func persisted(_ jobs: [Digest], _ effects: inout [CoordinatorEffect]) {
    var facts: [Fact] = []
    var acknowledged: [PeerID: [Digest]] = [:]
    var cancelled: [PeerID: [Digest]] = [:]
    for job in jobs {
      guard let record = records[job], case .persisting(let fact) = record.stage else { continue }
      facts.append(fact)
      done.insert(job)
      records[job] = nil
      for peer in Set(record.waiting) { acknowledged[peer, default: []].append(job) }
      for lease in record.leases {
        workers[lease.worker]?.held.remove(job)
        if let peer = workers[lease.worker]?.peer { cancelled[peer, default: []].append(job) }
      }
    }
    for (peer, jobs) in acknowledged.sorted(by: { $0.key < $1.key }) {
      effects.append(.send(.acknowledge(jobs), to: peer))
    }
    for (peer, jobs) in cancelled.sorted(by: { $0.key < $1.key }) { effects.append(.send(.cancel(jobs), to: peer)) }
    if !facts.isEmpty { effects.append(.deliver(facts)) }
  }

  mutating func blobStored(_ digest: Digest, _ effects: inout [CoordinatorEffect]) {
    for (job, record) in records.sorted(by: { $0.value.order < $1.value.order }) {
      guard case .fetching(let result, let worker, var missing, let disposition) = record.stage,
        missing.contains(digest), case .outcome(let outcome) = result.answer
      else { continue }
      missing.removeAll { $0 == digest }
      if missing.isEmpty {
        persist(result, outcome, from: worker, as: disposition, &effects)
      } else {
        records[job]!.stage = .fetching(result, from: worker, missing: missing, disposition)
      }
    }
  }

  mutating func blobFailed(_ digest: Digest, from peer: PeerID, _ effects: inout [CoordinatorEffect]) {
    for (job, record) in records.sorted(by: { $0.value.order < $1.value.order }) {
      guard case .fetching(_, let worker, let missing, _) = record.stage, missing.contains(digest) else { continue }
      // The worker still has the result in its outbox and offers it again when it says hello.
      records[job]!.stage = .open
      records[job]!.waiting = []
      effects.append(
        .note(.failed(job: job, worker: worker.short, reason: "its blob \(digest) could not be fetched")))
      requeueIfOrphaned(job)
    }
  }

  private mutating func count(_ disposition: Disposition) { counts[disposition, default: 0] += 1 }

  private func attempt(_ result: JobResult, _ worker: String, _ disposition: Disposition) -> Attempt {
    let kind = records[result.job]?.job.kind ?? result.outcomeKind
    return Attempt(job: result.job, kind: kind, worker: worker, cost: result.cost, disposition: disposition)
  }
}

extension JobResult {
  /// The kind of job that the answer is of, where the job itself is no longer at hand.
  fileprivate var outcomeKind: String {
    switch answer {
    case .outcome(.split): "split"
    case .outcome(.trained), .outcome(.diverged): "train"
    case .outcome(.evaluated): "evaluate"
    case .outcome(.tested): "test"
    case .failure: "failed"
    }
  }
}
