internal import Digests
internal import Dispatch
internal import Models
internal import Monitoring
internal import Pruning
internal import RunStore
internal import Scheduling
internal import Search
internal import Studies

/// Where a run stands, for people.
package struct RunProgress: Hashable, Sendable {
  package var generation = 0
  package var generations = 0
  /// The best fitness so far in the objective's own words, for example `loss 0.0953`; nil before the first generation.
  package var best: String?
  /// Its first figure, by name.
  package var bestFigure: Figure?
  /// Evaluations whose facts are durable, over all lives of the coordinator, those on `validation` included.
  package var evaluations = 0
  package var trainedEpochs = 0.0
  /// Whether training is over, perhaps early.
  package var isTrained = false
  /// Whether it is of a study of methods, whose networks are counted instead of generations.
  package var isOfMethods = false
  package var epochs = 0
  /// Trials of the history in this life of the coordinator, and those of them that an earlier one had answered.
  package var trials = 0
  package var cacheHits = 0

  package struct Figure: Hashable, Sendable {
    package let name: String
    package let value: Double
  }
}

/// The planner on a thread of its own, so that breeding never delays a heartbeat.
///
/// All state is touched on `queue` alone.
final class PlannerLoop: @unchecked Sendable {
  enum Output: Sendable {
    case submit([Job])
    /// So many facts were taken over from other runs.
    case reused(Int)
    case progress(RunProgress)
    /// How the searches went, at most once a second, if somebody watches.
    case search(SearchSnapshot)
    /// The first time that nothing but new facts helps: replay is over, and the coordinator may listen.
    case caughtUp
    /// States that training needs no more.
    case superseded([Digest])
    /// Every fact is there, those of the report included.
    case finished([Contestant])
    case failed(any Error)
  }

  private let queue = DispatchQueue(label: "planner")
  private let store: RunStore
  private let reused: ReusedRuns?
  private let output: @Sendable (Output) -> Void
  private var run: any StudyRun
  /// The facts of the beginning, which others keep too: one more among them would copy all.
  private let known: [Digest: Outcome]
  /// Those that came since.
  private var fresh: [Digest: Outcome] = [:]
  private var contestants: [Contestant] = []
  /// Jobs whose facts were taken back in this run: what another run says of them does not decide.
  private let doubted: Set<Digest>
  /// Blobs of facts from other runs that those runs have no more.
  private var gone: Set<Digest> = []
  /// Jobs of the comparison that were asked for.
  private var requested: Set<Digest> = []
  private var hasCaughtUp = false
  private var evaluations: Int
  private var isOver = false
  /// Seconds that live planning has cost since the last snapshot: a resume would have to spend them again.
  private var cost = 0.0
  private var course: SearchCourse
  private var trials = 0
  /// When the searches were last described; nil before the first time.
  private var described: Scheduling.Instant?
  private let isWatched: Bool

  /// - Parameter isWatched: whether ``Output/search(_:)`` is wanted.
  init(
    _ open: OpenRun, reusing reused: ReusedRuns?, isWatched: Bool, output: @escaping @Sendable (Output) -> Void
  ) {
    run = open.run
    course = open.course
    self.isWatched = isWatched
    known = open.facts
    evaluations = known.values.count(where: \.isEvaluation)
    store = open.store
    self.reused = reused
    doubted = open.doubted
    self.output = output
  }

  /// Begins: replays what is known, then says what is to be done.
  func start() { queue.async { self.advance() } }

  /// Takes durable facts.
  func deliver(_ facts: [Fact]) {
    queue.async { [self] in
      for fact in facts { learn(fact.outcome, of: fact.job) }
      advance()
    }
  }

  /// Ends all planning; returns when the store is no longer used.
  func stop() async {
    await withCheckedContinuation { continuation in
      queue.async {
        self.isOver = true
        continuation.resume()
      }
    }
  }

  private func outcome(of job: Digest) -> Outcome? { fresh[job] ?? known[job] }

  private func learn(_ outcome: Outcome, of job: Digest) {
    fresh[job] = outcome
    if outcome.isEvaluation { evaluations += 1 }
  }

