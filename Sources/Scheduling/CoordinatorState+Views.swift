package import Monitoring

extension CoordinatorState {
  /// Every worker that is known, by name.
  ///
  /// - Complexity: linear in the workers and the jobs that they hold.
  package func workerSnapshots(at now: Instant) -> [WorkerSnapshot] {
    workers.values.sorted { ($0.hello.name, $0.hello.worker) < ($1.hello.name, $1.hello.worker) }.map { worker in
      let ages = worker.held.compactMap { job in
        records[job]?.leases.first { $0.worker == worker.hello.worker }.map { now.seconds(since: $0.since) }
      }
      return WorkerSnapshot(
        name: worker.hello.name, lanes: worker.hello.lanes, condition: worker.condition, jobs: worker.held.count,
        oldestLease: ages.max(), silence: now.seconds(since: worker.lastHeard))
    }
  }

  /// Open jobs by what they wait for; what checks a fact is among them.
  ///
  /// - Complexity: linear in the open jobs.
  package var jobCounts: JobCounts {
    var counts = JobCounts(waiting: queue.count)
    for record in records.values {
      switch record.stage {
      case .open where !record.live.isEmpty: counts.leased += 1
      case .fetching, .persisting: counts.storing += 1
      case .open, .givenUp: break
      }
    }
    return counts
  }
}

extension CoordinatorState.Worker {
  fileprivate var condition: WorkerSnapshot.Condition {
    if peer == nil { return .disconnected }
    if isSuspect { return .silent }
    if isLeaving { return .leaving }
    return held.isEmpty ? .idle : .working
  }
}
