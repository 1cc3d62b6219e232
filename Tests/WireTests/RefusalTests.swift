import Digests
import Foundation
import Models
import Pruning
import Scheduling
import Studies
import SwiftProtobuf
import Testing
import Wire

/// What a peer may not say: each case is one valid message with one thing changed.
@Suite struct RefusalTests {
  private var generator = Generator(seed: 1)

  private func sealed(_ change: (inout PBEnvelope) -> Void) throws -> [UInt8] {
    var envelope = PBEnvelope()
    change(&envelope)
    return try envelope.serializedBytes()
  }

  private func refusedByWorker(_ change: (inout PBEnvelope) -> Void) throws -> String {
    let bytes = try sealed(change)
    return #expect(throws: WireError.self) { try WireCodec.coordinatorMessage(bytes) }?.description ?? ""
  }

  private func refusedByCoordinator(_ change: (inout PBEnvelope) -> Void) throws -> String {
    let bytes = try sealed(change)
    return #expect(throws: WireError.self) { try WireCodec.workerMessage(bytes) }?.description ?? ""
  }

  /// A valid evaluation of a mask of 65 weights with one change, its digest made anew where that is possible.
  private func evaluation(_ change: (inout PBEvaluate) -> Void = { _ in }) -> PBJob {
    guard let network = try? NetworkDescription(name: "n", widths: [65, 1, 2]) else { preconditionFailure() }
    var generator = generator
    var job = PBJob(
      .evaluate(
        Evaluation(
          network: network, scope: PruningScope(), parameters: generator.digest(), mask: Mask(count: 65, keeping: [64]),
          slice: generator.slice(FitnessUse.self))))
    change(&job.evaluate)
    return job
  }

  private func training(_ change: (inout PBTrain) -> Void = { _ in }) -> PBJob {
    guard let network = try? NetworkDescription(name: "n", widths: [6, 5, 2]) else { preconditionFailure() }
    var generator = generator
    var job = PBJob(
      .train(
        TrainingSegment(
          network: network, recipe: TrainingRecipe(), seed: 1, slice: generator.slice(TrainingUse.self), from: nil,
          epochs: 0..<5, numerics: .portable)))
    change(&job.train)
    return job
  }

  @Test("The samples themselves are accepted")
  func samples() throws {
    for job in [evaluation(), training()] {
      _ = try WireCodec.coordinatorMessage(try sealed { $0.parcel.job = [job] })
    }
  }

