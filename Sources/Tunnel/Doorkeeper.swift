internal import Certificates
internal import Foundation
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import NIOTLS

/// Keeps a connection from outside away from nng until its certificate and its greeting are good.
///
/// Sits behind the TLS handler, on the connection's event loop, and leaves when the connection is carried.
final class Doorkeeper: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  private enum Phase {
    case handshaking, greeting, opening, done
  }

  private let tunnel: CoordinatorTunnel
  private let number: UInt64
  private let door: @Sendable (String) throws -> String
  private var phase = Phase.handshaking
  private var deadline: Scheduled<Void>?
  private var received = ByteBuffer()
  private var remote: (any Channel)?
  private var local: (any Channel)?
  private var name = ""

  init(of tunnel: CoordinatorTunnel, number: UInt64, door: @escaping @Sendable (String) throws -> String) {
    self.tunnel = tunnel
    self.number = number
    self.door = door
  }

  func handlerAdded(context: ChannelHandlerContext) {
    remote = context.channel
    allow(tunnel.limits.handshake, context, "it did not finish the handshake in time")
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case TLSUserEvent.handshakeCompleted = event {
      authenticate(context)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  private func authenticate(_ context: ChannelHandlerContext) {
    let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
    // TLS has verified it, or there would be no handshake; but one that is resumed looks at no dates.
    guard let certificate = handler?.peerCertificate, certificate.notValidAfter >= time(nil) else {
      return refuse(context, "its certificate has expired")
    }
    guard tunnel.authenticated(number) else { return context.close(promise: nil) }
    name = (try? certificate.toDERBytes()).flatMap { CertificateSummary.commonName(der: $0) } ?? ""
    phase = .greeting
    allow(tunnel.limits.greeting, context, "it did not greet in time")
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var buffer = unwrapInboundIn(data)
    switch phase {
    // Behind the handler of TLS there are no bytes before the handshake.
    case .handshaking, .done: return
    case .opening: received.writeBuffer(&buffer)
    case .greeting:
      received.writeBuffer(&buffer)
      switch Greeting.judge(received) {
      case .incomplete: break
      case .wrong: refuse(context, "it greets like no worker")
      case .whole: open(context)
      }
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if phase == .handshaking, let reason = Reason.text(of: error) {
      refuse(context, reason)
    } else {
      context.close(promise: nil)
    }
  }

  /// Connects to nng; from here on the local end is closed only after nng has greeted.
  private func open(_ context: ChannelHandlerContext) {
    let path: String
    do { path = try door(name) } catch {
      return refuse(context, "the coordinator has no place for the bearer of certificate \(name): \(error)")
    }
    deadline?.cancel()
    phase = .opening
    let channel = context.channel
    // What a round of reads still brings is kept; more is not asked for.
    try? channel.syncOptions?.setOption(.autoRead, value: false)
    received.moveReaderIndex(forwardBy: Greeting.bytes.count)
    let keeper = NIOLoopBound(self, eventLoop: context.eventLoop)
    ClientBootstrap(group: context.eventLoop)
      .channelOption(.writeBufferWaterMark, value: Sockets.waterMark)
      .channelOption(.recvAllocator, value: Sockets.reads)
      .channelInitializer { local in
        local.eventLoop.makeCompletedFuture {
          try local.pipeline.syncOperations.addHandler(LocalGreeter(for: keeper.value))
        }
      }
      .connect(unixDomainSocketPath: path)
      .assumeIsolated().whenFailure { error in
        self.tunnel.complain("cannot reach the coordinator's own socket", peer: channel, "\(error)")
        channel.close(promise: nil)
      }
  }

  /// The local end exists.
  func localOpened(_ channel: any Channel) {
    local = channel
    channel.closeFuture.assumeIsolated().whenComplete { _ in self.localClosed() }
  }

  /// nng has greeted: its bytes go out, and the connection is carried, or ends if the peer has gone meanwhile.
  func localGreeted(_ local: any Channel, _ bytes: ByteBuffer) {
    phase = .done
    guard let remote, remote.isActive else { return local.close(promise: nil) }
    let tunnel = tunnel
    let metadata: Logger.Metadata = [
      "certificate": "\(name)", "peer": "\(remote.remoteAddress?.ipAddress ?? "unknown")",
    ]
    do {
      let pipeline = remote.pipeline.syncOperations
      pipeline.removeHandler(self, promise: nil)
      try pipeline.addHandler(IdleStateHandler(readTimeout: tunnel.limits.silence.timeAmount))
      remote.write(bytes, promise: nil)
      try Relay.join(remote, local, first: received) { error in
        var metadata = metadata
        metadata["reason"] = error.flatMap { Reason.text(of: $0) }.map { "\($0)" }
        tunnel.log.info("connection ended", metadata: metadata)
      }
      remote.flush()
      tunnel.log.info("connection carried", metadata: metadata)
      try remote.syncOptions?.setOption(.autoRead, value: true)
    } catch {
      remote.close(promise: nil)
      local.close(promise: nil)
    }
  }

  func localSilent() {
    tunnel.complainOfLocalSilence()
  }

  /// The connection from outside has ended.
  func remoteClosed() {
    deadline?.cancel()
    remote = nil
    if phase == .opening { tunnel.log.debug("a peer left before the coordinator's socket greeted") }
    if local == nil { tunnel.ended(number) }
  }

  private func localClosed() {
    local = nil
    if phase != .done { remote?.close(promise: nil) }
    if remote == nil { tunnel.ended(number) }
  }

  private func allow(_ time: Duration, _ context: ChannelHandlerContext, _ reason: String) {
    deadline?.cancel()
    deadline = context.eventLoop.assumeIsolated().scheduleTask(in: time.timeAmount) { self.refuse(context, reason) }
  }

  private func refuse(_ context: ChannelHandlerContext, _ reason: String) {
    guard phase != .done else { return }
    phase = .done
    deadline?.cancel()
    tunnel.complain("connection refused", peer: context.channel, reason)
    context.close(promise: nil)
  }
}
