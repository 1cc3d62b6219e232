internal import DequeModule
package import Digests
internal import Pruning
package import Search

/// One of the jobs that a trial's fitness is the mean of.
package struct TrialDraw: Hashable, Sendable {
  package let job: Digest
  package let evaluation: Evaluation<FitnessUse>
  /// Whether an earlier trial of this history asked for the same job: a cache hit.
  package let isRepeat: Bool

  package init(job: Digest, evaluation: Evaluation<FitnessUse>, isRepeat: Bool = false) {
    (self.job, self.evaluation, self.isRepeat) = (job, evaluation, isRepeat)
  }
}

/// One line of a history: a trial and what came of it.
package struct TrialRecord: Hashable, Sendable {
  package let trial: JudgedTrial
  /// Rounds before this one; 0 in studies without cycles.
  package let round: Int
  /// All its jobs, in order; at least one.
  package let draws: [TrialDraw]
  /// How many values of a fitness are objectives, which the line shows.
  let objectiveCount: Int
  /// In a study of methods, which of its searches it belongs to; else empty.
  package var label = ""

  /// The trial's last job.
  package var job: Digest { draws[draws.count - 1].job }
  /// Whether an earlier trial of this history asked for the same job: a cache hit.
  package var isRepeat: Bool { draws[draws.count - 1].isRepeat }
  package var strategy: Strategy { trial.strategy }
  package var evaluation: Evaluation<FitnessUse> { trial.evaluation }

  /// The first word of the line: the strategy, and behind the first round its number.
  package var name: String {
    let name = round == 0 ? strategy.rawValue : "\(strategy.rawValue)@\(round + 1)"
    return label.isEmpty ? name : "\(label)/\(name)"
  }

  /// The line that `sentei history` prints, and that the history digest is taken over.
  package var line: String {
    let parents = trial.place.parents
    let ancestry = parents.isEmpty ? "-" : parents.map(\.description).joined(separator: ",")
    let fitness =
      trial.fitness.map { $0.values.prefix(objectiveCount).map { "\($0)" }.joined(separator: ",") } ?? "worse"
    let architecture = trial.place.architecture
    let candidate = architecture?.digest ?? evaluation.maskDigest
    let rate = trial.place.learningRate.map { " rate=\($0)" } ?? ""
    let line = "\(name) \(trial.place.id) \(candidate?.hex ?? "-") \(fitness) \(ancestry)\(rate)"
    return architecture.map { "\(line) \($0.words)" } ?? line
  }
}

/// What a planner's run needs before it can go on, or what just happened in it.
package enum RunStep: Sendable {
  /// These jobs have no fact yet; they were never handed out by this run before.
  case submit([Job])
  case needs(Digest)
  case trial(TrialRecord)
  /// A network of a study of methods, with what it is called.
  case found(name: String, Finding)
  /// A branch of a study of methods has ended without what it is for.
  case ended(name: String, BranchEnding)
  /// A moment at which ``SearchStudy/snapshot`` can be taken.
  case snapshotMoment
  /// These blobs are needed no more; removing them twice does no harm.
  case superseded([Digest])
  /// Only new facts help.
  case blocked
  case finished
}

