internal import Digests
internal import Studies

extension CoordinatorState {
  /// An answer: the first becomes the fact once its blobs are durable, every later one is only counted.
  mutating func take(
    _ result: JobResult, from worker: Digest, peer: PeerID, at now: Instant, _ effects: inout [CoordinatorEffect]
  ) {
    let job = result.job
    workers[worker]!.held.remove(job)
    guard var record = records[job] else {
      // Every job that an earlier life of this coordinator gave out is open again or done before it listens, so what is
      // neither is of no use to anyone.
      if done.contains(job) {
        count(.duplicate)
        // Behind the end nobody is left to ask again.
        effects.append(.persist([], [attempt(result, worker, .duplicate, isEcho: !isFinished)]))
      }
      effects.append(.send(.acknowledge([job]), to: peer))
      return
    }
    let lease = record.leases.first { $0.worker == worker }
    record.leases.removeAll { $0.worker == worker }
    records[job] = record
    switch result.answer {
    case .failure(let reason):
      // Without a lease it is the echo of one that was counted.
      if lease != nil { fail(job, reason, at: worker, &effects) }
    case .outcome(let outcome):
      guard outcome.answers(record.job) else {
        effects.append(.send(.acknowledge([job]), to: peer))
        if lease != nil { fail(job, "an answer to another question", at: worker, &effects) }
        return
      }
      // No more than it can have been, above a minute: one absurd figure would keep stragglers from a backup for good.
      let most = max(60, lease.map { now.seconds(since: $0.since) } ?? 0)
      let seconds = min(result.cost.wallSeconds, most)
      durations.add(seconds, kind: record.job.kind)
      paces.add(seconds, kind: record.job.kind, to: &workers[worker]!.pace, at: now)
      let disposition: Disposition = lease.map { $0.isStale ? .late : $0.isBackup ? .backup : .computed } ?? .late
      accept(result, outcome, as: disposition, wasAsked: lease != nil, from: worker, peer: peer, &effects)
    }
  }

  /// A try that came to nothing; the job waits for another one, up to a limit.
  private mutating func fail(
    _ job: Digest, _ reason: String, at worker: Digest, _ effects: inout [CoordinatorEffect]
  ) {
    effects.append(.note(.failed(job: job, worker: workers[worker]!.hello.name, reason: reason)))
    records[job]!.failures.append(worker)
    if records[job]!.failures.count >= timing.poisonDeaths { giveUp(job, "failed on every try: \(reason)", &effects) }
    requeueIfOrphaned(job)
  }

  /// Ends the study for a job that cannot be done, and keeps it from doing more harm until then.
  mutating func giveUp(_ job: Digest, _ reason: String, _ effects: inout [CoordinatorEffect]) {
    guard records[job]!.stage == .open else { return }
    guard records[job]!.audit == nil else {
      // The fact stands; only nobody could check it.
      drop(job, &effects)
      return
    }
    records[job]!.stage = .givenUp
    queue.remove(records[job]!.entry(job))
    effects.append(.giveUp(job, reason: "\(records[job]!.job.kind) job \(job): \(reason)"))
  }

  private mutating func accept(
    _ result: JobResult, _ outcome: Outcome, as disposition: Disposition, wasAsked: Bool, from worker: Digest,
    peer: PeerID, _ effects: inout [CoordinatorEffect]
  ) {
    let job = result.job
    if records[job]!.audit != nil {
      effects.append(.send(.acknowledge([job]), to: peer))
      hear(result, outcome, wasAsked: wasAsked, from: worker, &effects)
      return
    }
    switch records[job]!.stage {
    case .open, .givenUp:
      queue.remove(records[job]!.entry(job))
      records[job]!.waiting.insert(peer)
      let blobs = outcome.blobs
      if blobs.isEmpty {
        persist(result, outcome, from: worker, as: disposition, &effects)
      } else {
        records[job]!.stage = .fetching(result, from: worker, over: peer, missing: blobs, disposition)
        effects.append(.fetch(outcome.promises(to: records[job]!.job), from: peer))
      }
    case .fetching(let first, from: worker, over: let old, let missing, let disposition) where old != peer:
      // Its connection was replaced while the blobs were on their way; the old fetch fails, or has done so.
      records[job]!.stage = .fetching(first, from: worker, over: peer, missing: missing, disposition)
      records[job]!.waiting.insert(peer)
      let promises = outcome.promises(to: records[job]!.job).filter { missing.contains($0.digest) }
      effects.append(.fetch(promises, from: peer))
    case .fetching(let first, _, _, _, _):
      count(.duplicate)
      records[job]!.waiting.insert(peer)
      if first.answer != result.answer { dissent(outcome, on: job, by: worker, &effects) }
    case .persisting(let fact, _):
      count(.duplicate)
      records[job]!.waiting.insert(peer)
      if fact.outcome != outcome { dissent(outcome, on: job, by: worker, &effects) }
    }
  }

