internal import NIOCore
internal import NIOTLS

/// Waits behind a worker's TLS handler until the coordinator has proved to be ours and its nng has greeted, then has the
/// connection carried.
///
/// It greets in the name of the worker's nng: that one's dialler ends for ever when its connection does before both
/// greetings were exchanged (the other side of nanomsg/nng#1518), so it may see nothing of a coordinator that is gone
/// again at once.
final class Caller: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let tunnel: WorkerTunnel
  private let errand: WorkerTunnel.Errand
  private var deadline: Scheduled<Void>?
  private var received = ByteBuffer()
  private var isDone = false

  init(of tunnel: WorkerTunnel, for errand: WorkerTunnel.Errand) {
    self.tunnel = tunnel
    self.errand = errand
  }

  func handlerAdded(context: ChannelHandlerContext) {
    deadline = context.eventLoop.assumeIsolated().scheduleTask(in: tunnel.limits.handshake.timeAmount) {
      self.end(context, "it did not finish the handshake in time")
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    deadline?.cancel()
    isDone = true
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case TLSUserEvent.handshakeCompleted = event {
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: Greeting.bytes)), promise: nil)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var buffer = unwrapInboundIn(data)
    received.writeBuffer(&buffer)
    if received.readableBytes >= Greeting.bytes.count { carry(context) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    end(context, Reason.text(of: error))
  }

  func channelInactive(context: ChannelHandlerContext) {
    end(context, "it closed the connection")
    context.fireChannelInactive()
  }

  private func carry(_ context: ChannelHandlerContext) {
    guard !isDone else { return }
    isDone = true
    deadline?.cancel()
    let (remote, local) = (context.channel, errand.local)
    let tunnel = tunnel
    do {
      let pipeline = context.pipeline.syncOperations
      try pipeline.addHandler(IdleStateHandler(allTimeout: tunnel.limits.silence.timeAmount))
      try local.pipeline.syncOperations.addHandler(GreetingTaker())
      local.write(received, promise: nil)
      try Relay.join(remote, local, first: nil) { error in
        if let reason = error.flatMap({ Reason.text(of: $0) }) { tunnel.complain(reason) }
      }
      local.flush()
      pipeline.removeHandler(self, promise: nil)
      try local.syncOptions?.setOption(.autoRead, value: true)
      tunnel.connected()
    } catch {
      remote.close(promise: nil)
      local.close(promise: nil)
    }
  }

  private func end(_ context: ChannelHandlerContext, _ reason: String?) {
    guard !isDone else { return }
    isDone = true
    deadline?.cancel()
    context.close(promise: nil)
    tunnel.failed(errand, reason)
  }
}

/// Takes the greeting of the worker's nng away, which the coordinator has got already.
private final class GreetingTaker: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private var received = ByteBuffer()

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var buffer = unwrapInboundIn(data)
    received.writeBuffer(&buffer)
    switch Greeting.judge(received) {
    case .incomplete: break
    case .wrong: context.close(promise: nil)
    case .whole:
      received.moveReaderIndex(forwardBy: Greeting.bytes.count)
      if received.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(received)) }
      context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
  }
}
