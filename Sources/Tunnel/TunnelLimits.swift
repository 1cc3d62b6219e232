/// How long and how much a tunnel lets strangers take.
package struct TunnelLimits: Sendable {
  /// From the connection to the end of the handshake; whoever takes longer is disconnected.
  package var handshake: Duration = .seconds(10)
  /// From the end of the handshake to the whole greeting of the messaging protocol.
  package var greeting: Duration = .seconds(10)
  /// To reach the coordinator's machine.
  package var connect: Duration = .seconds(5)
  /// Without a byte from a peer that should send a heartbeat every 2 seconds.
  package var silence: Duration = .seconds(60)
  /// Connections without a finished handshake; one more, and the oldest of them has to go.
  package var strangers = 64
  /// Connections in all.
  package var connections = 1024
  /// New connections that one source may make at once, and how many more each second; a source is an IPv4 address or
  /// the /64 network of an IPv6 address.
  ///
  /// Enough for a hundred workers behind one address that all come back after a restart of their coordinator.
  package var burst = 128.0
  package var perSecond = 16.0

  package init() {}
}
