internal import Digests
package import Monitoring
internal import RunStore
internal import Scheduling
internal import Studies

/// What a coordinator says of itself every half second.
package struct CoordinatorReport: Sendable {
  package let cluster: ClusterSnapshot
  package let metrics: CoordinatorMetrics
  /// Nil where nobody asked for it, and before the first.
  package let search: SearchSnapshot?
}

/// What a coordinator counts of its own work, and the picture of a moment that is made of it.
struct Telemetry: Sendable {
  var metrics = CoordinatorMetrics()
  var search: SearchSnapshot?
  private var progress = RunProgress()
  private let study: String
  private let run: String
  private let epoch: Int
  private let started = Clock.now
  private var rate = RateMeter()
  private var givers: [String: Giver] = [:]

  /// A worker by what it gave.
  private struct Giver {
    var facts = 0
    var rate = RateMeter()
  }

  init(_ run: OpenRun) {
    study = run.run.name
    self.run = String(run.store.identity.run.prefix(12))
    epoch = run.store.identity.epoch
    metrics.quarantines = run.quarantined.count
  }

  /// Answers on their way to the disk.
  mutating func note(_ attempts: [Attempt]) {
    let now = Clock.now
    for attempt in attempts {
      metrics.answers[attempt.disposition.rawValue, default: 0] += 1
      if attempt.kind == "evaluate" { metrics.evaluationSeconds.add(attempt.cost.wallSeconds) }
      givers[attempt.name, default: Giver()].rate.add(1, at: now)
      switch attempt.disposition {
      case .computed, .backup, .late: givers[attempt.name]!.facts += 1
      case .duplicate, .audit: break
      }
    }
  }

  /// Facts that are durable.
  mutating func committed(_ facts: [Fact]) {
    rate.add(facts.count, at: Clock.now)
    for fact in facts { metrics.facts[fact.kind, default: 0] += 1 }
  }

  mutating func note(_ note: Note) {
    switch note {
    case .joined: metrics.workersJoined += 1
    case .lost(_, let jobs):
      metrics.workersLost += 1
      metrics.leasesLost += jobs
    case .rejected: metrics.rejections += 1
    case .failed: metrics.failures += 1
    case .quarantined: metrics.quarantines += 1
    case .backedUp: metrics.backups += 1
    case .left, .suspected, .disagreed, .undecided: break
    }
  }

  mutating func note(_ progress: RunProgress) {
    self.progress = progress
    metrics.trials = progress.trials
    metrics.cacheHits = progress.cacheHits
    metrics.best = progress.bestFigure.map { ($0.name, $0.value) }
  }

  /// The picture of this moment.
  ///
  /// - Complexity: linear in the workers and the open jobs.
  mutating func report(_ state: CoordinatorState, isFinished: Bool) -> CoordinatorReport {
    let now = Clock.now
    var cluster = ClusterSnapshot(study: study, run: run, epoch: epoch)
    cluster.uptime = now.seconds(since: started)
    cluster.workers = state.workerSnapshots(at: now)
    cluster.jobs = state.jobCounts
    let known = Set(cluster.workers.map(\.name))
    givers = givers.filter { known.contains($0.key) }
    for index in cluster.workers.indices {
      guard var giver = givers[cluster.workers[index].name] else { continue }
      cluster.workers[index].facts = giver.facts
      cluster.workers[index].perSecond = giver.rate.perSecond(at: now)
      givers[cluster.workers[index].name] = giver
    }
    cluster.generation = progress.generation
    cluster.generations = progress.generations
    cluster.trainedEpochs = progress.trainedEpochs
    cluster.epochs = progress.epochs
    cluster.best = progress.best
    cluster.evaluations = progress.evaluations
    cluster.evaluationsPerSecond = rate.perSecond(at: now)
    cluster.phase =
      isFinished
      ? .finished
      : cluster.workers.isEmpty && progress.generation == 0
        ? .waiting : progress.isOfMethods ? .comparing : progress.isTrained ? .searching : .training
    cluster.eta = eta(cluster, open: state.openJobs)
    return CoordinatorReport(cluster: cluster, metrics: metrics, search: search)
  }

  private func eta(_ now: ClusterSnapshot, open: Int) -> Double? {
    guard now.phase == .searching || now.phase == .comparing, now.generation > 0, now.evaluationsPerSecond > 0 else {
      return nil
    }
    let perGeneration = Double(now.evaluations) / Double(now.generation)
    return (perGeneration * Double(now.generations - now.generation) + Double(open)) / now.evaluationsPerSecond
  }
}

/// Events a second over a sliding window.
struct RateMeter: Sendable {
  private var marks: [(at: Instant, count: Int)] = []

  mutating func add(_ count: Int, at now: Instant) {
    // A window of marks, however many come.
    if let last = marks.last, now.seconds(since: last.at) < 0.05 {
      marks[marks.count - 1].count += count
    } else {
      marks.append((now, count))
    }
  }

  /// The rate over the last five seconds.
  mutating func perSecond(at now: Instant) -> Double {
    marks.removeAll { now.seconds(since: $0.at) > 5 }
    guard let first = marks.first else { return 0 }
    return Double(marks.reduce(0) { $0 + $1.count }) / max(now.seconds(since: first.at), 0.25)
  }
}
