package import Digests
package import Pruning

/// What a training segment leaves.
package struct TrainedSegment: Hashable, Sendable {
  /// The blob of weights, optimizer values and step from which the next segment goes on.
  package let state: Digest
  /// The blob of the weights alone.
  package let parameters: Digest
  /// The mean training loss over the segment.
  package let loss: Double

  package init(state: Digest, parameters: Digest, loss: Double) {
    self.state = state
    self.parameters = parameters
    self.loss = loss
  }
}

/// A score on the test slice, which no planner can observe.
package struct TestScore: Hashable, Sendable {
  package let score: Score
  /// Samples with fewer than five classes before their label; 0 where the score is not finite.
  package let top5: Int

  package init(_ score: Score, top5: Int) {
    self.score = score
    self.top5 = top5
  }
}

/// What a job's result is: stored once under the job's digest, it is a fact.
///
/// The rare large cases are indirect: a coordinator keeps every outcome of its run in memory.
package enum Outcome: Hashable, Sendable {
  indirect case split(Splits)
  indirect case trained(TrainedSegment)
  /// Training, or a scoring, left the finite numbers in the step given.
  case diverged(step: Int)
  /// The blob of scores: one a prunable weight, in mask order.
  case scored(Digest)
  /// A number instead of scores.
  case measured(Double)
  indirect case grown(GrownNetwork)
  case evaluated(Score)
  case tested(TestScore)
  /// The score is worse than the job's threshold.
  case worseThanThreshold

  /// The digests of the blobs that must be durable before the outcome is accepted.
  package var blobs: [Digest] {
    switch self {
    case .split(let splits): [splits.train.digest, splits.search.digest, splits.validation.digest, splits.test.digest]
    case .trained(let segment): [segment.state, segment.parameters]
    case .scored(let scores): [scores]
    case .grown(let network): [network.state, network.parameters]
    case .diverged, .measured, .evaluated, .tested, .worseThanThreshold: []
    }
  }

  /// Whether an outcome can be an answer to a job of this kind.
  package func answers(_ job: Job) -> Bool {
    switch (job, self) {
    case (.split, .split): true
    case (.train, .trained(let segment)): segment.loss.isFinite && segment.state != segment.parameters
    case (.train(let job), .diverged(let step)): job.steps.contains(step)
    case (.score(let job), .scored): job.criterion.isOfWeights
    case (.score(let job), .measured(let value)): !job.criterion.isOfWeights && value.isFinite
    case (.score(let job), .diverged(let step)): job.steps.contains(step)
    case (.grow, .grown(let network)): network.gain.isFinite && network.state != network.parameters
    case (.grow(let job), .diverged(let step)): step == job.step
    case (.evaluate(let job), .evaluated(let score)):
      score.fits(job.sampleCount) && job.threshold.map { !$0.isMissed(by: score) } ?? true
    case (.evaluate(let job), .worseThanThreshold): job.threshold != nil
    case (.test(let job), .tested(let test)): test.score.fits(job.sampleCount) && test.isPossible
    case (.split, _), (.train, _), (.score, _), (.grow, _), (.evaluate, _), (.test, _): false
    }
  }
}

extension TestScore {
  /// Whether no sample is among the first without being among the first five.
  var isPossible: Bool {
    guard case .exact(let correct, let count, _) = score else { return top5 == 0 }
    return correct <= top5 && top5 <= count
  }
}

extension Score {
  /// Whether the counts can be those of a slice of `count` samples.
  fileprivate func fits(_ count: Int) -> Bool {
    switch self {
    case .exact(let correct, let total, let loss): total == count && (0...count).contains(correct) && loss.isFinite
    case .nonfinite: true
    }
  }
}

/// What a planner may see of an outcome: everything but test scores.
package enum Observation: Hashable, Sendable {
  case split(Splits)
  case trained(TrainedSegment)
  case diverged(step: Int)
  case scored(Digest)
  case measured(Double)
  case grown(GrownNetwork)
  case evaluated(Score)
  case worseThanThreshold

  /// Nil for a test score.
  package init?(_ outcome: Outcome) {
    switch outcome {
    case .split(let splits): self = .split(splits)
    case .trained(let segment): self = .trained(segment)
    case .diverged(let step): self = .diverged(step: step)
    case .scored(let scores): self = .scored(scores)
    case .measured(let value): self = .measured(value)
    case .grown(let network): self = .grown(network)
    case .evaluated(let score): self = .evaluated(score)
    case .worseThanThreshold: self = .worseThanThreshold
    case .tested: return nil
    }
  }
}
