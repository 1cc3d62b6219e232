internal import Digests
internal import Models
internal import Pruning

/// A training as a chain of segment jobs, with early stopping on `validation`: of the whole network, or of what a mask
/// leaves.
///
/// A part of a planner: it names its next proposals and takes their outcomes.
struct TrainingChain: Sendable {
  /// What is trained, and how.
  struct Plan: Sendable {
    let network: NetworkDescription
    let recipe: TrainingRecipe
    let seed: UInt64
    let segment: SegmentLength
    let earlyStopping: EarlyStopping?
    let numerics: NumericsClass
    /// Weights to begin with; nil for fresh ones.
    let weights: Digest?
    let mask: Mask?
    let scope: PruningScope
    /// The step whose weights are kept for retraining from there; nil for none.
    let earlyStep: Int?
    /// The step of the recipe that the chain begins with, where it goes on from given weights.
    var firstStep = 0
  }

  let plan: Plan
  let train: Slice<TrainingUse>
  let validation: Slice<FitnessUse>
  /// Optimizer steps done.
  private(set) var step: Int
  /// The weights that the chain ends with: the last ones, or by early stopping the best ones. Nil until it has ended.
  private(set) var result: Digest?
  /// The weights after ``Plan/earlyStep``, once it is reached.
  private(set) var early: Digest?
  /// What was judged on `validation` on the way.
  private(set) var curve: [CurvePoint] = []
  /// Blobs that nothing will ask for again.
  private(set) var superseded: [Digest] = []
  /// The last segment's outcome.
  private var trained: TrainedSegment?
  private var watch: EarlyStopping.Watch?
  /// The weights with the lowest loss on `validation` so far.
  private var best: Digest?
  private var mustJudge = false

  init(_ plan: Plan, train: Slice<TrainingUse>, validation: Slice<FitnessUse>) {
    self.plan = plan
    self.train = train
    self.validation = validation
    step = plan.firstStep
    watch = plan.earlyStopping.map(EarlyStopping.Watch.init)
    // Without steps, fresh weights still have to be made: by a segment of none.
    if totalSteps <= step, let weights = plan.weights {
      result = weights
    } else {
      // Weights from outside are judged too: training that only makes them worse gives them back.
      mustJudge = watch != nil && plan.weights != nil
    }
  }

  var stepsPerEpoch: Int { plan.recipe.stepsPerEpoch(samples: train.count) }

  var totalSteps: Int { plan.recipe.epochs * stepsPerEpoch }

  /// Where the segment ends that begins at ``step``: at step 0 too, if its weights are to be kept.
  private var nextStep: Int {
    let end = min(step + plan.segment.steps(perEpoch: stepsPerEpoch), totalSteps)
    guard let earlyStep = plan.earlyStep, early == nil else { return end }
    return min(end, max(earlyStep, step))
  }

  /// The one job that the chain waits for next.
  ///
  /// - Precondition: it has not ended.
  func proposal() -> Proposal {
    precondition(result == nil)
    guard !mustJudge else {
      return Proposal(
        job: .evaluate(
          Evaluation(
            network: plan.network, scope: plan.scope, parameters: judged, mask: plan.mask, slice: validation)),
        strategy: .validation)
    }
    let start: TrainingSegment.Start =
      if let trained { .state(trained.state) } else if let weights = plan.weights { .weights(weights) } else { .fresh }
    return Proposal(
      job: .train(
        TrainingSegment(
          network: plan.network, recipe: plan.recipe, seed: plan.seed, slice: train, start: start, mask: plan.mask,
          scope: plan.scope, steps: step..<nextStep, numerics: plan.numerics)),
      strategy: .training)
  }

  /// Takes the outcome of what ``proposal()`` named.
  ///
  /// - Throws: ``StudyFailure`` where training left the finite numbers, or ends without a finite loss.
  mutating func observe(_ observation: Observation) throws(StudyFailure) {
    switch observation {
    case .trained(let segment): observe(segment)
    case .diverged(let step): throw failure(divergedIn: step)
    case .evaluated(let score): try observe(score)
    case .split, .scored, .measured, .grown, .worseThanThreshold: preconditionFailure("an outcome of another kind")
    }
  }

  /// Takes the outcome of a segment.
  mutating func observe(_ segment: TrainedSegment) {
    if let previous = trained {
      superseded.append(previous.state)
      if watch == nil { giveUp(previous.parameters, unless: segment.parameters) }
    }
    trained = segment
    step = nextStep
    if step == plan.earlyStep { early = segment.parameters }
    if watch != nil { mustJudge = true } else if step == totalSteps { result = segment.parameters }
  }

  /// Takes the score on `validation` behind a segment.
  ///
  /// - Throws: ``StudyFailure`` if the chain ends without a finite loss.
  mutating func observe(_ score: Score) throws(StudyFailure) {
    mustJudge = false
    var loss = Double.infinity
    if case .exact(_, _, let mean) = score { loss = mean }
    let (isBest, stops) = watch!.observe(loss)
    curve.append(CurvePoint(step: step, score: score, isBest: isBest))
    if isBest {
      giveUp(best, unless: judged)
      best = judged
    } else {
      giveUp(judged, unless: best)
    }
    guard stops || step == totalSteps else { return }
    guard let best else {
      throw StudyFailure(
        plan.weights == nil
          ? "no loss on validation was finite; lower network.train.learning_rate and start a new run"
          : "neither the given weights nor what training made of them have a finite loss on validation")
    }
    result = best
  }

  /// The failure that training which left the finite numbers means.
  func failure(divergedIn step: Int) -> StudyFailure {
    let group = plan.mask == nil ? "network.train" : "cycles.train"
    return StudyFailure(
      "training diverged in epoch \(step / max(stepsPerEpoch, 1) + 1); lower \(group).learning_rate and start a new run"
    )
  }

  /// The blobs that became useless since the last call. Their facts stay: what was computed once is never asked again.
  mutating func takeSuperseded() -> [Digest] {
    defer { superseded = [] }
    return superseded
  }

  /// The state behind the last segment, which nothing asks for once the chain has ended; nil before, and of no training.
  var lastState: Digest? { result == nil ? nil : trained?.state }

  /// Blobs that the chain will ask for or end with, beside those of the job that it waits for.
  var held: [Digest] {
    let unfinished = result == nil ? [trained?.state, mustJudge ? judged : trained?.parameters, best] : []
    return (unfinished + [early]).compactMap { $0 }
  }

  private var judged: Digest { trained?.parameters ?? plan.weights! }

  /// Weights that a later judgement replaced; those that the chain began with are not its own and stay.
  private mutating func giveUp(_ old: Digest?, unless kept: Digest?) {
    if let old, old != kept, old != plan.weights, old != early { superseded.append(old) }
  }
}
