internal import NIOCore
internal import NIOTLS

/// Waits behind a worker's TLS handler until the coordinator has proved to be ours, then has the connection carried.
final class Caller: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  private let tunnel: WorkerTunnel
  private let local: any Channel
  private var deadline: Scheduled<Void>?
  private var isDone = false

  init(of tunnel: WorkerTunnel, for local: any Channel) {
    self.tunnel = tunnel
    self.local = local
  }

  func handlerAdded(context: ChannelHandlerContext) {
    deadline = context.eventLoop.assumeIsolated().scheduleTask(in: tunnel.limits.handshake.timeAmount) {
      self.end(context, "it did not finish the handshake in time")
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case TLSUserEvent.handshakeCompleted = event {
      carry(context)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
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
    let remote = context.channel
    let tunnel = tunnel
    do {
      let pipeline = context.pipeline.syncOperations
      try pipeline.addHandler(IdleStateHandler(allTimeout: tunnel.limits.silence.timeAmount))
      // With TLS 1.3 the coordinator judges our certificate after the handshake is over for us.
      try Relay.join(remote, local, first: nil) { error in
        if let reason = error.flatMap({ Reason.text(of: $0) }) { tunnel.complain(reason) }
      }
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
    if let reason { tunnel.complain(reason) }
    context.close(promise: nil)
    local.close(promise: nil)
  }
}
