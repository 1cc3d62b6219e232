package import Digests
package import Models
package import Pruning
internal import Randomness
internal import Search

/// A study that cannot go on, for a reason that a person has to know.
package struct StudyFailure: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// The planner of a pruning search: split, train (with early stopping on `validation`), baselines, then the genetic algorithm with random search beside it.
///
/// Pure and replayable: its state is a function of the study and of the observations, which come one by one in the order
/// of the proposals. A generation of the genetic algorithm is followed by a batch of random search; the next generation
/// is bred as soon as the genetic results are in, while workers are still busy with the batch.
package struct SearchStudy: Sendable {
  package let study: Study
  /// The data set's digest, which the split is made of.
  package let dataset: Digest
  /// Generations to run; a budget, so no operator looks at it.
  package let generations: Int
  package let layout: ParameterLayout
  package let budget: Budget

  enum Phase: Hashable, Sendable {
    case split
    case training
    case validation
    case weights
    case baselines
    case searching
    case finished
  }

  var phase = Phase.split
  var splits: Splits?
  /// The last segment of training.
  var trained: TrainedSegment?
  /// Optimizer steps done.
  var step = 0
  /// The weights that the study is about: the last ones, or by early stopping the best ones.
  var weights: Digest?
  var watch: EarlyStopping.Watch?
  /// The weights with the lowest loss on `validation` so far.
  var best: Digest?
  var genetic: GeneticSearch?
  var random: RandomSearch?
  var baselineMasks: [Strategy: Mask] = [:]
  /// Proposals without an observation yet, oldest first.
  var pending: ArraySlice<Proposal> = []
  /// Fitness of the observed part of the batch that is being answered.
  var answers: [Fitness] = []
  /// Whether the random batch beside the last bred generation is still to be proposed.
  var owesRandomBatch = false
  /// Blobs of training that nothing will ask for again.
  var superseded: [Digest] = []
  /// How many outcomes were observed so far.
  package var observed = 0

  /// - Throws: `BudgetError` where no mask can meet the study's compression.
  package init(_ study: Study, dataset: Digest, generations: Int) throws(BudgetError) {
    self.study = study
    self.dataset = dataset
    self.generations = generations
    layout = ParameterLayout(study.network, scope: study.scope)
    watch = study.earlyStopping.map(EarlyStopping.Watch.init)
    budget = try Budget(compression: study.compression, layout: layout)
  }

  /// What to do next; call it again after each proposal, blob and observation until it says waiting or finished.
  package mutating func next() -> Step {
    switch phase {
    case .split:
      return proposeOnce { study in
        let job = SplitJob(dataset: study.dataset, sizes: study.study.splits, seed: study.study.seed)
        return [Proposal(job: .split(job), strategy: .split)]
      }
    case .training:
      return proposeOnce { [$0.segment()] }
    case .validation:
      return proposeOnce { [$0.validation()] }
    case .weights:
      return .needs(weights!)
    case .baselines:
      return proposeOnce { $0.baselines() }
    case .searching:
      return nextSearchStep()
    case .finished:
      return .finished
    }
  }

  /// Hands over the blob that ``Step/needs(_:)`` asked for.
  ///
  /// - Throws: ``StudyFailure`` if it holds no weights of this network.
  package mutating func supply(_ bytes: [UInt8]) throws(StudyFailure) {
    precondition(phase == .weights)
    guard let parameters = try? Parameters.values(canonical: bytes), parameters.count == layout.count else {
      throw StudyFailure("the stored weights \(weights!) are not of this network")
    }
    let space = SearchSpace(layout: layout, parameters: parameters, budget: budget, seed: study.seed)
    var stream = RandomStream(seed: study.seed, .randomPruning)
    baselineMasks = [
      .globalMagnitude: ScorePruning.global(scores: space.tables.magnitudes, budget: budget),
      .layerMagnitude: ScorePruning.perLayer(scores: space.tables.magnitudes, budget: budget, layout: layout),
      .randomPruning: ScorePruning.random(count: layout.prunableCount, budget: budget, stream: &stream),
    ]
    genetic = GeneticSearch(settings: study.genetic, space: space)
    random = RandomSearch(
      batchSize: study.genetic.populationSize, noise: study.genetic.initial.noise, space: space)
    phase = .baselines
  }

  /// Takes the outcome of the oldest proposal that has none yet.
  ///
  /// - Throws: ``StudyFailure`` where the outcome ends the study (training diverged).
  package mutating func observe(_ observation: Observation) throws(StudyFailure) {
    guard let proposal = pending.popFirst() else { preconditionFailure("nothing was proposed") }
    observed += 1
    switch (proposal.job, observation) {
    case (.split, .split(let splits)):
      self.splits = splits
      if totalSteps == 0 {
        weights = study.pretrained?.parameters
        guard weights != nil else { throw StudyFailure("the study has neither weights from outside nor training") }
      }
      // With early stopping weights from outside are judged too: training that only makes them worse gives them back.
      let judgesFirst = watch != nil && study.pretrained != nil
      phase = totalSteps == 0 ? .weights : judgesFirst ? .validation : .training
    case (.train, .trained(let segment)):
      if let previous = trained {
        superseded.append(previous.state)
        if watch == nil, previous.parameters != segment.parameters { superseded.append(previous.parameters) }
      }
      trained = segment
      step = nextStep
      weights = segment.parameters
      if watch != nil { phase = .validation } else if step == totalSteps { phase = .weights }
    case (.train, .diverged(let step)):
      throw StudyFailure(
        "training diverged in epoch \(step / stepsPerEpoch); lower network.train.learning_rate and start a new run")
    case (.evaluate, .evaluated(let score)):
      if proposal.strategy == .validation { try judge(score) } else { observe(score, of: proposal) }
    case (.split, _), (.train, _), (.evaluate, _), (.test, _):
      preconditionFailure("an outcome of another kind; the coordinator checks it before it is stored")
    }
  }

  /// The weights that early stopping judges next.
  var judged: Digest { trained?.parameters ?? study.pretrained!.parameters }

  /// Takes the loss on `validation` behind a segment.
  private mutating func judge(_ score: Score) throws(StudyFailure) {
    var loss = Double.infinity
    if case .exact(_, _, let mean) = score { loss = mean }
    let (isBest, stops) = watch!.observe(loss)
    let isOver = stops || step == totalSteps
    if isBest {
      giveUp(best, unless: judged)
      best = judged
    } else {
      giveUp(judged, unless: best)
    }
    guard !isOver || best != nil else {
      throw StudyFailure(
        "no loss on validation was finite; lower network.train.learning_rate and start a new run")
    }
    weights = best
    phase = isOver ? .weights : .training
  }

  /// Weights that a later judgement replaced; those from outside belong to the study and stay.
  private mutating func giveUp(_ old: Digest?, unless kept: Digest?) {
    if let old, old != kept, old != study.pretrained?.parameters { superseded.append(old) }
  }

  private mutating func observe(_ score: Score, of proposal: Proposal) {
    switch proposal.strategy {
    case .genetic, .randomSearch:
      answers.append(study.objective.fitness(score))
      if answers.count == study.genetic.populationSize {
        if proposal.strategy == .genetic { genetic!.tell(answers) } else { random!.tell(answers) }
        answers = []
      }
      if genetic!.generation >= generations, pending.isEmpty, !owesRandomBatch { phase = .finished }
    case .dense, .randomPruning, .globalMagnitude, .layerMagnitude:
      if pending.isEmpty { phase = .searching }
    case .split, .training, .validation:
      preconditionFailure("not an evaluation")
    }
  }
}
