internal import Digests
internal import Dispatch
internal import Models
internal import Networks
internal import Pruning
internal import Scheduling
internal import Studies

/// One thread that computes jobs, with the evaluator of its last inputs.
///
/// A serial queue of its own keeps hour-long arithmetic off Swift's cooperative pool, where it would hold up heartbeats.
final class Lane: Sendable {
  private struct Key: Hashable {
    let network: Digest
    let scope: PruningScope
    let parameters: Digest
    let slice: Digest
  }

  /// Everything a job needs, fetched before it is put on the lane.
  enum Work: Sendable {
    case train(TrainingSegment, LabelledData, TrainingState)
    case evaluate(Evaluation<FitnessUse>, [Float], EvaluationData)
    case test(Evaluation<TestUse>, [Float], EvaluationData)
  }

  /// An outcome, the blobs that it names, and its cost.
  struct Product: Sendable {
    let answer: JobResult.Answer
    let blobs: [(digest: Digest, bytes: [UInt8])]
    let cost: Cost
  }

  private let queue: DispatchQueue
  /// Touched on `queue` alone.
  private nonisolated(unsafe) var evaluator: (key: Key, evaluator: MaskedEvaluator)?

  init(number: Int) { queue = DispatchQueue(label: "lane \(number)") }

  /// Computes one job on the lane's thread.
  func perform(_ work: Work) async -> Product {
    await withCheckedContinuation { continuation in
      queue.async { [self] in
        let start = (wall: Clock.now, cpu: Clock.threadSeconds)
        let (answer, blobs) = compute(work)
        let cost = Cost(
          wallSeconds: Clock.now.seconds(since: start.wall), cpuSeconds: max(0, Clock.threadSeconds - start.cpu))
        continuation.resume(returning: Product(answer: answer, blobs: blobs, cost: cost))
      }
    }
  }

  private func compute(_ work: Work) -> (JobResult.Answer, [(digest: Digest, bytes: [UInt8])]) {
    do {
      switch work {
      case .evaluate(let job, let parameters, let data):
        return (.outcome(.evaluated(try score(job, parameters, data))), [])
      case .test(let job, let parameters, let data):
        return (.outcome(.tested(TestScore(try score(job, parameters, data)))), [])
      case .train(let job, let data, var state):
        let trainer = try Trainer(network: job.network, recipe: job.recipe, data: data, seed: job.seed)
        switch trainer.run(&state, through: job.steps.upperBound) {
        case .diverged(let step): return (.outcome(.diverged(step: step)), [])
        case .trained(let loss):
          let bytes = state.canonicalBytes.bytes
          let weights = Parameters.canonicalBytes(of: state.parameters)
          let segment = TrainedSegment(state: Digest(of: bytes), parameters: Digest(of: weights), loss: loss)
          return (.outcome(.trained(segment)), [(segment.state, bytes), (segment.parameters, weights)])
        }
      }
    } catch {
      return (.failure("\(error)"), [])
    }
  }

  private func score<Use>(_ job: Evaluation<Use>, _ parameters: [Float], _ data: EvaluationData) throws -> Score {
    let key = Key(
      network: job.network.digest, scope: job.scope, parameters: job.parameters, slice: job.slice.digest)
    if evaluator?.key != key {
      evaluator = (
        key, try MaskedEvaluator(network: job.network, scope: job.scope, parameters: parameters, data: data)
      )
    }
    return evaluator!.evaluator.evaluate(job.mask)
  }
}
