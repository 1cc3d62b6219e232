internal import Digests
internal import Models
internal import Pruning
internal import Randomness
internal import Search

/// How the candidates of a round become jobs, and scores their fitness.
struct CandidateJudge: Sendable {
  let network: NetworkDescription
  let scope: PruningScope
  let layout: ParameterLayout
  /// What masks of genomes have bits for.
  let units: Units
  let objective: Objective
  let mode: FitnessMode
  let seed: UInt64
  let numerics: NumericsClass
  let splits: Splits
  /// The trained weights.
  let weights: Digest
  /// The weights that retraining begins with, if not the trained ones.
  let early: Digest?

  /// The weights that a genome keeps.
  func mask(of genome: Genome) -> Mask {
    guard case .mask(let mask) = genome else { preconditionFailure("a genome that is no mask") }
    return units.weightMask(mask)
  }

  /// How large the network is that a mask over units leaves; nil means the dense one.
  func metrics(ofUnits mask: Mask?) -> SizeMetrics { units.metrics(of: mask) }

  func fitness(_ score: Score, mask: Mask?) -> Fitness {
    let metrics = SizeMetrics(layout, mask: mask)
    return objective.fitness(
      Figures(score: score, sizeNonzero: metrics.sizeNonzero, flopsNonzero: metrics.flopsNonzero))
  }

  /// The jobs of a mask that needs no search.
  func proposals(strategy: Strategy, mask: Mask?) -> [Proposal] {
    let jobs = evaluations(mask, on: splits.search, atTheEnd: false)
    return jobs.enumerated().map { index, job in
      Proposal(
        job: .evaluate(job), strategy: strategy,
        trial: Trial.Place(
          search: nil, id: TrialID(generation: 0, index: 0), parents: [], isLast: index == jobs.count - 1))
    }
  }

  /// The jobs of a trial: one for each draw.
  func proposals(strategy: Strategy, trial: Trial, of search: Int) -> [Proposal] {
    let jobs = evaluations(
      mask(of: trial.genome), on: splits.search, atTheEnd: false, share: trial.share, threshold: trial.threshold)
    return jobs.enumerated().map { index, job in
      Proposal(
        job: .evaluate(job), strategy: strategy,
        trial: Trial.Place(
          search: search, id: trial.id, parents: trial.parents, isLast: index == jobs.count - 1))
    }
  }

  /// The jobs that judge a mask on a slice; the dense network is judged as it is.
  func evaluations<Use>(
    _ mask: Mask?, on slice: Slice<Use>, atTheEnd: Bool, share: Double = 1, threshold: Fitness? = nil
  ) -> [Evaluation<Use>] {
    let samples = slice.samples(share)
    guard let retraining = mode.retraining, mask != nil, retraining.isInside || atTheEnd else {
      return [
        Evaluation(
          network: network, scope: scope, parameters: weights, mask: mask, slice: slice, samples: samples,
          threshold: threshold.flatMap(limit))
      ]
    }
    return retraining.draws(atTheEnd: atTheEnd).map { draw in
      Evaluation(
        network: network, scope: scope, parameters: early ?? weights, mask: mask, slice: slice, samples: samples,
        retraining: retraining.job(draw: draw, splits: splits, seed: seed, numerics: numerics))
    }
  }

  /// A threshold as a worker can test it: where one finite figure alone decides. What is not finite misses every limit,
  /// but is as good as its like.
  private func limit(_ threshold: Fitness) -> Threshold? {
    guard threshold.value.isFinite, threshold.violation == 0 else { return nil }
    return switch objective {
    case .best(.accuracy): .accuracy(atLeast: threshold.value)
    case .best(.loss): .loss(atMost: -threshold.value)
    case .best, .smallest, .pareto: nil
    }
  }
}
