internal import CNNG

/// A worker's end: a raw REQ socket that dials, and dials again by itself whenever the connection breaks.
package final class WorkerSocket: Sendable {
  private let socket: nng_socket
  private let receiveLimit: Int
  /// What happens on the socket, in order.
  package let events: AsyncStream<SocketEvent>

  /// A socket that does not dial yet.
  ///
  /// - Parameter receiveLimit: the largest message in bytes, both ways.
  /// - Throws: `MessagingError` if the system has no resources left.
  package init(receiveLimit: Int) throws(MessagingError) {
    var socket = nng_socket()
    try check(nng_req0_open_raw(&socket), "open", "a socket")
    try check(nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, receiveLimit), "limit", "a socket")
    try check(nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, 100), "set up", "a socket")
    try check(nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, 2000), "set up", "a socket")
    let (events, input) = AsyncStream.makeStream(of: SocketEvent.self)
    try PipeWatch.start(
      on: socket, added: { input.yield(.connected(PipeID($0))) },
      removed: { input.yield(.disconnected(PipeID($0))) })
    try ReceiveLoop.start(on: socket) { message in input.yield(.message(PipeID(message.pipe), message.body)) }
    self.socket = socket
    self.receiveLimit = receiveLimit
    self.events = events
  }

  /// Starts to dial, for as long as it takes: a coordinator that is not there yet is no error.
  ///
  /// - Throws: `MessagingError` for an address that can never be dialled.
  package func dial(_ address: Address) throws(MessagingError) {
    try check(nng_dial(socket, address.description, nil, Int32(NNG_FLAG_NONBLOCK)), "dial", address.description)
  }

  /// Queues a message for the coordinator; returns once nng has taken it.
  ///
  /// - Throws: `MessagingError.tooLarge` before anything is sent, `.timedOut` after five seconds without a connection.
  package func send(_ bytes: [UInt8]) async throws(MessagingError) {
    guard bytes.count <= receiveLimit else { throw .tooLarge(bytes: bytes.count, limit: receiveLimit) }
    let message = Message(header: [requestID], body: bytes)
    try check(await SendOperation.send(message, on: socket, timeout: 5000), "send to", "the coordinator")
  }

  /// Gives nng the time to write what it has queued; it has no call that tells when it has.
  package func flush() async { try? await Task.sleep(for: .milliseconds(100)) }
}
