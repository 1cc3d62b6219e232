internal import Digests
package import Scheduling
internal import SwiftProtobuf

/// Messages to bytes and back, with every field of what comes in checked before it is used.
package enum WireCodec {
  /// The largest message that either side accepts, in bytes.
  package static let receiveLimit = 16 << 20

  /// The first protocol version whose messages are sealed.
  private static let firstSealed: UInt32 = 5

  /// A worker's message in an envelope.
  package static func encode(_ message: WorkerMessage, epoch: UInt64) -> [UInt8] {
    var envelope = PBEnvelope()
    envelope.epoch = epoch
    switch message {
    case .hello(let hello): envelope.hello = PBHello(hello)
    case .results(let results): envelope.results.result = results.map(PBResult.init)
    case .heartbeat(let holding): envelope.heartbeat = PBDigests(holding)
    case .returned(let jobs): envelope.returned = PBDigests(jobs)
    case .blobRequest(let request): envelope.blobRequest = PBBlobRequest(request)
    case .blobChunk(let chunk): envelope.blobChunk = PBBlobChunk(chunk)
    case .bye: envelope.bye = PBEmpty()
    }
    return serialized(envelope)
  }

  /// A coordinator's message in an envelope.
  ///
  /// - Parameter shelf: that of the connection, for masks; messages must go out in the order in which they were encoded.
  package static func encode(
    _ message: CoordinatorMessage, epoch: UInt64, on shelf: inout MaskShelf
  ) -> [UInt8] {
    var envelope = PBEnvelope()
    envelope.epoch = epoch
    switch message {
    case .welcome(let welcome): envelope.welcome = PBWelcome(welcome)
    case .reject(let rejection): envelope.reject = PBReject(rejection)
    case .parcel(let jobs): envelope.parcel = PBParcel(jobs, on: &shelf)
    case .acknowledge(let jobs): envelope.acknowledge = PBDigests(jobs)
    case .cancel(let jobs): envelope.cancel = PBDigests(jobs)
    case .blobRequest(let request): envelope.blobRequest = PBBlobRequest(request)
    case .blobChunk(let chunk): envelope.blobChunk = PBBlobChunk(chunk)
    case .dismiss: envelope.dismiss = PBEmpty()
    }
    return serialized(envelope)
  }

  /// A coordinator's message that stands alone.
  package static func encode(_ message: CoordinatorMessage, epoch: UInt64) -> [UInt8] {
    var shelf = MaskShelf.none
    return encode(message, epoch: epoch, on: &shelf)
  }

  /// What a worker sent, with the epoch that it believes in.
  ///
  /// - Throws: ``WireError`` for anything but a valid worker's message.
  package static func workerMessage(_ bytes: [UInt8]) throws(WireError) -> (message: WorkerMessage, epoch: UInt64) {
    let envelope = try parsed(bytes)
    let message: WorkerMessage
    switch envelope.body {
    case .hello(let hello): message = .hello(try hello.domain())
    case .results(let results):
      message = .results(try results.result.map { (result) throws(WireError) in try result.domain() })
    case .heartbeat(let digests): message = .heartbeat(holding: try digests.domain())
    case .returned(let digests): message = .returned(try digests.domain())
    case .blobRequest(let request): message = .blobRequest(try request.domain())
    case .blobChunk(let chunk): message = .blobChunk(try chunk.domain())
    case .bye: message = .bye
    case .welcome, .reject, .parcel, .acknowledge, .cancel, .dismiss:
      throw WireError(description: "a coordinator's message where a worker's was expected")
    case nil: throw WireError(description: "an empty or unknown message")
    }
    return (message, envelope.epoch)
  }

  /// What the coordinator sent, with its epoch.
  ///
  /// - Parameter shelf: that of the connection.
  /// - Throws: ``WireError`` for anything but a valid coordinator's message.
  package static func coordinatorMessage(
    _ bytes: [UInt8], on shelf: inout MaskShelf
  ) throws(WireError) -> (message: CoordinatorMessage, epoch: UInt64) {
    let envelope = try parsed(bytes)
    let message: CoordinatorMessage
    switch envelope.body {
    case .welcome(let welcome): message = .welcome(try welcome.domain())
    case .reject(let rejection): message = .reject(try rejection.domain())
    case .parcel(let parcel): message = .parcel(try parcel.domain(on: &shelf))
    case .acknowledge(let digests): message = .acknowledge(try digests.domain())
    case .cancel(let digests): message = .cancel(try digests.domain())
    case .blobRequest(let request): message = .blobRequest(try request.domain())
    case .blobChunk(let chunk): message = .blobChunk(try chunk.domain())
    case .dismiss: message = .dismiss
    case .hello, .results, .heartbeat, .returned, .bye:
      throw WireError(description: "a worker's message where the coordinator's was expected")
    case nil: throw WireError(description: "an empty or unknown message")
    }
    return (message, envelope.epoch)
  }

  /// What the coordinator sent, where it stands alone.
  package static func coordinatorMessage(
    _ bytes: [UInt8]
  ) throws(WireError) -> (message: CoordinatorMessage, epoch: UInt64) {
    var shelf = MaskShelf.none
    return try coordinatorMessage(bytes, on: &shelf)
  }

  private static func serialized(_ envelope: PBEnvelope) -> [UInt8] {
    guard let bytes: [UInt8] = try? envelope.serializedBytes() else {
      preconditionFailure("proto3 messages without required fields always serialise")
    }
    return Seal.sealed(bytes)
  }

  private static func parsed(_ bytes: [UInt8]) throws(WireError) -> PBEnvelope {
    guard bytes.count <= receiveLimit else {
      throw WireError(description: "\(bytes.count) bytes in a message, \(receiveLimit) at most")
    }
    switch Seal.open(bytes) {
    case .whole(let body): return try envelope(body)
    case .broken: throw WireError(description: "a message that was damaged on its way")
    case .absent:
      // Builds before version 5 sealed nothing. What they are told, and tell, is that they speak another protocol; nothing
      // else of theirs is believed, for it may as well be a damaged message of ours.
      var envelope = try envelope(bytes[...])
      envelope.epoch = 0
      switch envelope.body {
      case .hello(let hello) where 1..<firstSealed ~= hello.protocolVersion: return envelope
      case .reject(let rejection) where rejection.code == Rejection.Code.protocolVersion.rawValue:
        envelope.reject.reason = "the coordinator speaks an older protocol; use the same build"
        envelope.reject.retryable = false
        return envelope
      default: throw WireError(description: "a message without its check: cut short, or of another version")
      }
    }
  }

  private static func envelope(_ bytes: ArraySlice<UInt8>) throws(WireError) -> PBEnvelope {
    var options = BinaryDecodingOptions()
    options.messageDepthLimit = 16
    options.discardUnknownFields = true
    do { return try PBEnvelope(serializedBytes: Array(bytes), options: options) } catch {
      throw WireError(description: "not a message of this protocol")
    }
  }
}