  private mutating func persist(
    _ result: JobResult, _ outcome: Outcome, from worker: Digest, as disposition: Disposition,
    _ effects: inout [CoordinatorEffect]
  ) {
    let fact = Fact(job: result.job, kind: records[result.job]!.job.kind, outcome: outcome)
    records[result.job]!.stage = .persisting(fact, from: worker)
    count(disposition)
    let attempt = attempt(result, worker, disposition)
    // One effect for answers in a row.
    guard case .persist(var facts, var attempts) = effects.last else {
      effects.append(.persist([fact], [attempt]))
      return
    }
    effects.removeLast()
    facts.append(fact)
    attempts.append(attempt)
    effects.append(.persist(facts, attempts))
  }

  mutating func persisted(_ jobs: [Digest], _ effects: inout [CoordinatorEffect]) {
    var facts: [Fact] = []
    var acknowledged: [PeerID: [Digest]] = [:]
    var cancelled: [PeerID: [Digest]] = [:]
    for job in jobs {
      guard let record = records[job], case .persisting(let fact, from: let author) = record.stage else { continue }
      facts.append(fact)
      done.insert(job)
      records[job] = nil
      for peer in record.waiting.sorted() { acknowledged[peer, default: []].append(job) }
      for lease in record.leases {
        workers[lease.worker]?.held.remove(job)
        attention.workers.insert(lease.worker)
        if let peer = workers[lease.worker]?.peer { cancelled[peer, default: []].append(job) }
      }
      audit(record, fact, by: author, &effects)
    }
    for (peer, jobs) in acknowledged.sorted(by: { $0.key < $1.key }) {
      effects.append(.send(.acknowledge(jobs), to: peer))
    }
    for (peer, jobs) in cancelled.sorted(by: { $0.key < $1.key }) { effects.append(.send(.cancel(jobs), to: peer)) }
    if !facts.isEmpty { effects.append(.deliver(facts)) }
  }

  mutating func blobStored(_ digest: Digest, _ effects: inout [CoordinatorEffect]) {
    for (job, record) in uploads(of: digest) {
      guard case .fetching(let result, let worker, let peer, var missing, let disposition) = record.stage,
        case .outcome(let outcome) = result.answer
      else { continue }
      missing.removeAll { $0 == digest }
      if missing.isEmpty {
        persist(result, outcome, from: worker, as: disposition, &effects)
      } else {
        records[job]!.stage = .fetching(result, from: worker, over: peer, missing: missing, disposition)
      }
    }
  }

  mutating func blobFailed(_ digest: Digest, from peer: PeerID, _ effects: inout [CoordinatorEffect]) {
    for (job, record) in uploads(of: digest) {
      guard case .fetching(_, let worker, over: peer, _, _) = record.stage else { continue }
      records[job]!.stage = .open
      records[job]!.waiting = []
      if peers[peer] == worker {
        // It is there and cannot give what it named: it forgets the result, or it would offer it for ever.
        effects.append(.send(.acknowledge([job]), to: peer))
        fail(job, "its blob \(digest) could not be fetched", at: worker, &effects)
      } else {
        // The worker still has the result in its outbox and offers it again when it says hello.
        requeueIfOrphaned(job)
      }
    }
  }

  /// The jobs whose answers wait for a blob, in the order of the planner.
  private func uploads(of blob: Digest) -> [(key: Digest, value: Record)] {
    records.filter {
      if case .fetching(_, _, _, let missing, _) = $0.value.stage { missing.contains(blob) } else { false }
    }
    .sorted { $0.value.order < $1.value.order }
  }

  private mutating func dissent(
    _ outcome: Outcome, on job: Digest, by worker: Digest, _ effects: inout [CoordinatorEffect]
  ) {
    effects.append(.note(.disagreed(job: job, worker: workers[worker]!.hello.name)))
    guard !records[job]!.dissent.contains(where: { $0.worker == worker }) else { return }
    records[job]!.dissent.append(Testimony(worker: worker, outcome: outcome))
  }

  mutating func count(_ disposition: Disposition) { counts[disposition, default: 0] += 1 }

  func attempt(
    _ result: JobResult, _ worker: Digest, _ disposition: Disposition, isEcho: Bool = false
  ) -> Attempt {
    var echo: Outcome?
    if isEcho, case .outcome(let outcome) = result.answer { echo = outcome }
    let kind = records[result.job]?.job.kind ?? result.outcomeKind
    let name = workers[worker]?.hello.name ?? ""
    return Attempt(
      job: result.job, kind: kind, worker: worker, name: name, cost: result.cost, disposition: disposition, echo: echo)
  }
}

extension JobResult {
  /// The kind of job that the answer is of, where the job itself is no longer at hand.
  fileprivate var outcomeKind: String {
    switch answer {
    case .outcome(.split): "split"
    case .outcome(.trained), .outcome(.diverged): "train"
    case .outcome(.scored), .outcome(.measured): "score"
    case .outcome(.grown): "grow"
    case .outcome(.evaluated), .outcome(.worseThanThreshold): "evaluate"
    case .outcome(.tested): "test"
    case .failure: "failed"
    }
  }
}
