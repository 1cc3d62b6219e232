internal import NIOCore

/// Brings a peer's greeting to nng and waits for nng's own, at the local end of a connection that is about to be carried.
///
/// nng's listener for private sockets goes deaf for ever when a peer disconnects before both greetings were exchanged
/// (nanomsg/nng#1518). So a connection is opened only with the peer's whole greeting in hand, and never closed from our
/// side before nng has answered, even if the peer is long gone.
final class LocalGreeter: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let doorkeeper: Doorkeeper
  private var received = ByteBuffer()
  private var reminder: Scheduled<Void>?

  init(for doorkeeper: Doorkeeper) {
    self.doorkeeper = doorkeeper
  }

  func channelActive(context: ChannelHandlerContext) {
    doorkeeper.localOpened(context.channel)
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: Greeting.bytes)), promise: nil)
    reminder = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(10)) { self.doorkeeper.localSilent() }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var buffer = unwrapInboundIn(data)
    received.writeBuffer(&buffer)
    guard received.readableBytes >= Greeting.bytes.count else { return }
    reminder?.cancel()
    context.pipeline.syncOperations.removeHandler(self, promise: nil)
    doorkeeper.localGreeted(context.channel, received)
  }

  func channelInactive(context: ChannelHandlerContext) {
    reminder?.cancel()
    context.fireChannelInactive()
  }
}
