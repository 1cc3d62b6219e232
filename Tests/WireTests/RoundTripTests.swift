import Models
import Pruning
import Randomness
import Scheduling
import Studies
import Testing
import Wire

/// Every message comes out as it went in, in its own direction only.
@Suite struct RoundTripTests {
  @Test("Every kind of message with random content, and the epoch beside it")
  func everyMessage() throws {
    for seed in 0..<150 as Range<UInt64> {
      var generator = Generator(seed: seed)
      let epoch = generator.stream.next()
      for message in generator.workerMessages() {
        let decoded = try WireCodec.workerMessage(WireCodec.encode(message, epoch: epoch))
        #expect(decoded.message == message && decoded.epoch == epoch, "seed \(seed)")
      }
      for message in generator.coordinatorMessages() {
        let decoded = try WireCodec.coordinatorMessage(WireCodec.encode(message, epoch: epoch))
        #expect(decoded.message == message && decoded.epoch == epoch, "seed \(seed)")
      }
    }
  }

  @Test("Masks of every length from 1 to 130, empty, full and random")
  func masks() throws {
    for count in 1...130 {
      var generator = Generator(seed: UInt64(count))
      let network = try NetworkDescription(name: "", widths: [count, 1, 2])
      for mask in [Mask(count: count), Mask(count: count, keeping: true), generator.mask(count: count)] {
        let job = Job.evaluate(
          Evaluation(
            network: network, scope: PruningScope(), parameters: generator.digest(), mask: mask,
            slice: generator.slice(FitnessUse.self)))
        let decoded = try WireCodec.coordinatorMessage(WireCodec.encode(.parcel([job]), epoch: 0))
        #expect(decoded.message == .parcel([job]), "\(count) weights")
      }
    }
  }

  @Test("A network without anything to prune has a mask of length 0")
  func emptyMask() throws {
    var generator = Generator(seed: 1)
    let network = try NetworkDescription(name: "classifier alone", widths: [4, 3])
    for mask in [nil, Mask(count: 0)] {
      let job = Job.test(
        Evaluation(
          network: network, scope: PruningScope(), parameters: generator.digest(), mask: mask,
          slice: generator.slice(TestUse.self)))
      let decoded = try WireCodec.coordinatorMessage(WireCodec.encode(.parcel([job]), epoch: 0))
      #expect(decoded.message == .parcel([job]))
    }
  }

  @Test("A parcel of jobs of many networks holds each network once, in any order of jobs")
  func networksOnce() throws {
    for seed in 0..<20 as Range<UInt64> {
      var generator = Generator(seed: seed)
      var jobs: [Job] = []
      for _ in 0..<5 {
        let evaluation = generator.evaluation(FitnessUse.self)
        let network = evaluation.network
        let parameters = generator.digest()
        let slice = generator.slice(TestUse.self)
        let segment = TrainingSegment(
          network: network, recipe: TrainingRecipe(), seed: 1, slice: Slice(digest: generator.digest(), count: 64),
          start: .fresh, steps: 3..<20, numerics: .portable)
        jobs += [
          .evaluate(evaluation), .train(segment),
          .test(
            Evaluation(
              network: network, scope: evaluation.scope, parameters: parameters, mask: evaluation.mask,
              slice: slice)),
        ]
      }
      generator.stream.shuffle(&jobs)
      #expect(PBParcel(jobs).network.count == 5, "seed \(seed)")
      let decoded = try WireCodec.coordinatorMessage(WireCodec.encode(.parcel(jobs), epoch: 0))
      #expect(decoded.message == .parcel(jobs), "seed \(seed)")
    }
  }

