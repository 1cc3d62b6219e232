package import Digests
internal import Models
package import Search

/// What a job is asked for, in the words of the report (ShrinkBench's names where it has one).
package struct Strategy: Hashable, Sendable, CustomStringConvertible {
  package let rawValue: String

  package init(_ rawValue: String) { self.rawValue = rawValue }

  package static let split = Strategy("Split")
  package static let training = Strategy("Training")
  package static let validation = Strategy("Validation")
  package static let dense = Strategy("Dense")
  package static let randomPruning = Strategy("RandomPruning")
  package static let globalMagnitude = Strategy("GlobalMagWeight")
  package static let layerMagnitude = Strategy("LayerMagWeight")
  package static let smallest = Strategy("Smallest")
  package static let largest = Strategy("Largest")
  package static let scoring = Strategy("Scoring")
  package static let growing = Strategy("Growing")
  package static let baselineBig = Strategy("Baseline-Big")
  package static let baselineSmall = Strategy("Baseline-Small")
  package static let globalGradient = Strategy("GlobalMagGrad")
  package static let layerGradient = Strategy("LayerMagGrad")
  package static let edgePopup = Strategy("EdgePopup")

  /// A round of cycles, counted from 1.
  init(cycle: Int) { self.init("Cycle\(cycle)") }

  /// Whether it means something else than a search.
  package var isReserved: Bool {
    rawValue.isEmpty || rawValue.hasPrefix("Cycle")
      || [
        .split, .training, .validation, .scoring, .dense, .randomPruning, .globalMagnitude, .layerMagnitude,
        .globalGradient, .layerGradient, .edgePopup, .smallest, .largest, .population, .noExchange,
      ]
      .contains(self) || Self.ofMethods.contains(rawValue.prefix { $0 != "/" })
  }

  /// What methods are called, but for their schedules.
  private static let ofMethods: Set<Substring> = {
    let pruning = PruningCriterion.allCases.flatMap { criterion in
      PruningReach.allCases.map { PruningMethod(criterion, $0).strategy.rawValue }
    }
    let tickets = TicketControl.allCases.map { $0.strategy(isOneShot: false).rawValue }
    let baselines: [Strategy] = [.growing, .baselineBig, .baselineSmall]
    let growing = baselines.map(\.rawValue) + GrowthMethod.kinds.map(\.name)
    return Set((pruning + tickets + growing).map { $0[...] })
  }()

  package var description: String { rawValue }
}

/// A search of a study: which algorithm, under which name.
package struct SearchPlan: Hashable, Sendable {
  package let strategy: Strategy
  package let settings: AlgorithmSettings
  /// How far its mutations are from taking the best by score.
  package let noise: Double
  package let scores: UnitScores

  package init(
    _ strategy: Strategy, _ settings: AlgorithmSettings, noise: Double = MaskSpace.usualNoise,
    scores: UnitScores = .magnitude
  ) {
    self.strategy = strategy
    self.settings = settings
    self.noise = noise
    self.scores = scores
  }

  func append(to bytes: inout CanonicalBytes) {
    bytes.append(strategy.rawValue)
    settings.append(to: &bytes)
    bytes.append(noise)
    bytes.append(scores.rawValue)
  }
}

/// A job with the place in the history that its outcome will take.
package struct Proposal: Hashable, Sendable {
  package let job: Job
  package let strategy: Strategy
  /// Nil for jobs that are no trials (splitting, training, validation).
  package let trial: Trial.Place?

  init(job: Job, strategy: Strategy, trial: Trial.Place? = nil) {
    self.job = job
    self.strategy = strategy
    self.trial = trial
  }
}

extension Trial {
  /// A trial's place in a study's history.
  package struct Place: Hashable, Sendable {
    /// The place of its search among the study's; nil for baselines.
    package let search: Int?
    package let id: TrialID
    package let parents: [TrialID]
    /// Whether it is the last of the trial's jobs, behind which its fitness is known.
    package let isLast: Bool
    /// The network that is judged, where architectures are searched.
    package var architecture: Architecture?
    /// That of a population's member in the round that it is judged behind.
    package var learningRate: Double? = nil
  }
}

/// What a planner wants next.
package enum Step: Sendable {
  /// Do these, and bring their outcomes back one by one in this order, behind those already asked for.
  case propose([Proposal])
  /// The planner cannot go on without this blob.
  case needs(Digest)
  /// Only observations help now.
  case waiting
  case finished
}
