/// What a coordinator counts while it lives, and how Prometheus reads it.
package struct CoordinatorMetrics: Sendable {
  /// Facts that became durable, by the kind of their jobs.
  package var facts: [String: Int] = [:]
  /// Answers by how they were counted.
  package var answers: [String: Int] = [:]
  /// Seconds that workers took for evaluations.
  package var evaluationSeconds = Histogram(bounds: Self.evaluationBounds)
  /// Seconds from the first fact of a group to its being durable.
  package var commitSeconds = Histogram(bounds: Self.commitBounds)
  /// Leases that were given up because their worker died or fell silent.
  package var leasesLost = 0
  package var workersLost = 0
  package var workersJoined = 0
  package var rejections = 0
  package var failures = 0
  package var backups = 0
  /// Workers that are kept out, those of earlier lives among them: behind each the coordinator begins anew.
  package var quarantines = 0
  /// Bytes of messages to and from workers.
  package var bytesReceived = 0
  package var bytesSent = 0
  package var trials = 0
  package var cacheHits = 0
  /// Facts taken over from other runs.
  package var reused = 0
  /// The first figure of the objective, of the best candidate so far.
  package var best: (figure: String, value: Double)?

  package init() {}

  /// From a quarter of a millisecond to a quarter of an hour: dense models of ten thousand samples, and retraining.
  private static let evaluationBounds = [
    0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900,
  ]
  /// Of jobs that workers do. All are there from the start: of a sample that is not yet there nobody can tell that it stands.
  private static let kinds = ["train", "score", "evaluate", "test"]

  private static let commitBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]

  /// The metrics of a moment.
  ///
  /// - Parameter version: of the program.
  package func exposition(_ now: ClusterSnapshot, version: String) -> Exposition {
    var out = Exposition()
    out.gauge(
      "sentei_info", "What is running; always 1.",
      [.init([("version", version), ("study", now.study), ("run", now.run)], 1)])
    work(now, &out)
    workers(now, &out)
    traffic(&out)
    return out
  }

  private func work(_ now: ClusterSnapshot, _ out: inout Exposition) {
    out.gauge(
      "sentei_jobs", "Open jobs by what they wait for.",
      [
        .init([("state", "waiting")], Double(now.jobs.waiting)), .init([("state", "leased")], Double(now.jobs.leased)),
        .init([("state", "storing")], Double(now.jobs.storing)),
      ])
    // With those that workers have: else a cluster that follows it would send home workers in the midst of long jobs.
    out.gauge(
      "sentei_queue_length", "Jobs that wait for an answer: so many lanes have work.",
      Double(now.jobs.waiting + now.jobs.leased))
    out.counter(
      "sentei_evaluations_total", "Evaluations that became durable.", facts["evaluate", default: 0])
    out.counter(
      "sentei_facts_total", "Results that became durable, by kind of job.",
      Self.samples("kind", Dictionary(uniqueKeysWithValues: Self.kinds.map { ($0, 0) }).merging(facts) { $1 }))
    out.counter(
      "sentei_answers_total", "Answers of workers by how they were counted.", Self.samples("disposition", answers))
    out.counter("sentei_audits_total", "Answers that were asked for to check another.", answers["audit", default: 0])
    out.counter("sentei_backups_total", "Second copies of stragglers.", backups)
    out.counter("sentei_job_failures_total", "Tries of jobs that workers reported as failed.", failures)
    out.histogram("sentei_evaluation_seconds", "What an evaluation took on its worker.", evaluationSeconds)
    out.counter("sentei_trials_total", "Trials of the history.", trials)
    out.counter("sentei_cache_hits_total", "Trials answered without a new evaluation.", cacheHits)
    out.counter("sentei_reused_facts_total", "Results taken over from other runs.", reused)
    out.gauge("sentei_generation", "The generation that is being evaluated.", Double(now.generation))
    out.gauge("sentei_generations", "The generations of the budget.", Double(now.generations))
    out.gauge("sentei_trained_epochs", "Epochs of training that are done.", now.trainedEpochs)
    if let best {
      out.gauge(
        "sentei_best_fitness", "The best candidate's first figure.", [.init([("figure", best.figure)], best.value)])
    }
  }

  private func workers(_ now: ClusterSnapshot, _ out: inout Exposition) {
    out.gauge(
      "sentei_workers", "Workers by what they do.",
      WorkerSnapshot.Condition.allCases.map { condition in
        .init(
          [("state", condition.rawValue)], Double(now.workers.reduce(0) { $0 + ($1.condition == condition ? 1 : 0) }))
      })
    out.gauge(
      "sentei_lanes", "Evaluation threads of connected workers.",
      Double(now.workers.reduce(0) { $0 + ($1.condition == .disconnected ? 0 : $1.lanes) }))
    out.gauge(
      "sentei_oldest_lease_seconds", "How long the oldest lease is out.",
      now.workers.compactMap(\.oldestLease).max() ?? 0)
    out.counter("sentei_workers_joined_total", "Workers that joined.", workersJoined)
    out.counter("sentei_workers_lost_total", "Workers that died or fell silent.", workersLost)
    out.counter("sentei_leases_lost_total", "Leases that were given up with their worker.", leasesLost)
    out.counter("sentei_worker_rejections_total", "Workers that were refused.", rejections)
    out.gauge(
      "sentei_workers_quarantined", "Workers that were found to lie, in all lives of the coordinator.",
      Double(quarantines))
  }

  private func traffic(_ out: inout Exposition) {
    out.counter("sentei_received_bytes_total", "Bytes of messages from workers.", bytesReceived)
    out.counter("sentei_sent_bytes_total", "Bytes of messages to workers.", bytesSent)
    out.histogram("sentei_commit_seconds", "What it took to make a group of results durable.", commitSeconds)
  }

  private static func samples(_ label: String, _ counts: [String: Int]) -> [Exposition.Sample] {
    counts.sorted { $0.key < $1.key }.map { .init([(label, $0.key)], Double($0.value)) }
  }
}
