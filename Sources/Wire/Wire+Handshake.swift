package import Digests
internal import FoundationEssentials
internal import Models
package import Scheduling

extension Digest {
  /// - Throws: ``WireError`` unless there are exactly 32 bytes.
  init(wire bytes: some Collection<UInt8>, _ field: StaticString) throws(WireError) {
    guard let digest = Digest(bytes: bytes) else {
      throw WireError(description: "\(field): a digest has 32 bytes, found \(bytes.count)")
    }
    self = digest
  }
}

/// An integer that fits `range`.
///
/// - Throws: ``WireError`` naming the field otherwise.
func checked(
  _ value: some BinaryInteger, _ range: ClosedRange<Int>, _ field: StaticString
) throws(WireError) -> Int {
  guard let exact = Int(exactly: value), range.contains(exact) else {
    throw WireError(description: "\(field): \(value) is outside \(range.lowerBound)...\(range.upperBound)")
  }
  return exact
}

extension PBDigests {
  package init(_ digests: [Digest]) {
    self.init()
    digest = digests.map { .init($0.bytes) }
  }

  package func domain() throws(WireError) -> [Digest] {
    try digest.map { (bytes) throws(WireError) in try Digest(wire: bytes, "digests") }
  }
}

extension PBHello {
  package init(_ hello: Hello) {
    self.init()
    protocolVersion = UInt32(clamping: hello.protocolVersion)
    build = hello.build
    worker = .init(hello.worker.bytes)
    name = hello.name
    lanes = UInt32(clamping: hello.lanes)
    receiveLimit = UInt64(clamping: hello.receiveLimit)
    numerics = hello.numerics.name
    golden = .init(hello.golden.bytes)
    holding = hello.holding.map { .init($0.bytes) }
  }

  package func domain() throws(WireError) -> Hello {
    guard name.utf8.count <= 256, build.utf8.count <= 256, numerics.utf8.count <= 256 else {
      throw WireError(description: "hello: a name, build or numerics class of more than 256 bytes")
    }
    return Hello(
      protocolVersion: Int(protocolVersion), build: build, worker: try Digest(wire: worker, "hello.worker"),
      name: name, lanes: Int(lanes), receiveLimit: try checked(receiveLimit, 0...1 << 40, "hello.receive_limit"),
      numerics: NumericsClass(numerics), golden: try Digest(wire: golden, "hello.golden"),
      holding: try holding.map { (bytes) throws(WireError) in try Digest(wire: bytes, "hello.holding") })
  }
}

extension PBWelcome {
  package init(_ welcome: Welcome) {
    self.init()
    epoch = welcome.epoch
    run = .init(welcome.run.bytes)
    study = .init(welcome.study.bytes)
    heartbeatSeconds = welcome.heartbeatSeconds
    receiveLimit = UInt64(clamping: welcome.receiveLimit)
  }

  package func domain() throws(WireError) -> Welcome {
    guard heartbeatSeconds.isFinite else { throw WireError(description: "welcome.heartbeat_seconds is not a number") }
    return Welcome(
      epoch: epoch, run: try Digest(wire: run, "welcome.run"), study: try Digest(wire: study, "welcome.study"),
      heartbeatSeconds: heartbeatSeconds, receiveLimit: try checked(receiveLimit, 0...1 << 40, "welcome.receive_limit"))
  }
}

extension PBReject {
  package init(_ rejection: Rejection) {
    self.init()
    code = rejection.code.rawValue
    reason = rejection.reason
    retryable = rejection.retryable
  }

  package func domain() throws(WireError) -> Rejection {
    guard reason.utf8.count <= 4096 else { throw WireError(description: "reject.reason is too long") }
    // A newer coordinator may have reasons that this build does not know; the text says enough.
    return Rejection(code: Rejection.Code(rawValue: code) ?? .notWelcomed, reason: reason, retryable: retryable)
  }
}

extension PBBlobRequest {
  package init(_ request: BlobRequest) {
    self.init()
    digest = .init(request.digest.bytes)
    offset = UInt64(clamping: request.offset)
    length = UInt64(clamping: request.length)
  }

  package func domain() throws(WireError) -> BlobRequest {
    BlobRequest(
      digest: try Digest(wire: digest, "blob_request.digest"),
      offset: try checked(offset, 0...1 << 40, "blob_request.offset"),
      length: try checked(length, 1...BlobChunk.maximumLength, "blob_request.length"))
  }
}

extension PBBlobChunk {
  package init(_ chunk: BlobChunk) {
    self.init()
    digest = .init(chunk.digest.bytes)
    offset = UInt64(clamping: chunk.offset)
    total = UInt64(clamping: chunk.total)
    bytes = .init(chunk.bytes)
  }

  package func domain() throws(WireError) -> BlobChunk {
    guard bytes.count <= BlobChunk.maximumLength else {
      throw WireError(description: "blob_chunk: \(bytes.count) bytes, \(BlobChunk.maximumLength) at most")
    }
    let total = try checked(total, 0...1 << 40, "blob_chunk.total")
    guard bytes.count <= total else {
      throw WireError(description: "blob_chunk: \(bytes.count) bytes of a blob of \(total)")
    }
    // A total of 0 says that the blob is not there, at whatever offset it was asked for.
    let offset = try checked(offset, 0...(total == 0 ? 1 << 40 : total - bytes.count), "blob_chunk.offset")
    return BlobChunk(
      digest: try Digest(wire: digest, "blob_chunk.digest"), offset: offset, total: total, bytes: Array(bytes))
  }
}
