internal import Digests
internal import Studies

extension CoordinatorState {
  /// Checks what must hold after every event; tests call it.
  package func validate() {
    let queued = Set(queue.jobs)
    precondition(queued.count == queue.count, "a job waits twice")
    for job in queued {
      guard let record = records[job] else { preconditionFailure("a waiting job is not open") }
      precondition(record.stage == .open && record.live.isEmpty, "a waiting job is held")
    }
    for (job, record) in records {
      precondition(!done.contains(job), "an open job has a fact")
      precondition(Set(record.leases.map(\.worker)).count == record.leases.count, "two leases of one job to one worker")
      if record.stage == .open { precondition(queued.contains(job) != !record.live.isEmpty, "job \(job) is lost") }
      for lease in record.live {
        precondition(workers[lease.worker]?.held.contains(job) == true, "a lease without a holder")
      }
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
