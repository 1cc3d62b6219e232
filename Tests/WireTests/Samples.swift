import Digests
import Models
import Pruning
import Randomness
import Scheduling
import Studies
import Wire

/// Messages with keyed random content.
struct Generator {
  var stream: RandomStream

  init(seed: UInt64) { stream = RandomStream(seed: seed, .test) }

  mutating func digest() -> Digest {
    Digest(bytes: (0..<32).map { _ in UInt8(truncatingIfNeeded: stream.next()) })!
  }

  mutating func digests() -> [Digest] { (0..<stream.below(5)).map { _ in digest() } }

  /// Text of up to 12 characters of one to four bytes each.
  mutating func text() -> String {
    let alphabet = Array("aZ0 -\u{0}é木𝄞")
    return String((0..<stream.below(13)).map { _ in alphabet[stream.below(alphabet.count)] })
  }

  mutating func int(_ range: ClosedRange<Int>) -> Int {
    switch stream.below(4) {
    case 0: range.lowerBound
    case 1: range.upperBound
    default: range.lowerBound + stream.below(range.upperBound - range.lowerBound + 1)
    }
  }

  mutating func double() -> Double {
    let special = [0, 1, -1, 0.1, 1e300, .leastNonzeroMagnitude, -.greatestFiniteMagnitude]
    return stream.chance(0.5) ? special[stream.below(special.count)] : stream.normal()
  }

  /// Seconds that something can have lasted.
  mutating func seconds() -> Double { abs(double()) }

  mutating func mask(count: Int) -> Mask {
    Mask(count: count, keeping: (0..<count).filter { _ in stream.chance(0.4) })
  }

  mutating func network() -> NetworkDescription {
    let widths = (0..<2 + stream.below(3)).map { _ in 1 + stream.below(9) }
    guard let network = try? NetworkDescription(name: text(), widths: widths) else { preconditionFailure() }
    return network
  }

  mutating func slice<Use>(_ use: Use.Type) -> Slice<Use> { Slice(digest: digest(), count: int(0...1 << 32)) }

  mutating func evaluation<Use>(_ use: Use.Type) -> Evaluation<Use> {
    let network = network()
    let scope = PruningScope(prunesClassifier: stream.chance(0.5))
    let count = ParameterLayout(network, scope: scope).prunableCount
    return Evaluation(
      network: network, scope: scope, parameters: digest(), mask: stream.chance(0.2) ? nil : mask(count: count),
      slice: slice(use))
  }

  mutating func job() -> Job {
    switch stream.below(3) {
    case 0:
      let epochs = int(1...100_000)
      let first = int(0...epochs - 1)
      return .train(
        TrainingSegment(
          network: network(),
          recipe: TrainingRecipe(
            epochs: epochs, batchSize: int(1...65_536), learningRate: double(), momentum: double(), l2: double()),
          seed: stream.next(), slice: slice(TrainingUse.self), from: stream.chance(0.5) ? digest() : nil,
          epochs: first..<int(first + 1...epochs), numerics: NumericsClass(text())))
    case 1: return .evaluate(evaluation(FitnessUse.self))
    default: return .test(evaluation(TestUse.self))
    }
  }

  mutating func score() -> Score {
    let count = int(0...100_000)
    return stream.chance(0.2) ? .nonfinite : .exact(correct: int(0...count), count: count, loss: double())
  }

  mutating func outcome() -> Outcome {
    switch stream.below(5) {
    case 0:
      .split(
        Splits(
          train: slice(TrainingUse.self), search: slice(FitnessUse.self), validation: slice(FitnessUse.self),
          test: slice(TestUse.self)))
    case 1: .trained(TrainedSegment(state: digest(), parameters: digest(), loss: double()))
    case 2: .diverged(epoch: int(0...100_000))
    case 3: .evaluated(score())
    default: .tested(TestScore(score()))
    }
  }

  mutating func result() -> JobResult {
    JobResult(
      job: digest(), answer: stream.chance(0.2) ? .failure(text()) : .outcome(outcome()),
      cost: Cost(wallSeconds: seconds(), cpuSeconds: seconds()))
  }

  mutating func request() -> BlobRequest {
    BlobRequest(digest: digest(), offset: int(0...1 << 40), length: int(1...BlobChunk.maximumLength))
  }

  mutating func chunk() -> BlobChunk {
    let bytes = (0..<stream.below(40)).map { _ in UInt8(truncatingIfNeeded: stream.next()) }
    let offset = int(0...1 << 30)
    return BlobChunk(digest: digest(), offset: offset, total: int(offset + bytes.count...1 << 40), bytes: bytes)
  }

  /// One message of each kind that a worker sends.
  mutating func workerMessages() -> [WorkerMessage] {
    [
      .hello(
        Hello(
          protocolVersion: int(0...Int(UInt32.max)), build: text(), worker: digest(), name: text(),
          lanes: int(0...Int(UInt32.max)), receiveLimit: int(0...1 << 40), numerics: NumericsClass(text()),
          golden: digest(), holding: digests())),
      .results((0..<stream.below(4)).map { _ in result() }), .heartbeat(holding: digests()), .returned(digests()),
      .blobRequest(request()), .blobChunk(chunk()), .bye,
    ]
  }

  /// One message of each kind that the coordinator sends.
  mutating func coordinatorMessages() -> [CoordinatorMessage] {
    [
      .welcome(
        Welcome(
          epoch: stream.next(), run: digest(), study: digest(), heartbeatSeconds: double(),
          receiveLimit: int(0...1 << 40))),
      .reject(
        Rejection(
          code: Rejection.Code.allCases[stream.below(Rejection.Code.allCases.count)], reason: text(),
          retryable: stream.chance(0.5))),
      .parcel((0..<stream.below(4)).map { _ in job() }), .acknowledge(digests()), .cancel(digests()),
      .blobRequest(request()), .blobChunk(chunk()), .dismiss,
    ]
  }
}

/// Reads bytes in both directions, as a fuzzer does: either throws or gives a value.
func decode(_ bytes: [UInt8]) -> (worker: WorkerMessage?, coordinator: CoordinatorMessage?) {
  (try? WireCodec.workerMessage(bytes).message, try? WireCodec.coordinatorMessage(bytes).message)
}
