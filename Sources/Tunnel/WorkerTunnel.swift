package import Certificates
package import Logging
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// A worker's end of the way between machines: listens at a private socket, and carries each connection of the worker's
/// nng to the coordinator by TLS.
///
/// If the coordinator cannot be reached or is not ours, it is tried again for as long as nng waits, and nng dials again by
/// itself.
package final class WorkerTunnel: Sendable {
  private struct State {
    var listener: (any Channel)?
    var count = 0
    var connections: [Int: any Channel] = [:]
  }

  let limits: TunnelLimits
  private let host: String
  private let port: Int
  private let context: NIOSSLContext
  private let log: Logger
  private let complaints: Throttle
  private let state = Mutex(State())

  /// A tunnel that does not listen yet.
  ///
  /// - Parameters:
  ///   - host: the coordinator's name or IP address (IPv6 without brackets), looked up anew for each connection.
  /// - Throws: `NIOSSLError` for credentials that TLS cannot use.
  package init(
    _ credentials: Credentials, host: String, port: Int, limits: TunnelLimits = TunnelLimits(), log: Logger
  ) throws {
    self.host = host
    self.port = port
    self.limits = limits
    self.log = log
    context = try TLSContexts.client(credentials)
    complaints = Throttle(log)
  }

  /// Listens at a socket file in a private folder, where nothing is yet.
  ///
  /// - Throws: ``TunnelError`` if it cannot.
  package func listen(at path: String) async throws(TunnelError) {
    do {
      let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .childChannelOption(.autoRead, value: false)
        .childChannelOption(.writeBufferWaterMark, value: Sockets.waterMark)
        .childChannelOption(.recvAllocator, value: Sockets.reads)
        .childChannelInitializer { local in
          local.eventLoop.makeCompletedFuture {
            try local.pipeline.syncOperations.addHandler(Dialler(of: self))
          }
        }
        .bind(unixDomainSocketPath: path).get()
      state.withLock { $0.listener = listener }
    } catch {
      throw .listening(path, error)
    }
  }

  /// Takes no more connections and ends those there are.
  package func close() async {
    let (listener, connections) = state.withLock { ($0.listener, Array($0.connections.values)) }
    try? await listener?.close().get()
    for channel in connections { channel.close(promise: nil) }
    for channel in connections { try? await channel.closeFuture.get() }
  }

  /// A connection of nng's that waits for one to the coordinator.
  struct Errand: Sendable {
    let local: any Channel
    /// When the next attempt would be too late: nng gives up a connection that is not greeted for ten seconds.
    let end: NIODeadline
    var pause = TimeAmount.milliseconds(100)
  }

  /// Takes a connection of nng's that is active.
  fileprivate func take(_ local: any Channel) {
    let number = state.withLock { state in
      state.count += 1
      state.connections[state.count] = local
      return state.count
    }
    local.closeFuture.whenComplete { _ in self.state.withLock { $0.connections[number] = nil } }
    dial(for: Errand(local: local, end: .now() + .seconds(8)))
  }

  private func dial(for errand: Errand) {
    let bootstrap = ClientBootstrap(group: errand.local.eventLoop)
      .connectTimeout(limits.connect.timeAmount)
      .channelOption(.writeBufferWaterMark, value: Sockets.waterMark)
      .channelOption(.recvAllocator, value: Sockets.reads)
      .channelInitializer { [context] remote in
        remote.eventLoop.makeCompletedFuture {
          try remote.pipeline.syncOperations.addHandlers([
            NIOSSLClientHandler(context: context, serverHostname: Role.coordinatorName), Caller(of: self, for: errand),
          ])
        }
      }
    Sockets.tcp.reduce(bootstrap) { $0.channelOption($1.0, value: $1.1) }
      .connect(host: host, port: port)
      .whenFailure { self.failed(errand, Reason.text(of: $0) ?? "it closed the connection") }
  }

  /// An attempt came to nothing: there is another one soon, while nng waits. Its connection is not closed before it has
  /// closed it itself, for its dialler would never dial again (see ``Caller``).
  func failed(_ errand: Errand, _ reason: String?) {
    if let reason { complain(reason) }
    guard errand.local.isActive else { return }
    var next = errand
    next.pause = min(errand.pause * 2, .seconds(1))
    if .now() + errand.pause < errand.end {
      errand.local.eventLoop.scheduleTask(in: errand.pause) { [next] in
        if next.local.isActive { self.dial(for: next) }
      }
    } else {
      errand.local.eventLoop.scheduleTask(deadline: errand.end + .seconds(5)) { errand.local.close(promise: nil) }
    }
  }

  /// Logs why the coordinator is not reached, but not at each of nng's attempts.
  func complain(_ reason: String) {
    complaints.warn("no connection to the coordinator", "\(host):\(port)", reason)
  }

  func connected() {
    log.info("connected by TLS", metadata: ["peer": "\(host):\(port)"])
  }
}

/// Dials for a local connection once it is active: before that, it would look like one that has ended.
private final class Dialler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let tunnel: WorkerTunnel

  init(of tunnel: WorkerTunnel) {
    self.tunnel = tunnel
  }

  func channelActive(context: ChannelHandlerContext) {
    tunnel.take(context.channel)
    context.fireChannelActive()
  }
}
