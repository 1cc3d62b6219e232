internal import Models
internal import Pruning
internal import Search

/// How the candidates of a round become jobs, and scores their fitness: masks of one network, or networks.
///
/// Candidates are genomes: masks over units, or choices; nil is the dense network.
enum RoundJudge: Sendable {
  case masks(CandidateJudge)
  case architectures(ArchitectureJudge)

  var seed: UInt64 {
    switch self {
    case .masks(let judge): judge.seed
    case .architectures(let judge): judge.seed
    }
  }

  /// Whether breeding and naming a candidate takes longer than handing it to another thread: from about 25 µs on.
  var isCostly: Bool {
    switch self {
    case .masks(let judge): judge.units.count >= 1 << 16
    case .architectures: false
    }
  }

  /// The memory of a candidate's mask over weights, in bytes; 0 for networks.
  var candidateBytes: Int {
    switch self {
    case .masks(let judge): judge.layout.prunableCount / 8
    case .architectures: 0
    }
  }

  /// The jobs of a candidate that needs no search.
  func proposals(strategy: Strategy, baseline: Genome?) -> [Proposal] {
    let id = TrialID(generation: 0, index: 0)
    switch (self, baseline) {
    case (.masks(let judge), _): return judge.proposals(strategy: strategy, mask: mask(of: baseline))
    case (.architectures(let judge), .choices(let choices)):
      let place = Trial.Place(search: nil, id: id, parents: [], isLast: false, architecture: judge.name(choices))
      return proposals(strategy, judge.evaluations(choices, on: judge.splits.search, atTheEnd: false), place)
    case (.architectures, _): preconditionFailure("a candidate of another kind")
    }
  }

  /// The jobs of a trial: one for each draw.
  func proposals(strategy: Strategy, trial: Trial, of search: Int) -> [Proposal] {
    switch (self, trial.genome) {
    case (.masks(let judge), _): return judge.proposals(strategy: strategy, trial: trial, of: search)
    case (.architectures(let judge), .choices(let choices)):
      let place = Trial.Place(
        search: search, id: trial.id, parents: trial.parents, isLast: false, architecture: judge.name(choices))
      let jobs = judge.evaluations(choices, on: judge.splits.search, atTheEnd: false, share: trial.share)
      return proposals(strategy, jobs, place)
    case (.architectures, _): preconditionFailure("a candidate of another kind")
    }
  }

  private func proposals(
    _ strategy: Strategy, _ jobs: [Evaluation<FitnessUse>], _ place: Trial.Place
  ) -> [Proposal] {
    jobs.enumerated().map { index, job in
      Proposal(
        job: .evaluate(job), strategy: strategy,
        trial: Trial.Place(
          search: place.search, id: place.id, parents: place.parents, isLast: index == jobs.count - 1,
          architecture: place.architecture))
    }
  }

  func fitness(_ score: Score, of evaluation: Evaluation<FitnessUse>) -> Fitness {
    switch self {
    case .masks(let judge): return judge.fitness(score, mask: evaluation.mask)
    case .architectures(let judge):
      let metrics = SizeMetrics(ParameterLayout(evaluation.network), mask: nil)
      return judge.objective.fitness(Figures(score: score, sizeNonzero: metrics.size, flopsNonzero: metrics.flops))
    }
  }

  /// The weights that a candidate keeps; nil for all.
  func mask(of candidate: Genome?) -> Mask? {
    guard case .masks(let judge) = self else { return nil }
    return candidate.map(judge.mask)
  }

  func metrics(of candidate: Genome?) -> SizeMetrics {
    switch (self, candidate) {
    case (.masks(let judge), .mask(let mask)): return judge.metrics(ofUnits: mask)
    case (.masks(let judge), nil): return judge.metrics(ofUnits: nil)
    case (.architectures(let judge), .choices(let choices)): return judge.metrics(choices)
    case (.masks, _), (.architectures, _): preconditionFailure("a candidate of another kind")
    }
  }

  /// The jobs that judge a candidate on `test`.
  func tests(of candidate: Genome?) -> [Evaluation<TestUse>] {
    switch (self, candidate) {
    case (.masks(let judge), _): return judge.evaluations(mask(of: candidate), on: judge.splits.test, atTheEnd: true)
    case (.architectures(let judge), .choices(let choices)):
      return judge.evaluations(choices, on: judge.splits.test, atTheEnd: true)
    case (.architectures, _): preconditionFailure("a candidate of another kind")
    }
  }

  /// What a candidate is called, where architectures are searched.
  func architecture(of candidate: Genome?) -> Architecture? {
    guard case .architectures(let judge) = self, case .choices(let choices) = candidate else { return nil }
    return judge.name(choices)
  }
}
