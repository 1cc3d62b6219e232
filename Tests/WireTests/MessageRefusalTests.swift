import Digests
import Foundation
import Models
import Pruning
import Scheduling
import Studies
import SwiftProtobuf
import Testing
import Wire

/// What a peer may not say besides jobs: each case is a valid message with one thing changed.
@Suite struct MessageRefusalTests: RefusalSamples {
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
      { $0.wallSeconds = 1e300 }, { $0.cpuSeconds = 1.1e9 },
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
