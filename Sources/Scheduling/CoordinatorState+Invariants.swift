internal import Digests
internal import Studies

extension CoordinatorState {
  /// Checks what must hold after every event; tests call it.
  package func validate() {
    if let broken = brokenInvariant { preconditionFailure(broken) }
  }

  /// What does not hold though it must; nil in a sound state.
  ///
  /// - Complexity: O(jobs + workers).
  package var brokenInvariant: String? {
    let queued = Set(queue.jobs)
    guard queued.count == queue.count else { return "a job waits twice" }
    for job in queue.jobs {
      guard let record = records[job], record.stage == .open else { return "job \(job) waits and is not open" }
      guard record.live.isEmpty else { return "job \(job) waits and is held" }
    }
    guard Set(records.filter { $0.value.audit != nil }.keys) == audits else { return "an audit is not listed" }
    for (job, record) in records {
      if done.contains(job) != (record.audit != nil) { return "open job \(job) has a fact, or a checked one has none" }
      if let audit = record.audit, record.live.contains(where: { audit.hasHeard($0.worker) }) {
        return "a worker checks its own answer to job \(job)"
      }
      if record.stage == .open, !queued.contains(job), record.live.isEmpty { return "job \(job) is lost" }
      if Set(record.leases.map(\.worker)).count != record.leases.count { return "a worker leases job \(job) twice" }
      for lease in record.live where workers[lease.worker]?.held.contains(job) != true {
        return "job \(job) has a lease without a holder"
      }
    }
    for (id, worker) in workers {
      if quarantined.contains(id) { return "worker \(id) is quarantined and here" }
      if let peer = worker.peer, peers[peer] != id { return "the connection of worker \(id) is another's" }
      if (worker.peer == nil) != (worker.disconnectedAt != nil) { return "worker \(id) is neither here nor gone" }
      for job in worker.held {
        guard let record = records[job], record.live.contains(where: { $0.worker == id }) else {
          return "worker \(id) holds job \(job) without a lease"
        }
      }
    }
    let orders = queue.jobs.map { records[$0]!.order }
    guard zip(orders, orders.dropFirst()).allSatisfy({ $0 < $1 }) else { return "the queue is not in order" }
    var middles: [String: [Double]] = [:]
    for worker in workers.values {
      for (kind, seconds) in worker.pace.middles { middles[kind, default: []].append(seconds) }
    }
    guard middles.mapValues({ $0.sorted() }) == paces.all else { return "the paces are not those of the workers" }
    let lanes = workers.values.reduce(0) { $0 + ($1.getsWork ? $1.hello.lanes : 0) }
    guard lanes == lanesAtWork || isFinished else { return "\(lanes) lanes get work, \(lanesAtWork) are counted" }
    // Nobody would look at it when jobs come.
    let forgotten = workers.first { id, worker in
      worker.getsWork && worker.held.count < worker.hello.lanes && !hungry.contains(id)
    }
    if let forgotten, !isFinished { return "worker \(forgotten.key) lacks work, and no dispatch will look at it" }
    for (peer, id) in peers where workers[id]?.peer != peer { return "connection \(peer.value) has no worker" }
    return nil
  }
}
