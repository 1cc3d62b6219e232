package import Digests
package import Pruning
package import Search

/// One line of a history: a trial and what came of it.
package struct TrialRecord: Hashable, Sendable {
  package let strategy: Strategy
  package let trial: TrialID
  package let parents: [TrialID]
  package let job: Digest
  /// Nil for the dense network.
  package let mask: Mask?
  package let maskDigest: Digest?
  package let score: Score
  /// Minus the loss or the accuracy, as the study's objective says.
  package let fitness: Fitness
  /// Whether an earlier trial of this history asked for the same job: a cache hit.
  package let isRepeat: Bool

  /// The line that `sentei history` prints, and that the history digest is taken over.
  package var line: String {
    let parents = parents.isEmpty ? "-" : parents.map(\.description).joined(separator: ",")
    return "\(strategy.rawValue) \(trial) \(maskDigest?.hex ?? "-") \(fitness.value) \(parents)"
  }
}

/// What a planner's run needs before it can go on, or what just happened in it.
package enum RunStep: Sendable {
  /// These jobs have no fact yet; they were never handed out by this run before.
  case submit([Job])
  case needs(Digest)
  case trial(TrialRecord)
  /// A moment at which the planner's state can be stored.
  case snapshot([UInt8])
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
  private var queue: ArraySlice<(proposal: Proposal, job: Digest, isRepeat: Bool)> = []
  private var asked: Set<Digest> = []
  private var offersSnapshot = false
  /// Trials that were asked for more than once, and found done.
  package private(set) var cacheHits = 0
  /// Distinct evaluations that were asked for.
  package private(set) var evaluations = 0

  package init(_ planner: SearchStudy) { self.planner = planner }

  /// Goes on by one step.
  ///
  /// - Parameter outcome: the fact of a job, if there is one.
  /// - Throws: ``StudyFailure`` where an outcome ends the study.
  package mutating func step(_ outcome: (Digest) -> Outcome?) throws(StudyFailure) -> RunStep {
    let superseded = planner.takeSuperseded()
    if !superseded.isEmpty { return .superseded(superseded) }
    if offersSnapshot {
      offersSnapshot = false
      if let snapshot = planner.snapshot { return .snapshot(snapshot) }
    }
    if let next = queue.first, let known = outcome(next.job) {
      queue.removeFirst()
      return try observe(known, of: next)
    }
    switch planner.next() {
    case .propose(let proposals): return enqueue(proposals, outcome)
    case .needs(let digest): return .needs(digest)
    case .waiting: return .blocked
    case .finished: return .finished
    }
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
      if proposal.trial != nil {
        if isRepeat { cacheHits += 1 } else { evaluations += 1 }
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
    try planner.observe(observation)
    offersSnapshot = true
    guard let trial = next.proposal.trial, case .evaluated(let score) = known,
      case .evaluate(let evaluation) = next.proposal.job
    else { return .submit([]) }
    return .trial(
      TrialRecord(
        strategy: next.proposal.strategy, trial: trial, parents: next.proposal.parents, job: next.job,
        mask: evaluation.mask, maskDigest: evaluation.maskDigest, score: score,
        fitness: planner.study.objective.fitness(score), isRepeat: next.isRepeat))
  }
}
