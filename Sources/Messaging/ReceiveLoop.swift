internal import CNNG

/// Receives with one `nng_aio` for as long as the process lives, from callback to callback, and fills a mailbox.
///
/// One operation rather than many keeps each pipe's messages in order. Neither a thread nor the cooperative pool waits.
///
/// `@unchecked Sendable`: "Each of which can only be used with a single operation at a time" (nng_aio(5)) is kept because
/// an operation is started either by the callback of the one before or, after a pause, by the reader whom the mailbox
/// tells so once; "the callback will be executed, generally in a different thread, with no locks held" (nng.h) is met by
/// the mailbox's lock. The handle is written once, in `init`.
final class ReceiveLoop: @unchecked Sendable {
  private let socket: nng_socket
  private let mailbox: Mailbox
  private let interpret: @Sendable (borrowing Message) -> SocketEvent?
  private var handle: OpaquePointer?

  /// - Parameter interpret: turns a message into an event, or drops it with nil; called on a thread of nng's, where it
  ///   must neither block nor trap.
  /// - Throws: `MessagingError.nng` when there is no memory for it.
  init(
    on socket: nng_socket, into mailbox: Mailbox,
    interpret: @escaping @Sendable (borrowing Message) -> SocketEvent?
  ) throws(MessagingError) {
    self.socket = socket
    self.mailbox = mailbox
    self.interpret = interpret
    // Retained for ever: sockets are never closed in a living process, so the last callback never comes.
    let context = Unmanaged.passRetained(self).toOpaque()
    try check(
      nng_aio_alloc(
        &handle,
        { context in
          guard let context else { return }
          Unmanaged<ReceiveLoop>.fromOpaque(context).takeUnretainedValue().completed()
        }, context), .configure, place: "receiving")
  }

  /// Starts receiving; called once, and again after each pause.
  func start() {
    nng_recv_aio(socket, handle)
  }

  /// The next event, nil after the end; goes on receiving if a full mailbox had paused it.
  func next() async -> SocketEvent? {
    let event = await mailbox.next()
    if mailbox.resumesReceiving() { start() }
    return event
  }

  private func completed() {
    guard nng_aio_result(handle) == 0, let received = nng_aio_get_msg(handle) else {
      // Without a time-out this is only the socket's end.
      mailbox.finish()
      return
    }
    nng_aio_set_msg(handle, nil)
    let message = Message(owning: received)
    if let event = interpret(message) { mailbox.push(event) }
    if !mailbox.pauses() { nng_recv_aio(socket, handle) }
  }
}