/// A planner fed with facts in the order of its proposals, whatever order they arrive in.
///
/// The same code drives a live run, a resumed one and a replay; they differ only in where facts come from.
package struct PlannerRun: Sendable {
  package private(set) var planner: SearchStudy
  private var queue: Deque<(proposal: Proposal, job: Digest, isRepeat: Bool)> = []
  /// All jobs that were asked for.
  private(set) var asked: Set<Digest> = []
  private var offersSnapshot = false
  /// The jobs of the trial that is being answered.
  private var draws: [TrialDraw] = []
  /// The jobs that trained and judged training, and scored weights, with the line of the comparison that they belong to. Complete after a
  /// replay from the start; a snapshot does not hold it.
  package private(set) var trainingJobs: [(job: Digest, account: Strategy)] = []
  /// Trials that were asked for more than once, and found done.
  package private(set) var cacheHits = 0
  /// Distinct evaluations that were asked for.
  package private(set) var evaluations = 0

  private let executor: Executor

  /// - Parameter executor: who breeds candidates; they are the same whoever does.
  package init(_ planner: SearchStudy, executor: Executor = .serial) {
    self.planner = planner
    self.executor = executor
  }

  /// Goes on by one step.
  ///
  /// - Parameter outcome: the fact of a job, if there is one.
  /// - Throws: ``StudyFailure`` where an outcome ends the study.
  package mutating func step(_ outcome: (Digest) -> Outcome?) throws(StudyFailure) -> RunStep {
    let superseded = planner.takeSuperseded()
    if !superseded.isEmpty { return .superseded(superseded) }
    if offersSnapshot {
      offersSnapshot = false
      if planner.isSnapshotMoment { return .snapshotMoment }
    }
    // All that can be proposed is, before the next outcome is looked at: so the order of proposals is a function of the
    // outcomes, and not of how early they are known.
    switch planner.next(by: executor) {
    case .propose(let proposals): return enqueue(proposals, outcome)
    case .needs(let digest): return .needs(digest)
    case .finished: return .finished
    case .waiting: break
    }
    guard let next = queue.first, let known = outcome(next.job) else { return .blocked }
    queue.removeFirst()
    return try observe(known, of: next)
  }

  /// Hands the planner the blob that ``RunStep/needs(_:)`` named.
  ///
  /// - Throws: ``StudyFailure`` if it is not what the planner expects.
  package mutating func supply(_ blob: [UInt8]) throws(StudyFailure) { try planner.supply(blob) }

  private mutating func enqueue(_ proposals: [Proposal], _ outcome: (Digest) -> Outcome?) -> RunStep {
    var fresh: [Job] = []
    for proposal in proposals {
      let digest = proposal.job.digest
      let isRepeat = !asked.insert(digest).inserted
      if let trial = proposal.trial {
        if !isRepeat { evaluations += 1 } else if trial.isLast { cacheHits += 1 }
      }
      if !isRepeat, outcome(digest) == nil { fresh.append(proposal.job) }
      queue.append((proposal, digest, isRepeat))
    }
    return .submit(fresh)
  }

  private mutating func observe(
    _ known: Outcome, of next: (proposal: Proposal, job: Digest, isRepeat: Bool)
  ) throws(StudyFailure) -> RunStep {
    guard let observation = Observation(known) else {
      preconditionFailure("a test outcome under the digest of a planner's job")
    }
    let round = planner.cycles.count
    if next.proposal.trial == nil {
      trainingJobs.append((next.job, account(of: next.proposal, round: round)))
    } else if case .evaluate(let evaluation) = next.proposal.job {
      draws.append(TrialDraw(job: next.job, evaluation: evaluation, isRepeat: next.isRepeat))
    }
    let judged = try planner.observe(observation, by: executor)
    offersSnapshot = true
    guard let judged else { return .submit([]) }
    defer { draws = [] }
    return .trial(
      TrialRecord(
        trial: judged, round: round, draws: draws, objectiveCount: planner.study.objective.objectiveCount))
  }

  /// The line that a job without a trial belongs to.
  private func account(of proposal: Proposal, round: Int) -> Strategy {
    let study = planner.study
    guard case .score(let job) = proposal.job else {
      if proposal.strategy == .population || proposal.strategy == .noExchange { return proposal.strategy }
      // Behind a round its cycle is among the planner's already.
      return round == 0 ? .dense : Strategy(cycle: round)
    }
    if study.cycles != nil { return Strategy(cycle: round + 1) }
    if study.population != nil { return .population }
    func search(_ scores: UnitScores) -> Strategy { study.searches.first { $0.scores == scores }?.strategy ?? .dense }
    return switch job.criterion {
    case .edgePopup: .edgePopup
    case .gradient: study.baselines.gradient ? .globalGradient : search(.gradient)
    case .activation: search(.activation)
    case .gradientMagnitude, .fisher, .optimalBrainDamage, .optimalBrainSurgeon, .rewriting, .gradientNorm:
      preconditionFailure("no search asks for it")
    }
  }
}
