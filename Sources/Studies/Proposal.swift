package import Digests
package import Search

/// What a job is asked for, in the words of the report (ShrinkBench's names where it has one).
package enum Strategy: String, Hashable, Sendable, CaseIterable {
  case split = "Split"
  case training = "Training"
  case validation = "Validation"
  case dense = "Dense"
  case randomPruning = "RandomPruning"
  case globalMagnitude = "GlobalMagWeight"
  case layerMagnitude = "LayerMagWeight"
  case randomSearch = "RandomSearch"
  case genetic = "GeneticAlgorithm"
}

/// A job with the place in the history that its outcome will take.
package struct Proposal: Hashable, Sendable {
  package let job: Job
  package let strategy: Strategy
  /// Nil for jobs that are no trials (splitting, training, validation).
  package let trial: TrialID?
  package let parents: [TrialID]

  package init(job: Job, strategy: Strategy, trial: TrialID? = nil, parents: [TrialID] = []) {
    self.job = job
    self.strategy = strategy
    self.trial = trial
    self.parents = parents
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
