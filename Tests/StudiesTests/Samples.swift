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
    epochsPerSegment: 3, scope: PruningScope(), objective: objective, compression: 2, genetic: genetic,
    randomSearch: randomSearch)
}

let sampleSplits = Splits(
  train: Slice(digest: digest("train"), count: 70), search: Slice(digest: digest("search"), count: 50),
  validation: Slice(digest: digest("validation"), count: 10), test: Slice(digest: digest("test"), count: 20))

/// A worker that answers every job with a pure function of the job.
struct FakeWorker {
  /// The weights that training ends with, in stored form.
  let parameters: [UInt8]
  /// The epoch in which training leaves the finite numbers; nil: never.
  var divergesIn: Int?

  init(_ study: Study, divergesIn: Int? = nil) {
    var stream = RandomStream(seed: 5, .test)
    let count = ParameterLayout(study.network, scope: study.scope).count
    parameters = Parameters.canonicalBytes(of: (0..<count).map { _ in Float(stream.normal()) })
    self.divergesIn = divergesIn
  }

  func outcome(of job: Job) -> Outcome {
    switch job {
    case .split: return .split(sampleSplits)
    case .train(let segment):
      if let divergesIn, segment.epochs.contains(divergesIn) { return .diverged(epoch: divergesIn) }
      return .trained(
        TrainedSegment(
          state: digest("state after \(segment.epochs.upperBound)"), parameters: Digest(of: parameters), loss: 0.5))
    case .evaluate(let evaluation):
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