  /// Takes over what other runs know of these jobs and asks for the rest.
  ///
  /// - Throws: `RunStoreError`; `StudyFailure` where a job goes on from a state that the other run has no more.
  private func submit(_ jobs: [Job]) throws {
    var known: [Digest] = []
    var unknown: [Job] = []
    for job in jobs {
      if !doubted.contains(job.digest), let outcome = reused?.outcome(of: job) {
        learn(outcome, of: job.digest)
        known.append(job.digest)
      } else {
        unknown.append(job)
      }
    }
    if let reused, !known.isEmpty {
      gone.formUnion(try reused.copy(known, to: store))
      output(.reused(known.count))
    }
    if let job = unknown.first(where: { !gone.isDisjoint(with: $0.inputs) }) {
      throw StudyFailure(
        "a reused run has lost the state from which \(job.kind) job \(job.digest.short) goes on; "
          + "resume this run without --reuse: training then begins again")
    }
    if !unknown.isEmpty { output(.submit(unknown)) }
  }

  private func advance() {
    guard !isOver else { return }
    let start = Clock.now
    defer { cost += Clock.now.seconds(since: start) }
    do {
      loop: while true {
        switch try run.step({ outcome(of: $0) }) {
        case .submit(let jobs): try submit(jobs)
        case .needs(let digest): try run.supply(try store.blob(digest))
        case .trial(let record):
          course.note(record)
          trials += 1
        case .found, .ended: trials += 1
        case .snapshotMoment: try snapshot(since: start)
        case .superseded(let blobs): output(.superseded(blobs))
        case .blocked: break loop
        case .finished:
          // What is shown last stays.
          describe(isLast: true)
          try finish()
          break loop
        }
      }
    } catch {
      isOver = true
      output(.failed(error))
      return
    }
    output(.progress(progress))
    describe()
    if !hasCaughtUp {
      hasCaughtUp = true
      output(.caughtUp)
    }
  }

  /// Says how the searches go, at most once a second but for the end.
  private func describe(isLast: Bool = false) {
    guard isWatched, isLast || described.map({ Clock.now.seconds(since: $0) >= 1 }) ?? true else { return }
    described = Clock.now
    output(.search(SearchSnapshot(course, of: run, trials: trials)))
  }

  /// Stores a snapshot once a replay of what came after the last one would take half a second.
  private func snapshot(since start: Scheduling.Instant) throws {
    guard cost + Clock.now.seconds(since: start) > 0.5, let planner = (run as? PlannerRun)?.planner,
      let state = planner.snapshot
    else { return }
    // HEAD first: no snapshot may rest on facts whose loss nobody would notice.
    try store.writeHead()
    try store.writeSnapshot(observed: planner.observed, state: state, course: course.canonicalBytes)
    cost = 0
  }

  private func finish() throws {
    if contestants.isEmpty { contestants = run.contestants }
    // No one asks for `test` before all is known that a choice among the searches could look at.
    guard try asked(for: contestants.flatMap(\.judgingJobs)) else { return }
    guard try asked(for: contestants.flatMap { $0.jobs + $0.jobsBefore }) else { return }
    isOver = true
    try store.writeHead()
    output(.finished(contestants))
  }

  /// Whether all of these jobs have their facts; asks once for those that have not.
  private func asked(for jobs: [Job]) throws -> Bool {
    try submit(jobs.filter { outcome(of: $0.digest) == nil && requested.insert($0.digest).inserted })
    return jobs.allSatisfy { outcome(of: $0.digest) != nil }
  }

  private var progress: RunProgress {
    guard let planner = (run as? PlannerRun)?.planner else { return methodProgress }
    let (generation, generations, best) = planner.progress
    let objective = planner.study.objective
    let figure = objective.goals[0]
    return RunProgress(
      generation: generation, generations: generations, best: best.map(objective.words),
      bestFigure: best.map { .init(name: figure.rawValue, value: figure.figure($0.value)) },
      evaluations: evaluations, trainedEpochs: planner.trainedEpochs,
      isTrained: planner.isTrained, epochs: planner.study.training.epochs, trials: trials,
      cacheHits: run.cacheHits)
  }

  /// Networks that were found stand for generations.
  private var methodProgress: RunProgress {
    guard let methods = run as? MethodRun else { return RunProgress() }
    let (found, expected) = methods.progress
    return RunProgress(
      generation: found, generations: expected, evaluations: evaluations, isTrained: true, isOfMethods: true,
      trials: trials)
  }
}

extension Outcome {
  fileprivate var isEvaluation: Bool {
    switch self {
    case .evaluated, .worseThanThreshold: true
    case .split, .trained, .diverged, .scored, .measured, .grown, .tested: false
    }
  }
}
