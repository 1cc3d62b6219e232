/// What a coordinator, its workers and its study are doing at one moment, for people and for programs that watch.
///
/// Its JSON is what `/snapshot.json` of a dashboard says; times are in seconds.
package struct ClusterSnapshot: Hashable, Codable, Sendable {
  /// Where a study stands.
  package enum Phase: String, Hashable, Codable, Sendable {
    case waiting = "waiting for workers"
    case training
    case searching
    /// Of a study of methods, whose networks are counted instead of generations.
    case comparing
    case finished
  }

  package var study: String
  /// The first letters of the run's identity.
  package var run: String
  /// How many times its coordinator was started.
  package var epoch: Int
  /// Since this coordinator was started.
  package var uptime = 0.0
  package var phase = Phase.waiting
  package var generation = 0
  package var generations = 0
  package var trainedEpochs = 0.0
  package var epochs = 0
  /// The best fitness so far in the objective's own words; nil before the first generation.
  package var best: String?
  /// Evaluations whose facts are durable, over all lives of the coordinator.
  package var evaluations = 0
  /// Durable evaluations a second, over the last few seconds.
  package var evaluationsPerSecond = 0.0
  /// Until the end, as far as one can tell.
  package var eta: Double?
  package var jobs = JobCounts()
  package var workers: [WorkerSnapshot] = []

  package init(study: String, run: String, epoch: Int) { (self.study, self.run, self.epoch) = (study, run, epoch) }
}

/// Jobs by what they wait for.
package struct JobCounts: Hashable, Codable, Sendable {
  /// For a lane.
  package var waiting = 0
  /// For an answer of a worker.
  package var leased = 0
  /// For an answer's blobs, or the disk.
  package var storing = 0

  package init(waiting: Int = 0, leased: Int = 0, storing: Int = 0) {
    (self.waiting, self.leased, self.storing) = (waiting, leased, storing)
  }
}

/// A worker as its coordinator sees it.
package struct WorkerSnapshot: Hashable, Codable, Sendable {
  package enum Condition: String, Hashable, Codable, Sendable, CaseIterable {
    case working
    case idle
    /// Not heard for a while; it gets no more work.
    case silent
    /// Its connection is broken; it may come back.
    case disconnected
    /// It was asked to stop, and finishes what it has.
    case leaving
  }

  package var name: String
  package var lanes: Int
  package var condition: Condition
  /// Jobs that it holds.
  package var jobs: Int
  /// How long it has had the oldest of them.
  package var oldestLease: Double?
  /// Since it was last heard.
  package var silence: Double
  /// Facts that it gave in this life of the coordinator.
  package var facts = 0
  /// Results a second, over the last few seconds.
  package var perSecond = 0.0

  package init(name: String, lanes: Int, condition: Condition, jobs: Int, oldestLease: Double?, silence: Double) {
    self.name = name
    self.lanes = lanes
    self.condition = condition
    self.jobs = jobs
    self.oldestLease = oldestLease
    self.silence = silence
  }
}
