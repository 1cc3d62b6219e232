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
  /// Everything a job needs, fetched before it is put on the lane.
  enum Work: Sendable {
    case train(TrainingSegment, LabelledData, TrainingState)
    case score(Scoring, [Float], LabelledData)
    case grow(Growing, LabelledData, TrainingState)
    /// Several have the same network, weights and slice, and no retraining.
    case evaluate([Evaluation<FitnessUse>], [Float]?, EvaluationData, images: LabelledData?)
    case test(Evaluation<TestUse>, [Float]?, EvaluationData, images: LabelledData?)
  }

  /// An outcome, the blobs that it names, and its cost; of jobs that were computed together, an equal share.
  struct Product: Sendable {
    let answer: JobResult.Answer
    let blobs: [(digest: Digest, bytes: [UInt8])]
    let cost: Cost
  }

  private let queue: DispatchQueue
  /// Touched on `queue` alone.
  private nonisolated(unsafe) let judging = Judging()

  init(number: Int) { queue = DispatchQueue(label: "lane \(number)") }

  /// Computes jobs on the lane's thread: as many products as there are jobs in `work`.
  func perform(_ work: Work) async -> [Product] {
    await withCheckedContinuation { continuation in
      queue.async { [self] in
        let start = (wall: Clock.now, cpu: Clock.threadSeconds)
        let answers = compute(work)
        let share = 1 / Double(answers.count)
        let cost = Cost(
          wallSeconds: Clock.now.seconds(since: start.wall) * share,
          cpuSeconds: max(0, Clock.threadSeconds - start.cpu) * share)
        continuation.resume(returning: answers.map { Product(answer: $0, blobs: $1, cost: cost) })
      }
    }
  }

  private func compute(_ work: Work) -> [(JobResult.Answer, [(digest: Digest, bytes: [UInt8])])] {
    do {
      switch work {
      case .evaluate(let jobs, let parameters, let data, let images):
        return try judging.scores(jobs, parameters: parameters, data: data, images: images).map { score in
          (.outcome(score.map { .evaluated($0) } ?? .worseThanThreshold), [])
        }
      case .test(let job, let parameters, let data, let images):
        let score = try judging.test(job, parameters: parameters, data: data, images: images)
        return [(.outcome(.tested(score)), [])]
      case .train(let job, let data, let state): return [try train(job, data, state)]
      case .score(let job, let parameters, let data):
        let (outcome, blob) = try job.outcome(parameters: parameters, data: data)
        return [(.outcome(outcome), blob.map { [$0] } ?? [])]
      case .grow(let job, let data, let state): return [try grow(job, data, state)]
      }
    } catch {
      return Array(repeating: (.failure("\(error)"), []), count: work.jobCount)
    }
  }

  private func train(
    _ job: TrainingSegment, _ data: LabelledData, _ start: TrainingState
  ) throws -> (JobResult.Answer, [(digest: Digest, bytes: [UInt8])]) {
    let trainer = try Trainer(
      network: job.network, recipe: job.recipe, data: data, seed: job.seed, mask: job.mask, scope: job.scope)
    var state = start
    switch trainer.run(&state, through: job.steps.upperBound) {
    case .diverged(let step): return (.outcome(.diverged(step: step)), [])
    case .trained(let loss):
      if let mask = job.mask { state.bringBack(start.parameters, where: mask, of: job) }
      let (state, weights) = (
        stored(state.canonicalBytes.bytes), stored(Parameters.canonicalBytes(of: state.parameters))
      )
      return (
        .outcome(.trained(TrainedSegment(state: state.digest, parameters: weights.digest, loss: loss))),
        [state, weights]
      )
    }
  }

  private func grow(
    _ job: Growing, _ data: LabelledData, _ start: TrainingState
  ) throws -> (JobResult.Answer, [(digest: Digest, bytes: [UInt8])]) {
    let grower = try Grower(network: job.network, recipe: job.recipe, data: data, seed: job.seed)
    guard let grown = try grower.grow(start, job.growth) else { return (.outcome(.diverged(step: job.step)), []) }
    let state = stored(grown.state.canonicalBytes.bytes)
    let weights = stored(Parameters.canonicalBytes(of: grown.state.parameters))
    let network = GrownNetwork(state: state.digest, parameters: weights.digest, gain: grown.gain)
    return (.outcome(.grown(network)), [state, weights])
  }

  private func stored(_ bytes: [UInt8]) -> (digest: Digest, bytes: [UInt8]) { (Digest(of: bytes), bytes) }
}

extension Lane.Work {
  fileprivate var jobCount: Int {
    switch self {
    case .evaluate(let jobs, _, _, _): jobs.count
    case .train, .score, .grow, .test: 1
    }
  }
}

extension TrainingState {
  /// Gives removed weights the values that they had.
  fileprivate mutating func bringBack(_ old: [Float], where mask: Mask, of job: TrainingSegment) {
    for tensor in ParameterLayout(job.network, scope: job.scope).prunable {
      for (index, position) in zip(tensor.range, tensor.maskRange!) where !mask[position] {
        parameters[index] = old[index]
      }
    }
  }
}
