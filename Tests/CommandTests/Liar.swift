import Digests
import Messaging
import Models
import Networks
import Pruning
import Scheduling
import Studies
import Synchronization
import Wire

/// A worker that speaks the protocol and never computes.
///
/// Evaluations get a score that could be one, trainings weights that nobody trained; of the two it lies about one kind. It
/// is given no trainings where it lies about evaluations, and leaves evaluations undone else.
final class Liar: @unchecked Sendable {
  enum Subject { case evaluations, trainings }

  let id = Digest(of: Array("liar \(UInt64.random(in: 0 ... .max))".utf8))
  private let socket: WorkerSocket
  private let subject: Subject
  private let epoch = Mutex<UInt64>(0)
  // Touched by `work()` alone.
  private var blobs: [Digest: [UInt8]] = [:]

  init(_ address: String, lyingAbout subject: Subject = .evaluations) throws {
    self.subject = subject
    socket = try WorkerSocket(receiveLimit: WireCodec.receiveLimit)
    try socket.dial(try Address(address))
  }

  /// Works until it is sent away.
  ///
  /// - Parameter connections: after so many it goes by itself; a coordinator that begins anew takes one.
  /// - Returns: how many lies it told, and why it had to go.
  func work(connections: Int = 10) async throws -> (lies: Int, rejection: Rejection?) {
    var lies = 0
    var lost = 0
    let heart = Task {
      while true {
        try await Task.sleep(for: .seconds(1))
        await say(.heartbeat(holding: []))
      }
    }
    defer { heart.cancel() }
    var shelf = MaskShelf.receiver
    for await event in socket.events {
      switch event {
      case .connected:
        shelf = .receiver
        await say(.hello(hello()))
      case .disconnected:
        lost += 1
        if lost == connections { return (lies, nil) }
      case .message(_, let bytes):
        let (message, of) = try WireCodec.coordinatorMessage(bytes, on: &shelf)
        switch message {
        case .welcome: epoch.withLock { $0 = of }
        case .reject(let rejection): return (lies, rejection)
        case .dismiss:
          await say(.bye)
          return (lies, nil)
        case .parcel(let jobs):
          let results = jobs.compactMap(answer)
          lies += results.count
          await say(.results(results))
        case .blobRequest(let request):
          let blob = blobs[request.digest]!
          let piece = blob[request.offset..<min(blob.count, request.offset + request.length)]
          await say(
            .blobChunk(
              BlobChunk(digest: request.digest, offset: request.offset, total: blob.count, bytes: Array(piece))))
        case .acknowledge, .cancel, .blobChunk: break
        }
      }
    }
    return (lies, nil)
  }

  /// What is lost is lost: the coordinator may be gone.
  private func say(_ message: WorkerMessage) async {
    try? await socket.send(WireCodec.encode(message, epoch: epoch.withLock { $0 }))
  }

  private func answer(_ job: Job) -> JobResult? {
    let cost = Cost(wallSeconds: 0.001, cpuSeconds: 0)
    let outcome: Outcome
    switch (job, subject) {
    case (.evaluate(let evaluation), .evaluations):
      let correct = Int(job.digest.firstWord % UInt64(evaluation.sampleCount))
      outcome = .evaluated(.exact(correct: correct, count: evaluation.sampleCount, loss: 0.01))
    case (.train(let segment), .trainings): outcome = pretend(segment)
    case (_, .evaluations): return JobResult(job: job.digest, answer: .failure("not today"), cost: cost)
    default: return nil
    }
    return JobResult(job: job.digest, answer: .outcome(outcome), cost: cost)
  }

  /// Fresh weights as the state after the last step.
  private func pretend(_ job: TrainingSegment) -> Outcome {
    var state = Trainer.initialState(job.network, recipe: job.recipe, seed: job.seed)
    state.step = job.steps.upperBound
    let bytes = state.canonicalBytes.bytes
    let weights = Parameters.canonicalBytes(of: state.parameters)
    let segment = TrainedSegment(state: Digest(of: bytes), parameters: Digest(of: weights), loss: 0.5)
    (blobs[segment.state], blobs[segment.parameters]) = (bytes, weights)
    return .trained(segment)
  }

  private func hello() -> Hello {
    // What an honest worker of this build says of the built-in evaluations.
    var golden = CanonicalBytes(kind: "golden", version: 1)
    for score in GoldenEvaluation.scores(.best) { golden.append(raw: Outcome.evaluated(score).canonicalBytes) }
    return Hello(
      protocolVersion: ProtocolVersion.current, build: "liar", worker: id, name: "liar", lanes: 2,
      receiveLimit: 1 << 24, numerics: subject == .trainings ? .portable : NumericsClass("other"),
      golden: golden.digest,
      holding: [])
  }
}
