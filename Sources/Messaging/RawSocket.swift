internal import CNNG

/// What the two kinds of socket have in common: a raw nng socket that lives as long as the process.
///
/// There is no way to close it: in nng 1.5.2 a local close under traffic can deadlock the thread that frees connections
/// (nanomsg/nng#1636), and operations posted during one never call back. Letting go of the object leaves the socket open.
final class RawSocket: Sendable {
  let handle: nng_socket
  let events: AsyncStream<SocketEvent>
  let sendLimit: Int
  private let milliseconds: Int32
  private let pool = SendPool()
  private let mailbox: Mailbox

  /// Opens a socket, sets its limits and starts to receive.
  ///
  /// - Parameters:
  ///   - open: `nng_rep0_open_raw` or `nng_req0_open_raw`.
  ///   - place: how errors name the socket.
  ///   - limits: of messages without their headers.
  ///   - pipeChanged: called on a thread of nng's before the event is read, where it must neither block nor trap.
  ///   - interpret: as for `ReceiveLoop`.
  init(
    _ open: (UnsafeMutablePointer<nng_socket>?) -> Int32, place: String, limits: MessageLimits, sendTimeout: Duration,
    pipeChanged: @escaping @Sendable (PipeID, _ isConnected: Bool) -> Void = { _, _ in },
    interpret: @escaping @Sendable (borrowing Message) -> SocketEvent?
  ) throws(MessagingError) {
    var handle = nng_socket()
    try check(open(&handle), .open, place: place)
    // nng counts the header's one word that travels.
    try check(
      nng_socket_set_size(handle, NNG_OPT_RECVMAXSZ, limits.receive + MemoryLayout<UInt32>.size), .configure,
      place: place)
    let mailbox = Mailbox()
    let loop = try ReceiveLoop(on: handle, into: mailbox, interpret: interpret)
    try PipeObserver.observe(handle, place: place) { pipe, isConnected in
      pipeChanged(pipe, isConnected)
      mailbox.push(isConnected ? .connected(pipe) : .disconnected(pipe))
    }
    self.handle = handle
    self.mailbox = mailbox
    self.sendLimit = limits.send
    self.milliseconds = sendTimeout.wholeMilliseconds
    events = AsyncStream(unfolding: { await loop.next() }, onCancel: { mailbox.finish() })
    loop.start()
  }

  /// Whether receiving has paused because the reader is behind.
  var isPaused: Bool { mailbox.isPaused }

  /// Sends a message with this header; returns when nng has queued it.
  func send(
    _ bytes: [UInt8], header: [UInt32], to place: @autoclosure () -> String
  ) async throws(MessagingError) {
    guard bytes.count <= sendLimit else {
      throw .messageTooLarge(place: place(), byteCount: bytes.count, limit: sendLimit)
    }
    let message = try Message.make(header: header, body: bytes, to: place())
    try check(await pool.send(message, on: handle, milliseconds: milliseconds), .send, place: place())
  }

  func flush() async {
    await pool.flush()
  }
}

/// The largest messages that a socket takes and sends, in bytes, headers not counted.
struct MessageLimits: Sendable {
  let receive: Int
  let send: Int

  init(receive: Int, send: Int?) {
    // 0 would mean "no limit" to nng; the upper bound keeps sums far from overflow and mistakes in units out.
    precondition((1...1 << 30).contains(receive), "a receive limit is 1 byte to 1 GiB")
    precondition((1...1 << 30).contains(send ?? receive), "a send limit is 1 byte to 1 GiB")
    self.receive = receive
    self.send = send ?? receive
  }
}

extension Duration {
  /// At least one, because zero and less have other meanings to nng.
  fileprivate var wholeMilliseconds: Int32 {
    let thousandths = self / .milliseconds(1)
    return Int32(min(max(1, thousandths), Double(Int32.max)))
  }
}
