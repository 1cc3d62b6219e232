internal import NIOCore

/// One end of a carried connection: what it reads goes to the other end, as fast as that one takes it.
///
/// Both ends live on one event loop. An end reads only while the other is writable, so at most the high water mark and
/// one round of reads wait in memory for each direction, and slowness is passed on to the sender.
final class Relay: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private var context: ChannelHandlerContext?
  private var partner: Relay?
  private var hasHeldRead = false
  private var onEnd: ((any Error)?) -> Void
  private var failure: (any Error)?

  private init(onEnd: @escaping ((any Error)?) -> Void) {
    self.onEnd = onEnd
  }

  /// Joins two channels of one event loop, which have been active, for the rest of their lives; when one ends, the other
  /// does, after what was read before has gone out.
  ///
  /// - Parameters:
  ///   - first: bytes that were read from `left` already.
  ///   - onEnd: called once, on the event loop, with the error that ended `left`, if any.
  static func join(
    _ left: any Channel, _ right: any Channel, first: ByteBuffer?, onEnd: @escaping ((any Error)?) -> Void
  ) throws {
    let ends = (Relay(onEnd: onEnd), Relay(onEnd: { _ in }))
    ends.0.partner = ends.1
    ends.1.partner = ends.0
    try left.pipeline.syncOperations.addHandler(ends.0)
    try right.pipeline.syncOperations.addHandler(ends.1)
    if let first, first.readableBytes > 0 { ends.1.write(first) }
    ends.1.context?.flush()
    // Of an end that came before, no event will tell any more.
    if !left.isActive || !right.isActive {
      left.close(promise: nil)
      right.close(promise: nil)
    }
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    partner = nil
  }

  func read(context: ChannelHandlerContext) {
    guard let partner, partner.isWritable else {
      hasHeldRead = true
      return
    }
    context.read()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    partner?.write(unwrapInboundIn(data))
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    partner?.context?.flush()
    context.fireChannelReadComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { partner?.readIfHeld() }
    context.fireChannelWritabilityChanged()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is IdleStateHandler.IdleStateEvent {
      failure = failure ?? SilentPeer()
      context.close(promise: nil)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    failure = failure ?? error
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    let other = partner
    partner = nil
    other?.finish()
    onEnd(failure)
    onEnd = { _ in }
    context.fireChannelInactive()
  }

  private var isWritable: Bool { context?.channel.isWritable ?? false }

  private func write(_ buffer: ByteBuffer) {
    context?.write(wrapOutboundOut(buffer), promise: nil)
  }

  private func readIfHeld() {
    guard hasHeldRead else { return }
    hasHeldRead = false
    context?.read()
  }

  /// Ends this side after everything written to it has gone out.
  private func finish() {
    partner = nil
    guard let context else { return }
    let empty = context.channel.allocator.buffer(capacity: 0)
    context.writeAndFlush(wrapOutboundOut(empty)).assumeIsolated().whenComplete { _ in context.close(promise: nil) }
  }
}

/// A peer that has sent nothing for too long.
struct SilentPeer: Error {}
