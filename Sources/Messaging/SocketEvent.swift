/// What happens at a socket, in the order in which nng reports it.
///
/// A pipe's `.connected` comes before its messages; its `.disconnected` may come before the last of them, and is only
/// a hint: a peer that was stopped or cut off never causes one.
package enum SocketEvent: Hashable, Sendable {
  /// A peer has connected.
  case connected(PipeID)
  /// A peer has gone; nothing can be sent to this pipe any more.
  case disconnected(PipeID)
  /// A whole message of this peer; it was within the receive limit, nothing else is known about it.
  case message(PipeID, [UInt8])

  /// The bytes that keeping this event costs, roughly.
  var byteCount: Int {
    switch self {
    case .connected, .disconnected: 0
    case .message(_, let bytes): bytes.count
    }
  }
}