  @Test("Every kind of training, retraining, number of samples and threshold")
  func everyField() throws {
    var generator = Generator(seed: 7)
    let evaluation = generator.evaluation(FitnessUse.self)
    let parameters = generator.digest()
    let thresholds: [Threshold?] = [
      nil, .accuracy(atLeast: 0), .accuracy(atLeast: 0.5), .accuracy(atLeast: -.infinity), .loss(atMost: 0),
      .loss(atMost: 2.5), .loss(atMost: .infinity),
    ]
    var jobs: [Job] = []
    for threshold in thresholds {
      for samples in [nil, 1, 1 << 32] {
        for retraining in [nil, generator.retraining()] {
          let job = Evaluation(
            network: evaluation.network, scope: evaluation.scope, parameters: parameters,
            mask: evaluation.mask, slice: evaluation.slice, samples: samples, retraining: retraining,
            threshold: threshold)
          jobs.append(.evaluate(job))
        }
      }
    }
    for mask in [nil, evaluation.mask] {
      let fresh = Evaluation(
        network: evaluation.network, scope: evaluation.scope, parameters: nil, mask: mask, slice: evaluation.slice,
        retraining: generator.retraining())
      jobs.append(.evaluate(fresh))
    }
    let slice = Slice<TrainingUse>(digest: generator.digest(), count: 64)
    for start in [TrainingSegment.Start.fresh, .weights(generator.digest()), .state(generator.digest())] {
      for prunesClassifier in [false, true] {
        let scope = PruningScope(prunesClassifier: prunesClassifier)
        let mask = generator.mask(count: ParameterLayout(evaluation.network, scope: scope).prunableCount)
        for steps in [0..<0, 0..<3, 3..<3, 2..<20] {
          let job = TrainingSegment(
            network: evaluation.network, recipe: TrainingRecipe(), seed: 1, slice: slice, start: start, mask: mask,
            scope: scope, steps: steps, numerics: .portable)
          jobs.append(.train(job))
        }
      }
    }
    let decoded = try WireCodec.coordinatorMessage(WireCodec.encode(.parcel(jobs), epoch: 0))
    #expect(decoded.message == .parcel(jobs))
  }

  @Test("Two names of one structure are one network, sent under the first name")
  func names() throws {
    var generator = Generator(seed: 1)
    let jobs = try ["first", "second"].map { name in
      Job.evaluate(
        Evaluation(
          network: try NetworkDescription(name: name, widths: [4, 3, 2]), scope: PruningScope(),
          parameters: generator.digest(), mask: nil, slice: generator.slice(FitnessUse.self)))
    }
    #expect(PBParcel(jobs).network.count == 1)
    guard
      case .parcel(let decoded) = try WireCodec.coordinatorMessage(WireCodec.encode(.parcel(jobs), epoch: 0)).message
    else {
      Issue.record("another message")
      return
    }
    #expect(decoded.map(\.digest) == jobs.map(\.digest))
    for case .evaluate(let evaluation) in decoded { #expect(evaluation.network.name == "first") }
  }

  @Test("Masks of convolutional networks, with and without the classifier, groups and branches")
  func graphs() throws {
    for seed in 0..<100 as Range<UInt64> {
      var generator = Generator(seed: seed)
      let network = generator.graph()
      for prunesClassifier in [false, true] {
        let scope = PruningScope(prunesClassifier: prunesClassifier)
        let job = Job.evaluate(
          Evaluation(
            network: network, scope: scope, parameters: generator.digest(),
            mask: generator.mask(count: network.prunableCount(scope)), slice: generator.slice(FitnessUse.self)))
        let decoded = try WireCodec.coordinatorMessage(WireCodec.encode(.parcel([job]), epoch: 0))
        #expect(decoded.message == .parcel([job]), "seed \(seed)")
      }
    }
  }

  @Test("A message of the wrong direction is refused, but for blobs, which go both ways")
  func directions() {
    for seed in 0..<20 as Range<UInt64> {
      var generator = Generator(seed: seed)
      for message in generator.workerMessages() {
        let decoded = decode(WireCodec.encode(message, epoch: 1)).coordinator
        switch message {
        case .blobRequest(let request): #expect(decoded == .blobRequest(request))
        case .blobChunk(let chunk): #expect(decoded == .blobChunk(chunk))
        case .hello, .results, .heartbeat, .returned, .bye: #expect(decoded == nil, "\(message)")
        }
      }
      for message in generator.coordinatorMessages() {
        let decoded = decode(WireCodec.encode(message, epoch: 1)).worker
        switch message {
        case .blobRequest(let request): #expect(decoded == .blobRequest(request))
        case .blobChunk(let chunk): #expect(decoded == .blobChunk(chunk))
        case .welcome, .reject, .parcel, .acknowledge, .cancel, .dismiss: #expect(decoded == nil, "\(message)")
        }
      }
    }
  }

  @Test("A failure's text is cut to a length that a log can bear")
  func longFailure() throws {
    var generator = Generator(seed: 1)
    var result = generator.result()
    result.answer = .failure(String(repeating: "a", count: 100_000))
    let decoded = try WireCodec.workerMessage(WireCodec.encode(.results([result]), epoch: 0)).message
    result.answer = .failure(String(repeating: "a", count: 4096))
    #expect(decoded == .results([result]))
  }
}
