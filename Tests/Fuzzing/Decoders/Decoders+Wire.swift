import Digests
import Models
import Pruning
import Scheduling
import Studies
import Wire

/// What peers send. Inputs are sealed before they are read, or no change of one would get past the seal.
extension Decoder {
  /// A digest of a text, where any will do.
  private static func digest(_ text: String) -> Digest { Digest(of: Array(text.utf8)) }

  static let wire = [
    Decoder("worker-messages", perByte: 64) {
      workerMessages.map { Array(WireCodec.encode($0, epoch: 3).dropLast(Seal.length)) }
    } read: { bytes in
      let message = try WireCodec.workerMessage(Seal.sealed(bytes)).message
      let again = try WireCodec.workerMessage(WireCodec.encode(message, epoch: 1)).message
      return sound(again == message, "a message that changes when it is sent on")
    },
    Decoder("coordinator-messages", perByte: 64) {
      try coordinatorMessages().map { Array(WireCodec.encode($0, epoch: 3).dropLast(Seal.length)) }
    } read: { bytes in
      let message = try WireCodec.coordinatorMessage(Seal.sealed(bytes)).message
      let again = try WireCodec.coordinatorMessage(WireCodec.encode(message, epoch: 1)).message
      return sound(again == message, "a message that changes when it is sent on")
    },
    Decoder("sealed-messages") {
      [WireCodec.encode(WorkerMessage.bye, epoch: 1), WireCodec.encode(workerMessages[0], epoch: 1)]
    } read: { bytes in
      _ = try? WireCodec.coordinatorMessage(bytes)
      return try WireCodec.workerMessage(bytes).epoch >= 0
    },
  ]

  private static let workerMessages: [WorkerMessage] = [
    .hello(
      Hello(
        protocolVersion: ProtocolVersion.current, build: "1.0", worker: digest("w"), name: "host/12", lanes: 2,
        receiveLimit: 1 << 24, numerics: .portable, golden: digest("golden"), holding: [digest("a"), digest("b")])),
    .results(
      outcomes.enumerated().map {
        JobResult(job: digest("\($0)"), answer: .outcome($1), cost: Cost(wallSeconds: 0.5, cpuSeconds: 0.25))
      } + [
        JobResult(job: digest("f"), answer: .failure("why"), cost: Cost(wallSeconds: 0, cpuSeconds: 0))
      ]),
    .heartbeat(holding: [digest("a")]), .returned([digest("a"), digest("b")]),
    .blobRequest(BlobRequest(digest: digest("a"), offset: 262_144, length: 262_144)),
    .blobChunk(BlobChunk(digest: digest("a"), offset: 4, total: 9, bytes: [1, 2, 3, 4, 5])), .bye,
  ]

  static let outcomes: [Outcome] = [
    .split(
      Splits(
        train: Slice(digest: digest("t"), count: 70), search: Slice(digest: digest("s"), count: 50),
        validation: Slice(digest: digest("v"), count: 10), test: Slice(digest: digest("e"), count: 20))),
    .trained(TrainedSegment(state: digest("state"), parameters: digest("weights"), loss: 0.1)), .diverged(step: 3),
    .evaluated(.exact(correct: 3, count: 50, loss: 2.5)), .evaluated(.nonfinite),
    .tested(TestScore(.exact(correct: 20, count: 20, loss: 0), top5: 20)), .worseThanThreshold,
    .scored(digest("scores")),
  ]

  static func networks() throws -> [NetworkDescription] {
    var builder = NetworkBuilder(input: [2, 6, 6])
    builder.add(.convolution(Convolution(outputs: 4, window: Window(3, padding: 1), groups: 2, bias: false)))
    builder.add(.batchNorm(BatchNorm()))
    let stem = builder.add(.activation(.leakyRelu(slope: 0.1)))
    let pooled = builder.add(.maxPool(Window(3, padding: 1)), to: [stem])
    builder.add(.add, to: [stem, builder.add(.averagePool(Window(3, padding: 1), countsPadding: true), to: [pooled])])
    builder.add(.activation(.clip(low: 0, high: 6)))
    builder.add(.concatenate, to: [builder.last, stem])
    builder.add(.globalAveragePool)
    builder.add(.dropout(rate: 0.5))
    builder.flatten()
    builder.dense(3)
    builder.add(.softmax(logarithmic: true))
    return [
      try NetworkDescription(name: "small", widths: [6, 5, 2]), try builder.network(name: "graph"),
      try NetworkDescription(name: "flat", widths: [4, 3]),
    ]
  }

  static let recipes = [
    TrainingRecipe(epochs: 3, batchSize: 10),
    TrainingRecipe(
      epochs: 9, learningRate: 0.1, optimizer: .adamW(.init()), l1: 0.1, schedule: .milestones([2, 5], gamma: 0.1),
      warmupEpochs: 1, augmentation: .init(cropPadding: 2, flip: true)),
    TrainingRecipe(epochs: 9, optimizer: .adam(.init()), schedule: .cosine(horizon: 20)),
  ]

  private static func coordinatorMessages() throws -> [CoordinatorMessage] {
    let networks = try networks()
    let slice = Slice<FitnessUse>(digest: digest("s"), count: 50)
    let images = Slice<TrainingUse>(digest: digest("t"), count: 41)
    let counts = networks.map { $0.prunableCount(PruningScope()) }
    let retraining = Retraining(
      recipe: recipes[1], firstStep: 4, slice: images, samplesPerClass: 2, draw: 3, seed: 5, numerics: .portable)
    let jobs: [Job] = [
      .evaluate(
        Evaluation(
          network: networks[0], scope: PruningScope(), parameters: digest("w"),
          mask: Mask(count: counts[0], keeping: [1, 20]), slice: slice)),
      .evaluate(
        Evaluation(
          network: networks[1], scope: PruningScope(), parameters: digest("w"), mask: nil, slice: slice, samples: 20,
          retraining: retraining, threshold: .accuracy(atLeast: 0.5))),
      .test(
        Evaluation(
          network: networks[0], scope: PruningScope(), parameters: digest("w"),
          mask: Mask(count: counts[0], keeping: true), slice: Slice<TestUse>(digest: digest("e"), count: 9))),
      .train(
        TrainingSegment(
          network: networks[1], recipe: recipes[0], seed: 1, slice: images, start: .state(digest("state")),
          mask: Mask(count: counts[1], keeping: [0, 3]), scope: PruningScope(), steps: 2..<5, numerics: .portable)),
      .score(
        Scoring(
          network: networks[0], scope: PruningScope(), parameters: digest("w"), slice: images, samples: 20,
          criterion: .edgePopup(Scoring.PopupTraining(recipe: recipes[2], kept: [12], seed: 1)), numerics: .portable)),
    ]
    return jobs.map { .parcel([$0]) } + [
      .parcel(jobs),
      .welcome(
        Welcome(epoch: 7, run: digest("r"), study: digest("s"), heartbeatSeconds: 2, receiveLimit: 1 << 24)),
      .reject(Rejection(code: .quarantined, reason: "why", retryable: true)), .acknowledge([digest("a")]),
      .cancel([digest("a"), digest("b")]), .blobRequest(BlobRequest(digest: digest("a"), offset: 0, length: 9)),
      .blobChunk(BlobChunk(digest: digest("a"), offset: 0, total: 3, bytes: [1, 2, 3])), .dismiss,
    ]
  }
}
