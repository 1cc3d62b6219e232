internal import DequeModule
package import Digests
package import Models
package import Pruning
package import Search

/// A study that cannot go on, for a reason that a person has to know.
package struct StudyFailure: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// The planner of a pruning search: split, train, then the searches beside baselines; in cycles, the best mask's network
/// is trained again and searched again.
///
/// Pure and replayable: its state is a function of the study and of the observations, which come one by one in the order
/// of the proposals.
package struct SearchStudy: Sendable {
  package let study: Study
  /// The data set's digest, which the split is made of.
  package let dataset: Digest
  /// Trials of each search in each round; a budget, so no operator looks at it.
  package let trials: Int
  package let layout: ParameterLayout

  enum Phase: Hashable, Sendable {
    case split
    case training
    /// What the round needs to know of the weights is computed.
    case scoring
    /// Waiting for the blobs of the weights and of their scores.
    case weights
    case searching
    /// The best mask's network is trained behind a round.
    case retraining
    /// What came of that is judged on `validation`.
    case judging
    /// A population is trained behind the searches.
    case population
    case finished
  }

  var phase = Phase.split
  var splits: Splits?
  /// The training that is under way, or was the last.
  var chain: TrainingChain?
  /// The weights that the present round is about.
  var weights: Digest?
  /// The weights that the study trained first.
  var firstWeights: Digest?
  /// The weights that retraining inside the fitness begins with, if not the trained ones.
  var early: Digest?
  /// The scores of the present weights, for each criterion that the study needs; nil where they are not finite.
  var scores: [Digest?] = []
  /// Values of blobs that a round needs, until all are there.
  private var supplied: [[Float]] = []
  var round: SearchRound?
  /// Steps of the first training, which may have ended early.
  var trainedSteps = 0
  /// Rounds that are over and counted, in order.
  var cycles: [CycleResult] = []
  /// Behind the searches of a study that has one.
  var population: PopulationRounds?
  private let memory: GenomeMemory
  /// Proposals without an observation yet, oldest first.
  var pending: Deque<Proposal> = []
  /// How many outcomes were observed so far.
  package var observed = 0

  /// - Throws: `BudgetError` where no mask can meet the study's compression.
  package init(
    _ study: Study, dataset: Digest, trials: Int, memory: GenomeMemory = GenomeMemory()
  ) throws(BudgetError) {
    precondition(!study.searches.isEmpty && trials > 0 && (study.cycles == nil || study.population == nil))
    self.study = study
    self.dataset = dataset
    self.trials = trials
    self.memory = memory
    layout = ParameterLayout(study.network, scope: study.scope)
    guard study.architecture == nil else {
      precondition(study.fitness.retraining?.start == .scratch && study.cycles == nil)
      return
    }
    _ = try Self.space(
      of: study, compression: study.compression, parameters: [Float](repeating: 0, count: layout.count),
      isDrawnFrom: false)
    try checkPopulation()
  }

  /// What to do next; call it again after each proposal, blob and observation until it says waiting or finished.
  ///
  /// - Parameter executor: who makes proposals that do not depend on each other.
  package mutating func next(by executor: Executor = .serial) -> Step {
    switch phase {
    case .split:
      return proposeOnce { study in
        let job = SplitJob(dataset: study.dataset, sizes: study.study.splits, seed: study.study.seed)
        return Proposal(job: .split(job), strategy: .split)
      }
    case .training, .retraining:
      return proposeOnce { $0.chain!.proposal() }
    case .judging:
      return proposeOnce { $0.judgement() }
    case .scoring:
      guard pending.isEmpty else { return .waiting }
      let proposals = scorings
      pending.append(contentsOf: proposals)
      return .propose(proposals)
    case .weights:
      return .needs(blobsOfRound[supplied.count])
    case .searching:
      let proposals = round!.next(by: executor)
      guard !proposals.isEmpty else { return .waiting }
      pending.append(contentsOf: proposals)
      return .propose(proposals)
    case .population:
      return nextOfPopulation()
    case .finished:
      return .finished
    }
  }

  /// Proposes a job that nothing else overlaps, and waits while it is out.
  private mutating func proposeOnce(_ make: (SearchStudy) -> Proposal) -> Step {
    guard pending.isEmpty else { return .waiting }
    let proposal = make(self)
    pending.append(proposal)
    return .propose([proposal])
  }

  /// Hands over the blob that ``Step/needs(_:)`` asked for.
  ///
  /// - Throws: ``StudyFailure`` if it holds no weights, or scores, of this network.
  package mutating func supply(_ bytes: [UInt8]) throws(StudyFailure) {
    guard phase != .population else { return try population!.supply(bytes) }
    precondition(phase == .weights)
    supplied.append(try values(of: bytes, for: supplied.count))
    guard supplied.count == blobsOfRound.count else { return }
    let parameters = supplied[0]
    let scored: ScoredMasks
    let (units, space, smallest): (Units, MaskSpace, MaskSpace)
    let range = compression(ofRound: cycles.count)
    do throws(BudgetError) {
      (units, space) = try Self.space(of: study, compression: range, parameters: parameters)
      smallest = try Self.space(
        of: study, compression: range.upperBound...range.upperBound, parameters: parameters
      ).space
      scored = try self.scored(Array(supplied.dropFirst()), compression: range)
    } catch {
      preconditionFailure("rounds whose budget cannot be met are not begun")
    }
    let judge = CandidateJudge(
      network: study.network, scope: study.scope, layout: layout, units: units, objective: study.objective,
      mode: study.fitness,
      seed: study.seed, numerics: study.numerics, splits: splits!, weights: weights!, early: early)
    round = SearchRound(
      judge, plans: study.searches, space: space, smallest: smallest, scored: scored, genome: study.units.genome,
      trials: trials, round: cycles.count, memory: memory)
    supplied = []
    phase = .searching
  }

  static func space(
    of study: Study, compression: ClosedRange<Double>, parameters: [Float], isDrawnFrom: Bool = true
  ) throws(BudgetError) -> (units: Units, space: MaskSpace) {
    try study.units.space(
      of: study.network, scope: study.scope, parameters: parameters, compression: compression, seed: study.seed,
      isDrawnFrom: isDrawnFrom)
  }

  /// Takes the outcome of the oldest proposal that has none yet.
  ///
  /// - Parameter executor: who makes genomes again that were not kept.
  /// - Returns: the trial whose fitness is known now, if it is one.
  /// - Throws: ``StudyFailure`` where the outcome ends the study (training diverged).
  package mutating func observe(
    _ observation: Observation, by executor: Executor = .serial
  ) throws(StudyFailure) -> JudgedTrial? {
    guard let proposal = pending.popFirst() else { preconditionFailure("nothing was proposed") }
    observed += 1
    switch (proposal.job, observation) {
    case (.split, .split(let splits)):
      self.splits = splits
      if study.architecture == nil { try beginTraining() } else { searchArchitectures() }
    case (.train, .trained(let segment)) where phase == .population:
      try population!.observe(segment)
    case (.train, .diverged) where phase == .population:
      try population!.observe(nil)
    case (.train, .trained(let segment)):
      chain!.observe(segment)
      try takeResult()
    case (.train, .diverged(let step)):
      throw chain!.failure(divergedIn: step)
    case (.score(let job), .scored(let blob)):
      try takeScores(blob, of: job)
    case (.score(let job), .diverged(let step)):
      try takeScores(nil, of: job, divergedIn: step)
    case (.evaluate, .evaluated(let score)):
      return try observe(score, of: proposal, by: executor)
    case (.evaluate, .worseThanThreshold):
      return try observe(nil, of: proposal, by: executor)
    case (.split, _), (.train, _), (.score, _), (.grow, _), (.evaluate, _), (.test, _):
      preconditionFailure("an outcome of another kind; the coordinator checks it before it is stored")
    }
    return nil
  }

  private mutating func observe(
    _ score: Score?, of proposal: Proposal, by executor: Executor
  ) throws(StudyFailure) -> JudgedTrial? {
    switch phase {
    case .training, .retraining:
      try chain!.observe(score!)
      try takeResult()
      return nil
    case .judging:
      endCycle(score!)
      return nil
    case .population:
      return try population!.observe(score!, of: proposal)
    case .searching:
      let judged = round!.observe(score, of: proposal, by: executor)
      if pending.isEmpty, round!.isOver { try endRound() }
      return judged
    case .split, .scoring, .weights, .finished:
      preconditionFailure("nothing is judged now")
    }
  }

  private mutating func beginTraining() throws(StudyFailure) {
    let plan = TrainingChain.Plan(
      network: study.network, recipe: study.training, seed: study.seed, segment: study.segment,
      earlyStopping: study.earlyStopping, numerics: study.numerics, weights: study.pretrained, mask: nil,
      scope: study.scope, earlyStep: study.fitness.retraining?.earlyStep)
    chain = TrainingChain(plan, train: splits!.train, validation: splits!.validation)
    phase = .training
    try takeResult()
  }

  /// Networks of a template need no trained weights: each candidate is trained by itself.
  private mutating func searchArchitectures() {
    let judge = ArchitectureJudge(
      template: study.architecture!, objective: study.objective, retraining: study.fitness.retraining!,
      seed: study.seed, numerics: study.numerics, splits: splits!)
    round = SearchRound(judge, plans: study.searches, trials: trials, memory: memory)
    phase = .searching
  }

  /// Goes on where a training has ended.
  ///
  /// - Throws: ``StudyFailure`` if it never came to the step that retraining begins with.
  private mutating func takeResult() throws(StudyFailure) {
    guard let result = chain!.result else { return }
    if phase == .retraining {
      cycles[cycles.count - 1].weights = result
      phase = .judging
    } else {
      if let step = chain!.plan.earlyStep, chain!.early == nil {
        throw StudyFailure(
          "training ended before step \(step), whose weights the fitness begins with; ask for an earlier step or for more "
            + "training, and start a new run")
      }
      weights = result
      firstWeights = result
      trainedSteps = chain!.step
      early = chain!.early
      beginScoring()
    }
  }

  /// The present round's winner, for the cycle that it belongs to.
  private mutating func endRound() throws(StudyFailure) {
    guard study.population == nil else { return beginPopulation() }
    guard let plan = study.cycles, let best = round!.best(0), let kept = round!.judge.mask(of: best) else {
      phase = .finished
      return
    }
    cycles.append(CycleResult(mask: kept, metrics: round!.judge.metrics(of: best), weights: weights!))
    let training = TrainingChain.Plan(
      network: study.network, recipe: plan.recipe, seed: study.seed, segment: study.segment, earlyStopping: nil,
      numerics: study.numerics, weights: weights!, mask: kept, scope: study.scope, earlyStep: nil)
    chain = TrainingChain(training, train: splits!.train, validation: splits!.validation)
    phase = .retraining
    try takeResult()
  }

  /// Takes the accuracy of what a cycle left; another one follows if it is good enough and can be.
  private mutating func endCycle(_ score: Score) {
    let plan = study.cycles!
    cycles[cycles.count - 1].validation = score
    if let least = plan.leastAccuracy, score.accuracy < least {
      cycles[cycles.count - 1].isGoodEnough = false
      phase = .finished
      return
    }
    guard cycles.count < plan.rounds, isPossible(round: cycles.count) else {
      phase = .finished
      return
    }
    weights = cycles.last!.weights
    beginScoring()
  }

  private func judgement() -> Proposal {
    let cycle = cycles.last!
    return Proposal(
      job: .evaluate(
        Evaluation(
          network: study.network, scope: study.scope, parameters: cycle.weights, mask: cycle.mask,
          slice: splits!.validation)),
      strategy: .validation)
  }

  /// Whether some mask meets what a round asks for.
  func isPossible(round: Int) -> Bool {
    let zeros = [Float](repeating: 0, count: layout.count)
    return (try? Self.space(of: study, compression: compression(ofRound: round), parameters: zeros)) != nil
  }

  /// What a round asks for, counted from 0.
  func compression(ofRound round: Int) -> ClosedRange<Double> {
    study.compression.scaled(by: study.cycles?.compressionStep ?? 1, times: round)
  }
}

/// What a cycle left: a mask, and the weights that training gave to what it keeps.
struct CycleResult: Hashable, Sendable {
  /// Over weights.
  let mask: Mask
  let metrics: SizeMetrics
  var weights: Digest
  var validation: Score?
  /// Whether it met the least accuracy.
  var isGoodEnough = true

  init(mask: Mask, metrics: SizeMetrics, weights: Digest) {
    self.mask = mask
    self.metrics = metrics
    self.weights = weights
  }
}
