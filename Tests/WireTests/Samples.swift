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
  mutating func seconds() -> Double { min(abs(double()), 1e9) }

  mutating func mask(count: Int) -> Mask {
    Mask(count: count, keeping: (0..<count).filter { _ in stream.chance(0.4) })
  }

  mutating func network() -> NetworkDescription {
    if stream.chance(0.5) { return graph() }
    let widths = (0..<2 + stream.below(3)).map { _ in 1 + stream.below(30) }
    guard let network = try? NetworkDescription(name: text(), widths: widths) else { preconditionFailure() }
    return network
  }

  /// Every kind of layer that images can pass, with branches that meet again.
  mutating func graph() -> NetworkDescription {
    let groups = 1 + stream.below(3)
    var builder = NetworkBuilder(input: [groups * (1 + stream.below(2)), 5 + stream.below(4), 5 + stream.below(4)])
    let padding = Window.Padding(top: stream.below(3), left: stream.below(3), bottom: 1, right: stream.below(3))
    let window = Window(
      height: 1 + stream.below(3), width: 1 + stream.below(3), verticalStride: 1 + stream.below(2),
      horizontalStride: 1 + stream.below(2), padding: padding)
    let channels = groups * (1 + stream.below(3))
    builder.add(
      .convolution(Convolution(outputs: channels, window: window, groups: groups, bias: stream.chance(0.5))),
      name: "stem" + text())
    builder.add(.batchNorm(BatchNorm(epsilon: 1e-6 + stream.uniform(), momentum: stream.uniform())))
    let stem = builder.add(.activation(activation()))
    let left = builder.convolution(channels, kernel: 3, padding: 1, groups: channels, bias: false, to: stem)
    let right = builder.add(.maxPool(Window(3, padding: 1)), to: [stem])
    let pooled = builder.add(.averagePool(Window(3, padding: 1), countsPadding: stream.chance(0.5)), to: [stem])
    builder.add(.concatenate, to: [left, right])
    builder.add(.add, to: [builder.last, builder.add(.concatenate, to: [pooled, stem])])
    builder.add(.globalAveragePool)
    builder.add(.dropout(rate: stream.uniform()))
    builder.flatten()
    builder.dense(2 + stream.below(9), bias: stream.chance(0.5))
    if stream.chance(0.5) { builder.add(.softmax(logarithmic: stream.chance(0.5))) }
    guard let network = try? builder.network(name: text()) else { preconditionFailure() }
    return network
  }

  mutating func activation() -> Activation {
    switch stream.below(5) {
    case 0: .relu
    case 1: .leakyRelu(slope: Float(stream.normal()))
    case 2: .sigmoid
    case 3: .tanh
    default: .clip(low: -Float(stream.uniform()), high: Float(stream.uniform()))
    }
  }

  mutating func recipe() -> TrainingRecipe {
    let moments = TrainingRecipe.Optimizer.Moments(
      beta1: stream.uniform(), beta2: stream.uniform(), epsilon: 1e-9 + stream.uniform())
    let optimizers: [TrainingRecipe.Optimizer] = [
      .sgd(momentum: 0, nesterov: false), .sgd(momentum: 0.5, nesterov: stream.chance(0.5)), .adam(moments),
      .adamW(moments),
    ]
    let schedules: [TrainingRecipe.Schedule] = [
      .constant, .milestones([], gamma: 1), .milestones([1, 1 + int(1...1000), 5000], gamma: 1e-9 + stream.uniform()),
      .cosine(horizon: int(1...100_000)),
    ]
    return TrainingRecipe(
      epochs: int(1...100_000), batchSize: int(1...65_536), learningRate: 1e-9 + stream.uniform(),
      optimizer: optimizers[stream.below(4)], l1: stream.uniform(), l2: stream.uniform(),
      schedule: schedules[stream.below(4)], warmupEpochs: int(0...100_000),
      augmentation: TrainingRecipe.Augmentation(cropPadding: int(0...64), flip: stream.chance(0.5)),
      part: TrainingRecipe.Part.allCases[stream.below(3)], zerosLearn: stream.chance(0.5))
  }

  mutating func slice<Use>(_ use: Use.Type) -> Slice<Use> { Slice(digest: digest(), count: int(0...1 << 32)) }

  /// A network with a scope and, often, a mask over it.
  mutating func maskedNetwork() -> (network: NetworkDescription, scope: PruningScope, mask: Mask?) {
    let network = network()
    let scope = PruningScope(prunesClassifier: stream.chance(0.5))
    let count = ParameterLayout(network, scope: scope).prunableCount
    return (network, scope, stream.chance(0.2) ? nil : mask(count: count))
  }

  mutating func retraining() -> Retraining {
    Retraining(
      recipe: recipe(), firstStep: int(0...1 << 48), slice: slice(TrainingUse.self),
      samplesPerClass: stream.chance(0.5) ? nil : int(1...1 << 32), draw: int(0...1 << 32), seed: stream.next(),
      numerics: NumericsClass(text()))
  }

  mutating func threshold() -> Threshold? {
    switch stream.below(4) {
    case 0: .accuracy(atLeast: stream.chance(0.2) ? -.infinity : double())
    case 1: .loss(atMost: stream.chance(0.2) ? .infinity : double())
    default: nil
    }
  }

  mutating func evaluation<Use>(_ use: Use.Type, threshold: Threshold? = nil) -> Evaluation<Use> {
    let (network, scope, mask) = maskedNetwork()
    let retraining = stream.chance(0.5) ? nil : retraining()
    return Evaluation(
      network: network, scope: scope, parameters: retraining != nil && stream.chance(0.3) ? nil : digest(), mask: mask,
      slice: slice(use), samples: stream.chance(0.5) ? nil : int(1...1 << 32), retraining: retraining,
      threshold: threshold)
  }

  mutating func segment() -> TrainingSegment {
    let recipe = recipe()
    let slice = Slice<TrainingUse>(digest: digest(), count: int(1...1 << 32))
    let steps = min(recipe.epochs * recipe.stepsPerEpoch(samples: slice.count), 1 << 48)
    let first = int(0...steps)
    let (network, scope, mask) = maskedNetwork()
    let starts = [TrainingSegment.Start.fresh, .weights(digest()), .state(digest())]
    return TrainingSegment(
      network: network, recipe: recipe, seed: stream.next(), slice: slice, start: starts[stream.below(3)], mask: mask,
      // Without a mask a scope means nothing, and does not travel.
      scope: mask == nil ? PruningScope() : scope, steps: first..<int(first...steps), numerics: NumericsClass(text()))
  }

  mutating func scoring() -> Scoring {
    let (network, scope, mask) = maskedNetwork()
    let smaller = Mask(count: network.prunableCount(scope))
    let criteria: [Scoring.Criterion] = [
      .gradient, .activation, .gradientMagnitude,
      .edgePopup(
        Scoring.PopupTraining(
          recipe: recipe(), kept: ParameterLayout(network, scope: scope).prunable.map { int(0...$0.range.count) },
          seed: stream.next())),
      .optimalBrainSurgeon(block: int(1...1024), damping: 0.5), .rewriting(.folding(to: smaller)),
      .rewriting(.compensation(block: int(1...1024), damping: 0.25)),
      .rewriting(
        .resetting(
          ResetRule(
            ResetRule.Magnitudes.allCases[stream.below(3)], keepsSigns: stream.chance(0.5), seed: stream.next()))),
      .gradientNorm(zerosLearn: stream.chance(0.5)),
    ]
    return Scoring(
      network: network, scope: scope, parameters: digest(), mask: mask, slice: slice(TrainingUse.self),
      samples: stream.chance(0.5) ? nil : int(1...1 << 32), criterion: criteria[stream.below(criteria.count)],
      numerics: NumericsClass(text()))
  }

  /// Of a network that can grow; one without a place gets a layer that has one.
  mutating func growing() -> Growing {
    var network = network()
    if network.growthSites.isEmpty {
      // Of one name, as a parcel holds a structure once.
      network = try! NetworkDescription(name: "grown", widths: [2, 1 + stream.below(5), 3])
    }
    let methods: [GrowthMethod] = [
      .random(zero: .incoming), .random(zero: .outgoing), .gradMax, .gradMaxOpt(rounds: int(1...10_000)),
      .firefly(candidates: int(0...1 << 12), rounds: int(0...10_000)),
    ]
    let site = network.growthSites[stream.below(network.growthSites.count)]
    let channels = network.shapes[site.producer][0]
    let places: [GrowthStep.Place] = [
      channels > network.least(site)
        ? .removal(producer: site.producer, count: 1) : .neurons(producer: site.producer, count: 1),
      .neurons(producer: site.producer, count: 1 + stream.below(9)),
      .layer(behind: site.producer, .residual(channels: 1 + stream.below(9))),
    ]
    let step = GrowthStep(
      places[stream.below(3)], methods[stream.below(methods.count)], scale: 1e-3 + stream.uniform(),
      samples: int(1...1 << 32))
    return try! Growing(
      network: network, recipe: recipe(), seed: stream.next(), slice: slice(TrainingUse.self), state: digest(),
      step: int(0...1 << 48), growth: step, numerics: NumericsClass(text()))
  }

  mutating func job() -> Job {
    switch stream.below(5) {
    case 4: return .grow(growing())
    case 0: return .train(segment())
    case 3: return .score(scoring())
    case 1:
      let threshold = threshold()
      return .evaluate(evaluation(FitnessUse.self, threshold: threshold))
    default: return .test(evaluation(TestUse.self))
    }
  }

  mutating func score() -> Score {
    let count = int(0...100_000)
    return stream.chance(0.2) ? .nonfinite : .exact(correct: int(0...count), count: count, loss: double())
  }

  mutating func outcome() -> Outcome {
    switch stream.below(9) {
    case 7: .measured(double())
    case 8: .grown(GrownNetwork(state: digest(), parameters: digest(), gain: double()))
    case 6: .scored(digest())
    case 0:
      .split(
        Splits(
          train: slice(TrainingUse.self), search: slice(FitnessUse.self), validation: slice(FitnessUse.self),
          test: slice(TestUse.self)))
    case 1: .trained(TrainedSegment(state: digest(), parameters: digest(), loss: double()))
    case 2: .diverged(step: int(0...1 << 48))
    case 3: .evaluated(score())
    case 4: .worseThanThreshold
    default: .tested(TestScore(.exact(correct: 3, count: 9, loss: 0.5), top5: 7))
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
