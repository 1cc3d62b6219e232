internal import Scheduling
internal import Synchronization

/// Messages on their way to peers, in order.
final class Outbox: Sendable {
  typealias Message = (peer: PeerID, bytes: [UInt8])

  /// For the one task that sends.
  let messages: AsyncStream<Message>
  private let continuation: AsyncStream<Message>.Continuation
  private let total = Atomic(0)

  init() { (messages, continuation) = AsyncStream.makeStream() }

  func send(_ bytes: [UInt8], to peer: PeerID) {
    total.add(bytes.count, ordering: .relaxed)
    continuation.yield((peer, bytes))
  }

  /// Ends ``messages`` behind what was sent.
  func finish() { continuation.finish() }

  /// Bytes of all messages so far.
  var byteCount: Int { total.load(ordering: .relaxed) }
}
