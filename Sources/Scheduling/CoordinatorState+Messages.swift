internal import Digests
internal import Models
internal import Studies

extension CoordinatorState {
  mutating func receive(
    _ message: WorkerMessage, from peer: PeerID, at now: Instant, _ effects: inout [CoordinatorEffect]
  ) {
    if case .hello(let hello) = message {
      greet(hello, from: peer, at: now, &effects)
      return
    }
    guard let id = peers[peer] else {
      let reason = "a message before hello, or of a connection that a newer one replaced"
      effects.append(
        .send(.reject(Rejection(code: .notWelcomed, reason: reason, retryable: true)), to: peer))
      return
    }
    workers[id]!.lastHeard = now
    if workers[id]!.isSuspect {
      workers[id]!.isSuspect = false
      attention.isOnAll = true
    }
    attention.workers.insert(id)
    switch message {
    case .hello, .blobRequest, .blobChunk: break
    case .heartbeat(let holding):
      reconcile(holding, of: id, grace: timing.suspect, at: now)
      // The first dismissal may have been lost.
      if isFinished { effects.append(.send(.dismiss, to: peer)) }
    case .results(let results): for result in results { take(result, from: id, peer: peer, at: now, &effects) }
    case .returned(let jobs):
      workers[id]!.isLeaving = true
      attention.isOnAll = true
      for job in jobs { release(job, by: id) }
    case .bye: depart(id, &effects)
    }
  }

  private mutating func greet(
    _ hello: Hello, from peer: PeerID, at now: Instant, _ effects: inout [CoordinatorEffect]
  ) {
    func reject(_ code: Rejection.Code, _ reason: String) {
      effects.append(.send(.reject(Rejection(code: code, reason: reason, retryable: false)), to: peer))
      effects.append(.note(.rejected(reason: "\(hello.name): \(reason)")))
    }
    guard hello.protocolVersion == ProtocolVersion.current else {
      reject(
        .protocolVersion,
        "worker speaks protocol \(hello.protocolVersion), coordinator \(ProtocolVersion.current); use the same build")
      return
    }
    guard hello.golden == golden else {
      reject(.goldenEvaluation, "the worker computes other bits than the coordinator for the built-in evaluation")
      return
    }
    guard !quarantined.contains(hello.worker) else {
      reject(.quarantined, Self.distrusted)
      return
    }
    guard hello.lanes > 0, hello.lanes <= 4096, hello.holding.count <= 1 << 20 else {
      reject(.notWelcomed, "impossible number of lanes (\(hello.lanes)) or held jobs (\(hello.holding.count))")
      return
    }
    let isNew = workers[hello.worker] == nil
    if let old = workers[hello.worker]?.peer { peers[old] = nil }
    if peers[peer] != nil { disconnect(peer, at: now) }
    var worker = workers[hello.worker] ?? Worker(hello: hello, lastHeard: now)
    worker.hello = hello
    worker.peer = peer
    worker.disconnectedAt = nil
    worker.lastHeard = now
    worker.isSuspect = false
    if let known = workers[hello.worker], known.getsWork { lanesAtWork -= known.hello.lanes }
    workers[hello.worker] = worker
    peers[peer] = hello.worker
    if worker.getsWork { lanesAtWork += hello.lanes }
    attention.workers.insert(hello.worker)
    if isNew { forgetDeaths(of: hello.worker) }
    reconcile(hello.holding, of: hello.worker, grace: 0, at: now)
    let welcome = Welcome(
      epoch: epoch, run: run, study: study, heartbeatSeconds: timing.heartbeat, receiveLimit: receiveLimit)
    effects.append(.send(.welcome(welcome), to: peer))
    if isNew { effects.append(.note(.joined(worker: hello.name, lanes: hello.lanes))) }
    if isFinished { effects.append(.send(.dismiss, to: peer)) }
  }

  /// A worker that comes back after its connection was gone for long had not died.
  private mutating func forgetDeaths(of id: Digest) {
    for (job, record) in records where record.deaths.contains(id) { records[job]!.deaths.removeAll { $0 == id } }
  }

  /// Makes the leases of a worker what it says it holds: what it has is its own, what it lacks goes back, for the
  /// transport can drop a parcel without a word. A parcel younger than `grace` seconds may still be on its way.
  private mutating func reconcile(_ said: [Digest], of id: Digest, grace: Double, at now: Instant) {
    let holding = Set(said)
    for job in workers[id]!.held.subtracting(holding).sorted() {
      guard let lease = records[job]?.leases.first(where: { $0.worker == id }) else { continue }
      if grace == 0 || now.seconds(since: lease.since) > grace { release(job, by: id) }
    }
    for job in holding.subtracting(workers[id]!.held).sorted() {
      // Who checks is chosen here: the lease of one who was asked is there, stale or not.
      guard let record = records[job], record.stage == .open,
        record.audit == nil || record.leases.contains(where: { $0.worker == id })
      else { continue }
      queue.remove(record.entry(job))
      lease(job, to: id, isBackup: !record.live.isEmpty, at: now)
    }
  }

  private mutating func depart(_ id: Digest, _ effects: inout [CoordinatorEffect]) {
    guard let worker = workers[id] else { return }
    for job in worker.held.sorted() { release(job, by: id) }
    if let peer = worker.peer { peers[peer] = nil }
    forget(id)
    effects.append(.note(.left(worker: worker.hello.name)))
  }

  /// Ends a lease without an answer; the job waits again unless another copy is out.
  mutating func release(_ job: Digest, by worker: Digest) {
    workers[worker]?.held.remove(job)
    guard var record = records[job], record.leases.contains(where: { $0.worker == worker }) else { return }
    record.leases.removeAll { $0.worker == worker }
    records[job] = record
    requeueIfOrphaned(job)
  }

  /// Puts a job back into the queue when no live lease and no answer is left.
  mutating func requeueIfOrphaned(_ job: Digest) {
    guard let record = records[job], record.stage == .open, record.live.isEmpty else { return }
    queue.remove(record.entry(job))
    queue.insert(record.entry(job))
  }

  mutating func disconnect(_ peer: PeerID, at now: Instant) {
    guard let id = peers.removeValue(forKey: peer), workers[id]?.peer == peer else { return }
    workers[id]!.peer = nil
    workers[id]!.disconnectedAt = now
    attention.isOnAll = true
  }
}
