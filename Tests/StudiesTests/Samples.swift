import Digests
import Models
import Pruning
import Randomness
import Search
import Studies

/// A digest of a text, where any will do.
func digest(_ text: String) -> Digest { Digest(of: Array(text.utf8)) }

/// A study small enough to run hundreds of times: 60 prunable weights of which 17 stay, three segments of training.
func smallStudy(
  seed: UInt64 = 1, objective: Objective = .accuracy, randomSearch: Bool = true,
  genetic: GeneticSettings = GeneticSettings(populationSize: 8, eliteSize: 3, swapFraction: 0.01...0.3)
) throws -> Study {
  Study(
    name: "small", seed: seed, dataset: "digits", splits: SplitSizes(),
    network: try NetworkDescription(name: "small", widths: [6, 6, 4, 3]), training: TrainingRecipe(epochs: 7),
    segment: .epochs(3), scope: PruningScope(), objective: objective, compression: 2, genetic: genetic,
    randomSearch: randomSearch)
}

let sampleSplits = Splits(
  train: Slice(digest: digest("train"), count: 70), search: Slice(digest: digest("search"), count: 50),
  validation: Slice(digest: digest("validation"), count: 10), test: Slice(digest: digest("test"), count: 20))

/// The ways to train that a study can take, each with a worker that gives it what it waits for: the plain one, in
/// segments that end within epochs, stopped early, fine-tuned, and not trained at all.
func trainingVariants() throws -> [(name: String, study: Study, worker: FakeWorker)] {
  let pretrained = FakeWorker.pretrained(try smallStudy())
  let plain = try smallStudy()
  var steps = plain
  (steps.training.epochs, steps.training.batchSize, steps.segment) = (2, 20, .steps(3))
  var stopped = steps
  (stopped.segment, stopped.earlyStopping) = (.steps(1), EarlyStopping(patience: 2))
  var fineTuned = stopped
  fineTuned.pretrained = pretrained
  var untrained = plain
  (untrained.training.epochs, untrained.pretrained) = (0, pretrained)
  // The second judgement is the best, the one before it no number.
  let scores = [Score.nonfinite] + [2, 2.5, 2, 0.5].map { Score.exact(correct: 3, count: 10, loss: $0) }
  return [
    ("plain", plain, FakeWorker(plain)), ("steps", steps, FakeWorker(steps)),
    ("stopped", stopped, FakeWorker(stopped, judgements: scores)),
    ("fine-tuned", fineTuned, FakeWorker(fineTuned, judgements: scores)),
    ("untrained", untrained, FakeWorker(untrained)),
  ]
}

/// A worker that answers every job with a pure function of the job.
struct FakeWorker {
  /// Steps of the whole training.
  let steps: Int
  /// The step in which training leaves the finite numbers; nil: never.
  var divergesIn: Int?
  /// What the network of each segment scores on `validation`, one after another.
  var judgements: [Score]
  private let segmentSteps: Int
  /// Weights from outside are judged before the first segment.
  private let judgesFirst: Bool
  private let values: [Float]

  init(_ study: Study, divergesIn: Int? = nil, judgements: [Score] = []) {
    var stream = RandomStream(seed: 5, .test)
    let count = ParameterLayout(study.network, scope: study.scope).count
    values = (0..<count).map { _ in Float(stream.normal()) }
    let perEpoch = study.training.stepsPerEpoch(samples: sampleSplits.train.count)
    steps = study.training.epochs * perEpoch
    segmentSteps = study.segment.steps(perEpoch: perEpoch)
    judgesFirst = study.pretrained != nil
    self.divergesIn = divergesIn
    self.judgements = judgements
  }

  /// Weights from outside: those of step 0.
  static func pretrained(_ study: Study) -> Pretrained {
    Pretrained(parameters: Digest(of: FakeWorker(study).parameters(after: 0)), state: digest("state after 0"))
  }

  /// The weights after so many steps, in stored form.
  func parameters(after step: Int) -> [UInt8] {
    Parameters.canonicalBytes(of: [Float(step)] + values.dropFirst())
  }

  /// The weights that the whole training ends with, in stored form.
  var parameters: [UInt8] { parameters(after: steps) }

  /// The step whose weights have this digest.
  func step(of parameters: Digest) -> Int? {
    (0...steps).first { Digest(of: self.parameters(after: $0)) == parameters }
  }

  /// The weights of a digest.
  func blob(_ digest: Digest) -> [UInt8] { parameters(after: step(of: digest)!) }

  func outcome(of job: Job) -> Outcome {
    switch job {
    case .split: return .split(sampleSplits)
    case .train(let segment):
      if let divergesIn, segment.steps.contains(divergesIn) { return .diverged(step: divergesIn) }
      let end = segment.steps.upperBound
      return .trained(
        TrainedSegment(
          state: digest("state after \(end)"), parameters: Digest(of: parameters(after: end)), loss: 0.5))
    case .evaluate(let evaluation):
      if evaluation.slice == sampleSplits.validation {
        let segment = (step(of: evaluation.parameters)! + segmentSteps - 1) / segmentSteps
        return .evaluated(judgements[judgesFirst ? segment : segment - 1])
      }
      return .evaluated(score(evaluation.maskDigest, count: evaluation.slice.count))
    case .test(let evaluation):
      return .tested(TestScore(score(evaluation.maskDigest, count: evaluation.slice.count)))
    }
  }

  /// Few levels of accuracy, so that losses and places decide often; one mask in 16 is not finite.
  private func score(_ mask: Digest?, count: Int) -> Score {
    guard let word = mask?.firstWord else { return .exact(correct: count, count: count, loss: 0.125) }
    if word % 16 == 0 { return .nonfinite }
    return .exact(correct: Int(word >> 8 % 5), count: count, loss: Double(word >> 16 % 8) / 8)
  }
}
