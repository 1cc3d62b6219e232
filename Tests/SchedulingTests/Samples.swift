import Digests
import Models
import Pruning
import Scheduling
import Studies

/// Jobs and outcomes to test with, told apart by a number.
enum Samples {
  static let network = try! NetworkDescription(name: "tiny", widths: [8, 4, 2])
  static let golden = digest("golden")
  static let run = digest("run")
  static let study = digest("study")

  static func digest(_ name: String) -> Digest { Digest(of: Array(name.utf8)) }

  /// An evaluation; `number` is written into the mask.
  static func evaluation(_ number: Int, samples: Int = 100) -> Job {
    .evaluate(
      Evaluation(
        network: network, scope: PruningScope(), parameters: digest("parameters"),
        mask: Mask(count: 32, words: [UInt64(number)])!, slice: Slice(digest: digest("search"), count: samples)))
  }

  static func training(_ number: Int, numerics: NumericsClass = .portable) -> Job {
    .train(
      TrainingSegment(
        network: network, recipe: TrainingRecipe(), seed: UInt64(number),
        slice: Slice(digest: digest("train"), count: 100), start: .fresh, steps: 0..<1, numerics: numerics))
  }

  /// The one right outcome of a job.
  static func outcome(_ job: Job) -> Outcome {
    let name = job.digest.hex
    switch job {
    case .score: return .scored(digest("w" + name))
    case .grow: return .grown(GrownNetwork(state: digest("s" + name), parameters: digest("p" + name), gain: 1))
    case .train: return .trained(TrainedSegment(state: digest("s" + name), parameters: digest("p" + name), loss: 1))
    case .evaluate, .test, .split:
      let correct = job.digest.firstWord % 101
      return .evaluated(.exact(correct: Int(correct), count: 100, loss: 0.5))
    }
  }

  /// An answer that could be one, and is not.
  static func lie(_ job: Job, _ number: Int = 0) -> Outcome {
    switch outcome(job) {
    case .trained(let segment):
      .trained(
        TrainedSegment(state: segment.state, parameters: segment.parameters, loss: segment.loss + 1 + Double(number)))
    case .evaluated:
      .evaluated(.exact(correct: Int(job.digest.firstWord % 101), count: 100, loss: 0.75 + Double(number)))
    default: outcome(job)
    }
  }

  static func result(_ job: Job, seconds: Double = 0.05) -> JobResult {
    JobResult(job: job.digest, answer: .outcome(outcome(job)), cost: Cost(wallSeconds: seconds, cpuSeconds: seconds))
  }

  static func failure(_ job: Job) -> JobResult {
    JobResult(job: job.digest, answer: .failure("no luck"), cost: Cost(wallSeconds: 0, cpuSeconds: 0))
  }

  static func hello(
    _ name: String, lanes: Int = 1, numerics: NumericsClass = .portable, holding: [Job] = [],
    protocolVersion: Int = ProtocolVersion.current, golden: Digest = golden, receiveLimit: Int = 1 << 24
  ) -> Hello {
    Hello(
      protocolVersion: protocolVersion, build: "test", worker: digest(name), name: name, lanes: lanes,
      receiveLimit: receiveLimit, numerics: numerics, golden: golden, holding: holding.map(\.digest))
  }

  static func welcome(epoch: UInt64 = 1, run: Digest = run) -> Welcome {
    Welcome(epoch: epoch, run: run, study: study, heartbeatSeconds: 2, receiveLimit: 1 << 24)
  }
}

extension Instant {
  init(seconds: Double) { self.init(nanoseconds: UInt64((seconds * 1e9).rounded())) }
}