  @Test("A job whose digest is not that of its content")
  func jobDigest() throws {
    var wrong: [PBJob] = [
      evaluation {
        $0.prunesClassifier = false; $0.slice.digest = Data(repeating: 1, count: 32)
      },
      evaluation { $0.parameters = Data(repeating: 1, count: 32) },
      evaluation { $0.mask.words[0] ^= 1 }, evaluation { $0.clearMask() }, training { $0.seed = 2 },
      training { $0.learningRate = 0.2 }, training { $0.endEpoch = 6 },
      training { $0.from = Data(repeating: 0, count: 32) }, training { $0.numerics = "another" },
    ]
    // The content of a fitness evaluation is no test evaluation.
    var asTest = evaluation()
    asTest.test = asTest.evaluate
    wrong.append(asTest)
    for job in wrong {
      #expect(
        try refusedByWorker { $0.parcel.job = [evaluation(), job] }.contains("digest is not that of its content"))
    }
  }

  @Test("Masks with bits beyond their end, of the wrong length, or of another network")
  func masks() throws {
    for change: (inout PBEvaluate) -> Void in [
      { $0.mask.words[8] |= 2 }, { $0.mask.words[15] |= 0x80 }, { $0.mask.words.removeLast() },
      { $0.mask.words.append(0) }, { $0.mask.words = Data() }, { $0.mask.count = 64 }, { $0.mask.count = 66 },
      { $0.mask.count = 1 << 33 }, { $0.mask.count = .max }, { $0.mask.count = 0 }, { $0.prunesClassifier = true },
      { $0.mask = PBMask() },
    ] {
      #expect(try refusedByWorker { $0.parcel.job = [evaluation(change)] }.contains("mask"))
    }
  }

  @Test("Networks that are none")
  func networks() throws {
    for change: (inout PBNetwork) -> Void in [
      { $0.layer = [] }, { $0.layer.removeLast() }, { $0.layer[0].dense.inputs = 0 },
      { $0.layer[0].dense.outputs = .max }, { $0.layer[0].dense.outputs = 2 }, { $0.layer.append(PBLayer()) },
      { $0.layer = Array(repeating: $0.layer[1], count: 5000) }, { $0.name = String(repeating: "n", count: 257) },
    ] {
      #expect(try refusedByWorker { $0.parcel.job = [evaluation { change(&$0.network) }] }.contains("network"))
      #expect(try refusedByWorker { $0.parcel.job = [training { change(&$0.network) }] }.contains("network"))
    }
  }

  @Test("Slices, epochs and rates that are none")
  func training() throws {
    for change: (inout PBTrain) -> Void in [
      { $0.firstEpoch = 5 }, { $0.firstEpoch = 7 }, { $0.endEpoch = 21 }, { $0.batchSize = 0 },
      { $0.learningRate = .nan }, { $0.momentum = .infinity }, { $0.l2 = -.infinity },
      { $0.slice.count = 1 << 33 }, { $0.slice.count = .max }, { $0.slice.digest = Data() },
      { $0.slice.digest.append(0) }, { $0.from = Data([1]) }, { $0.numerics = String(repeating: "n", count: 257) },
    ] { _ = try refusedByWorker { $0.parcel.job = [training(change)] } }
    #expect(try refusedByWorker { $0.parcel.job = [PBJob()] }.contains("kind"))
  }

  @Test("Handshakes with impossible fields")
  func handshake() throws {
    var generator = generator
    guard case .hello(let hello) = generator.workerMessages()[0],
      case .welcome(let welcome) = generator.coordinatorMessages()[0]
    else { preconditionFailure() }
    for change: (inout PBHello) -> Void in [
      { $0.worker = Data() }, { $0.golden.append(0) }, { $0.holding.append(Data(repeating: 0, count: 31)) },
      { $0.name = String(repeating: "n", count: 257) }, { $0.build = String(repeating: "b", count: 257) },
      { $0.numerics = String(repeating: "c", count: 257) }, { $0.receiveLimit = .max },
    ] {
      _ = try refusedByCoordinator {
        $0.hello = PBHello(hello)
        change(&$0.hello)
      }
    }
    for change: (inout PBWelcome) -> Void in [
      { $0.run = Data() }, { $0.study = Data() }, { $0.heartbeatSeconds = .nan }, { $0.receiveLimit = .max },
    ] {
      _ = try refusedByWorker {
        $0.welcome = PBWelcome(welcome)
        change(&$0.welcome)
      }
    }
    _ = try refusedByWorker { $0.reject.reason = String(repeating: "r", count: 5000) }
  }

  @Test("A reason that this build does not know is still a rejection")
  func newerRejection() throws {
    let bytes = try sealed {
      $0.reject.code = "somethingNew"
      $0.reject.reason = "why"
    }
    let expected = Rejection(code: .notWelcomed, reason: "why", retryable: false)
    #expect(try WireCodec.coordinatorMessage(bytes).message == .reject(expected))
  }

  @Test("Results without an answer, with a damaged one, or with impossible costs")
  func results() throws {
    var generator = generator
    let result = generator.result()
    for change: (inout PBResult) -> Void in [
      { $0.answer = nil }, { $0.outcome = Data() }, { $0.outcome = Data([1, 2, 3]) }, { $0.job = Data() },
      { $0.wallSeconds = .nan }, { $0.cpuSeconds = -1 }, { $0.cpuSeconds = .infinity },
    ] {
      var message = PBResult(result)
      change(&message)
      _ = try refusedByCoordinator { $0.results.result = [PBResult(result), message] }
    }
  }

  @Test("Blob requests and chunks beyond their bounds")
  func blobs() throws {
    var generator = generator
    let request = PBBlobRequest(generator.request())
    let chunk = PBBlobChunk(BlobChunk(digest: generator.digest(), offset: 10, total: 20, bytes: [1, 2, 3, 4]))
    for change: (inout PBBlobRequest) -> Void in [
      { $0.digest = Data() }, { $0.offset = .max }, { $0.offset = 1 << 41 }, { $0.length = 0 },
      { $0.length = UInt64(BlobChunk.maximumLength) + 1 }, { $0.length = .max },
    ] {
      var message = request
      change(&message)
      _ = try refusedByWorker { $0.blobRequest = message }
      _ = try refusedByCoordinator { $0.blobRequest = message }
    }
    for change: (inout PBBlobChunk) -> Void in [
      { $0.digest = Data() }, { $0.offset = 17 }, { $0.offset = .max }, { $0.total = .max }, { $0.total = 13 },
      {
        $0.offset = 0; $0.total = 3
      },
      {
        $0.offset = 0; $0.total = 0
      },
      {
        $0.total = 1 << 30
        $0.bytes = Data(repeating: 0, count: BlobChunk.maximumLength + 1)
      },
    ] {
      var message = chunk
      change(&message)
      _ = try refusedByWorker { $0.blobChunk = message }
      _ = try refusedByCoordinator { $0.blobChunk = message }
    }
    // No bytes of a total of 0: the blob is not there.
    let absent = BlobChunk(digest: generator.digest(), offset: 99, total: 0, bytes: [])
    let bytes = WireCodec.encode(WorkerMessage.blobChunk(absent), epoch: 0)
    #expect(decode(bytes).worker == .blobChunk(absent))
  }

  @Test("Digests that are not 32 bytes, in every list")
  func digestLists() throws {
    for length in [0, 1, 31, 33, 64] {
      var list = PBDigests(generator.digestPair)
      list.digest.append(Data(repeating: 1, count: length))
      _ = try refusedByCoordinator { $0.heartbeat = list }
      _ = try refusedByCoordinator { $0.returned = list }
      _ = try refusedByWorker { $0.acknowledge = list }
      _ = try refusedByWorker { $0.cancel = list }
    }
  }

  @Test("Nothing, an envelope without a body, and more than the limit")
  func envelopes() throws {
    #expect(decode([]).worker == nil && decode([]).coordinator == nil)
    _ = try refusedByWorker { $0.epoch = 5 }
    _ = try refusedByCoordinator { $0.epoch = 5 }
    let huge = [UInt8](repeating: 0, count: WireCodec.receiveLimit + 1)
    let error = #expect(throws: WireError.self) { try WireCodec.workerMessage(huge) }
    #expect(error?.description.contains("\(WireCodec.receiveLimit) at most") == true)
  }
}

extension Generator {
  fileprivate var digestPair: [Digest] {
    var copy = self
    return [copy.digest(), copy.digest()]
  }
}
