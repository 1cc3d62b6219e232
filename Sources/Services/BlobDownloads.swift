internal import Digests
internal import Scheduling

/// A blob that a peer could not or did not rightly give.
struct BlobError: Error, CustomStringConvertible {
  let description: String
}

/// Blobs on their way from one peer: pulled in chunks, a few unanswered at a time, checked against their digest.
actor BlobDownloads {
  fileprivate struct Download {
    var buffer: [UInt8] = []
    var total: Int?
    /// The most bytes that any caller takes.
    var limit: Int
    var nextOffset = 0
    /// Offsets asked for and not yet answered.
    var unanswered: Set<Int> = []
    var waiters: [CheckedContinuation<[UInt8], any Error>] = []
    let since = Clock.now

    /// Seconds that the slowest link with some use would take.
    var patience: Double { 120 + Double(limit) / 8192 }
  }

  /// What a chunk changes.
  fileprivate enum Progress {
    case unasked
    case refused(String)
    /// Chunks to ask for now.
    case more([Int])
    case complete
  }

  /// Chunks asked for at once: enough to fill the pipe, few enough to leave room for other messages.
  fileprivate static let window = 4
  /// Seconds without a chunk after which the unanswered ones are asked for again: the network may drop any message.
  private static let patience = 5.0
  /// The largest blob that anybody may expect.
  static let largest = 4 << 30

  private var downloads: [Digest: Download] = [:]
  private var lastChunk = Clock.now
  private let givesUp: Bool
  private let ask: @Sendable (BlobRequest) -> Void

  /// - Parameter givesUp: whether a download ends that takes too long; not for a worker, whose coordinator may be away.
  init(givesUp: Bool, ask: @escaping @Sendable (BlobRequest) -> Void) {
    (self.givesUp, self.ask) = (givesUp, ask)
  }

  /// The bytes of a blob; several callers share one download.
  ///
  /// - Parameter limit: the length that the caller knows it to have, or the most that it can have: whatever a peer
  ///   announces, no more memory is given to it.
  /// - Throws: ``BlobError`` if the peer does not have it, announces more, sends other bytes, or goes away.
  func fetch(_ digest: Digest, atMost limit: Int) async throws -> [UInt8] {
    try await withCheckedThrowingContinuation { continuation in
      if downloads[digest] == nil {
        if downloads.isEmpty { lastChunk = Clock.now }
        downloads[digest] = Download(limit: limit)
        request(digest, offset: 0)
      }
      downloads[digest]!.limit = max(downloads[digest]!.limit, limit)
      downloads[digest]!.waiters.append(continuation)
    }
  }

  /// Takes a chunk that came in; one that nobody asked for is ignored.
  func deliver(_ chunk: BlobChunk) {
    guard let index = downloads.index(forKey: chunk.digest) else { return }
    // In place: a copy of the value would copy the whole buffer for each chunk.
    switch downloads.values[index].take(chunk) {
    case .unasked: return
    case .refused(let reason): finish(chunk.digest, .failure(BlobError(description: reason)))
    case .more(let offsets):
      lastChunk = Clock.now
      for offset in offsets { request(chunk.digest, offset: offset) }
    case .complete:
      lastChunk = Clock.now
      let buffer = downloads.values[index].buffer
      if Digest(of: buffer) == chunk.digest {
        finish(chunk.digest, .success(buffer))
      } else {
        finish(chunk.digest, .failure(BlobError(description: "blob \(chunk.digest) arrived with other bytes")))
      }
    }
  }

  /// Asks again if nothing has come for a while, and ends what takes too long: a peer that promises bytes and does not
  /// send them must not hold a job for ever.
  func askAgainIfStalled() {
    for (digest, download) in downloads where givesUp && Clock.now.seconds(since: download.since) > download.patience {
      finish(digest, .failure(BlobError(description: "blob \(digest) did not come in \(Int(download.patience)) s")))
    }
    if Clock.now.seconds(since: lastChunk) >= Self.patience { askAgain() }
  }

  /// Asks again for what is unanswered: the connection was replaced, or messages were dropped.
  func askAgain() {
    lastChunk = Clock.now
    for (digest, download) in downloads.sorted(by: { $0.key < $1.key }) {
      for offset in download.unanswered.sorted() {
        ask(BlobRequest(digest: digest, offset: offset, length: BlobChunk.maximumLength))
      }
    }
  }

  /// Ends every download: the peer is gone for good.
  func fail(_ reason: String) {
    for digest in downloads.keys.sorted() { finish(digest, .failure(BlobError(description: reason))) }
  }

  private func request(_ digest: Digest, offset: Int) {
    downloads[digest]!.unanswered.insert(offset)
    ask(BlobRequest(digest: digest, offset: offset, length: BlobChunk.maximumLength))
  }

  private func finish(_ digest: Digest, _ result: Result<[UInt8], any Error>) {
    guard let download = downloads.removeValue(forKey: digest) else { return }
    for waiter in download.waiters { waiter.resume(with: result) }
  }
}

extension BlobDownloads.Download {
  fileprivate mutating func take(_ chunk: BlobChunk) -> BlobDownloads.Progress {
    guard unanswered.remove(chunk.offset) != nil else { return .unasked }
    guard chunk.total <= limit else {
      return .refused("blob \(chunk.digest): the peer announces \(chunk.total) bytes, where there can be \(limit)")
    }
    guard chunk.total > 0, total.map({ $0 == chunk.total }) ?? true, !chunk.bytes.isEmpty,
      chunk.offset + chunk.bytes.count <= chunk.total
    else { return .refused("the peer has no blob \(chunk.digest)") }
    if total == nil {
      total = chunk.total
      buffer = Array(repeating: 0, count: chunk.total)
      nextOffset = chunk.bytes.count
    }
    buffer.withUnsafeMutableBytes { buffer in
      UnsafeMutableRawBufferPointer(rebasing: buffer[chunk.offset..<chunk.offset + chunk.bytes.count])
        .copyBytes(from: chunk.bytes)
    }
    var wanted: [Int] = []
    while unanswered.count + wanted.count < BlobDownloads.window, nextOffset < chunk.total {
      wanted.append(nextOffset)
      nextOffset += min(BlobChunk.maximumLength, chunk.total - nextOffset)
    }
    return unanswered.isEmpty && wanted.isEmpty ? .complete : .more(wanted)
  }
}

extension BlobChunk {
  /// The answer to a request out of the whole blob; nil bytes say that it is not there.
  init(answering request: BlobRequest, from blob: [UInt8]?) {
    guard let blob, request.offset < blob.count else {
      self.init(digest: request.digest, offset: request.offset, total: 0, bytes: [])
      return
    }
    let end = min(blob.count, request.offset + min(request.length, BlobChunk.maximumLength))
    self.init(
      digest: request.digest, offset: request.offset, total: blob.count, bytes: Array(blob[request.offset..<end]))
  }
}
