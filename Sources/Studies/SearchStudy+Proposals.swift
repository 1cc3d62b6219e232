package import Digests
internal import Models
package import Pruning
package import Search

extension SearchStudy {
  /// Proposes a batch that nothing else overlaps, and waits while it is out.
  mutating func proposeOnce(_ make: (SearchStudy) -> [Proposal]) -> Step {
    guard pending.isEmpty else { return .waiting }
    return propose(make(self))
  }

  private mutating func propose(_ proposals: [Proposal]) -> Step {
    pending.append(contentsOf: proposals)
    return .propose(proposals)
  }

  /// Steps in an epoch of training; known with the slices.
  var stepsPerEpoch: Int { study.training.stepsPerEpoch(samples: splits?.train.count ?? 0) }

  var totalSteps: Int { study.training.epochs * stepsPerEpoch }

  /// Where the segment ends that begins at ``step``.
  var nextStep: Int { min(step + study.segment.steps(perEpoch: stepsPerEpoch), totalSteps) }

  /// The next part of training, from where the last one ended.
  func segment() -> Proposal {
    Proposal(
      job: .train(
        TrainingSegment(
          network: study.network, recipe: study.training, seed: study.seed, slice: splits!.train,
          from: trained?.state ?? study.pretrained?.state, steps: step..<nextStep, numerics: study.numerics)),
      strategy: .training)
  }

  /// The blobs that became useless since the last call. Their facts stay: what was computed once is never asked again.
  mutating func takeSuperseded() -> [Digest] {
    defer { superseded = [] }
    return superseded
  }

  /// The blobs that jobs without an outcome need.
  package var openInputs: [Digest] { pending.flatMap(\.job.inputs) }

  /// The loss on `validation` of what the last segment left, or of the weights from outside.
  func validation() -> Proposal {
    Proposal(
      job: .evaluate(
        Evaluation(
          network: study.network, scope: study.scope, parameters: judged, mask: nil,
          slice: splits!.validation)),
      strategy: .validation)
  }

  /// The dense network and the masks that need no search, judged on the search slice.
  func baselines() -> [Proposal] {
    let masks: [(Strategy, Mask?)] = [
      (.dense, nil), (.randomPruning, baselineMasks[.randomPruning]),
      (.globalMagnitude, baselineMasks[.globalMagnitude]), (.layerMagnitude, baselineMasks[.layerMagnitude]),
    ]
    return masks.map { strategy, mask in
      Proposal(
        job: .evaluate(evaluation(mask, on: splits!.search)), strategy: strategy,
        trial: TrialID(generation: 0, index: 0))
    }
  }

  func evaluation<Use>(_ mask: Mask?, on slice: Slice<Use>) -> Evaluation<Use> {
    Evaluation(
      network: study.network, scope: study.scope, parameters: weights!, mask: mask, slice: slice)
  }

  /// How many children are bred before they are handed out: few enough that workers start at once.
  private static let brood = 8

  /// The next part of a generation as soon as the generation before is told, and behind its last part the random batch.
  mutating func nextSearchStep() -> Step {
    if owesRandomBatch {
      owesRandomBatch = false
      return propose(proposing(random!.ask(), as: .randomSearch))
    }
    if genetic!.trialsToAsk > 0, genetic!.generation < generations {
      owesRandomBatch = study.randomSearch && genetic!.trialsToAsk <= Self.brood
      return propose(proposing(genetic!.ask(atMost: Self.brood), as: .genetic))
    }
    guard pending.isEmpty else { return .waiting }
    phase = .finished
    return .finished
  }

  private func proposing(_ trials: [Trial], as strategy: Strategy) -> [Proposal] {
    trials.map { trial in
      Proposal(
        job: .evaluate(evaluation(trial.mask, on: splits!.search)), strategy: strategy, trial: trial.id,
        parents: trial.parents)
    }
  }
}

/// A network that the report puts on the test slice.
package struct Contestant: Hashable, Sendable {
  package let strategy: Strategy
  /// Nil for the dense network.
  package let mask: Mask?
  package let job: Job
  package let metrics: SizeMetrics
}

extension SearchStudy {
  /// The networks to compare on `test`, once the planner has finished; empty before.
  package var contestants: [Contestant] {
    guard phase == .finished, let splits else { return [] }
    var masks: [(Strategy, Mask?)] = [
      (.dense, nil), (.randomPruning, baselineMasks[.randomPruning]),
      (.layerMagnitude, baselineMasks[.layerMagnitude]), (.globalMagnitude, baselineMasks[.globalMagnitude]),
    ]
    if study.randomSearch, let best = random?.best { masks.append((.randomSearch, best.trial.mask)) }
    if let best = genetic?.best { masks.append((.genetic, best.trial.mask)) }
    return masks.map { strategy, mask in
      Contestant(
        strategy: strategy, mask: mask, job: .test(evaluation(mask, on: splits.test)),
        metrics: SizeMetrics(layout, mask: mask))
    }
  }

  /// The slices, once the split is known.
  package var currentSplits: Splits? { splits }

  /// The blob of the trained weights, once training is done.
  package var currentParameters: Digest? {
    switch phase {
    case .split, .training, .validation: nil
    case .weights, .baselines, .searching, .finished: weights
    }
  }

  /// Epochs of training that are done, in part; all of them once training is over.
  package var trainedEpochs: Double {
    currentParameters == nil ? Double(step) / Double(max(stepsPerEpoch, 1)) : Double(study.training.epochs)
  }

  /// The generation being evaluated and the best fitness so far, for a progress line.
  package var progress: (generation: Int, generations: Int, best: Fitness?) {
    (genetic?.generation ?? 0, generations, genetic?.best?.fitness)
  }
}
