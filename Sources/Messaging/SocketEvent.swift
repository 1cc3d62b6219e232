/// The number that nng gave a connection; never reused while the process lives.
package struct PipeID: Hashable, Sendable {
  package let value: UInt32

  package init(_ value: UInt32) { self.value = value }
}

/// What a socket tells.
package enum SocketEvent: Hashable, Sendable {
  case connected(PipeID)
  case message(PipeID, [UInt8])
  /// A hint only: leases decide. It can come before the connection's last message.
  case disconnected(PipeID)
}
