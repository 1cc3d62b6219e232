package import Certificates
package import Logging
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// The coordinator's end of the way between machines: listens for TLS, lets in who has a worker's certificate, and
/// carries each such connection to the coordinator's private socket.
///
/// Until the handshake is complete not a byte of a peer is kept, and until its greeting is whole and right nothing is
/// opened on its behalf.
package final class CoordinatorTunnel: Sendable {
  private struct State {
    var admission: Admission
    var count: UInt64 = 0
    var connections: [UInt64: any Channel] = [:]
    var listener: (any Channel)?
  }

  let limits: TunnelLimits
  let log: Logger
  private let host: String
  private let port: Int
  private let context: NIOSSLContext
  private let complaints: Throttle
  private let state: Mutex<State>

  /// A tunnel that does not listen yet.
  ///
  /// - Parameters:
  ///   - host: a name or an IP address (IPv6 without brackets); `0.0.0.0` and `::` mean every interface.
  ///   - port: 0 lets the system choose one.
  /// - Throws: `NIOSSLError` for credentials that TLS cannot use.
  package init(
    _ credentials: Credentials, host: String, port: Int, limits: TunnelLimits = TunnelLimits(), log: Logger
  ) throws {
    self.host = host
    self.port = port
    self.log = log
    var limits = limits
    // Some files are the run's; a connection has a socket here, and a pair of them on the way to nng.
    limits.connections = min(limits.connections, max(1, (Sockets.raiseDescriptorLimit() - 256) / 3))
    self.limits = limits
    context = try TLSContexts.server(credentials)
    complaints = Throttle(log)
    state = Mutex(State(admission: Admission(limits)))
  }

  /// Listens, and carries whoever may come to the socket file at `path`, which must already be listened to.
  ///
  /// - Returns: the port.
  /// - Throws: ``TunnelError``: the address is in use, is none of this machine's, or permission is denied.
  package func listen(carryingTo path: String) async throws(TunnelError) -> Int {
    try await listen { _ in path }
  }

  /// Listens, and carries each who may come to a socket file of its own.
  ///
  /// - Parameter door: the path for the bearer of a certificate with this name, which must be listened to by then; called
  ///   on event loops, which it holds up. An error turns the connection away.
  /// - Returns: the port.
  /// - Throws: ``TunnelError``: the address is in use, is none of this machine's, or permission is denied.
  package func listen(
    carryingTo door: @escaping @Sendable (_ name: String) throws -> String
  ) async throws(TunnelError) -> Int {
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.writeBufferWaterMark, value: Sockets.waterMark)
      .childChannelOption(.recvAllocator, value: Sockets.reads)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try self.receive(channel, carryingTo: door) }
      }
    do {
      let listener = try await Sockets.tcp.reduce(bootstrap) { $0.childChannelOption($1.0, value: $1.1) }
        .bind(host: host, port: port).get()
      state.withLock { $0.listener = listener }
      return listener.localAddress?.port ?? port
    } catch {
      throw .listening("tls://\(host):\(port)", error)
    }
  }

  /// Takes no more connections and ends those there are.
  ///
  /// One whose local end has not greeted yet ends later: see `LocalGreeter`.
  package func close() async {
    let (listener, connections) = state.withLock { ($0.listener, Array($0.connections.values)) }
    try? await listener?.close().get()
    for channel in connections { channel.close(promise: nil) }
    for channel in connections { try? await channel.closeFuture.get() }
  }

  /// The connections that exist now, whoever they are.
  package var connectionCount: Int { state.withLock { $0.connections.count } }

  private func receive(
    _ channel: any Channel, carryingTo door: @escaping @Sendable (String) throws -> String
  ) throws {
    let now = NIODeadline.now().uptimeNanoseconds
    let (number, verdict, displaced) = state.withLock { state in
      state.count += 1
      let verdict = state.admission.arrive(state.count, from: Sockets.source(of: channel.remoteAddress), at: now)
      var displaced: (any Channel)?
      if case .taken(let other) = verdict {
        state.connections[state.count] = channel
        displaced = other.flatMap { state.connections[$0] }
      }
      return (state.count, verdict, displaced)
    }
    switch verdict {
    case .taken: break
    case .tooManyFromSource, .full:
      let reason = verdict == .full ? "all places are taken" : "it connects too often"
      complain("connection refused", peer: channel, reason)
      throw Refused()
    }
    if let displaced {
      complain("connection ended", peer: displaced, "too many have not finished their handshakes")
      displaced.close(promise: nil)
    }
    let doorkeeper = Doorkeeper(of: self, number: number, door: door)
    try channel.pipeline.syncOperations.addHandlers([NIOSSLServerHandler(context: context), doorkeeper])
    channel.closeFuture.assumeIsolated().whenComplete { _ in doorkeeper.remoteClosed() }
  }

  /// Whether a connection that has shown a good certificate still has its place.
  func authenticated(_ number: UInt64) -> Bool {
    state.withLock { $0.admission.authenticate(number) }
  }

  /// Nothing of a connection is left.
  func ended(_ number: UInt64) {
    state.withLock { state in
      state.admission.leave(number)
      state.connections[number] = nil
    }
  }

  /// Logs what strangers do, but not as often as they do it.
  func complain(_ message: String, peer: any Channel, _ reason: String) {
    complaints.warn(message, peer.remoteAddress?.ipAddress ?? "unknown", reason)
  }

  /// Logs that the coordinator's own socket is silent.
  func complainOfLocalSilence() {
    complaints.warn("the coordinator's own socket does not answer; restart the coordinator", "local", "no greeting")
  }
}

/// A connection that is closed as soon as it has come.
struct Refused: Error {}
