internal import CNNG
internal import Glibc

/// The coordinator's end: a raw REP socket, which can speak to any one worker at any time.
///
/// "Sent" means queued: beyond 64 messages on a connection, or on one that is gone, nng drops without a word.
package final class CoordinatorSocket: Sendable {
  private let socket: nng_socket
  private let receiveLimit: Int
  /// What happens on the socket, in order for each connection.
  package let events: AsyncStream<SocketEvent>

  /// A socket that does not listen yet.
  ///
  /// - Parameter receiveLimit: the largest message in bytes; a larger one costs its sender the connection.
  /// - Throws: `MessagingError` if the system has no resources left.
  package init(receiveLimit: Int) throws(MessagingError) {
    var socket = nng_socket()
    try check(nng_rep0_open_raw(&socket), "open", "a socket")
    try check(nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, receiveLimit), "limit", "a socket")
    let (events, input) = AsyncStream.makeStream(of: SocketEvent.self)
    try PipeWatch.start(
      on: socket, added: { input.yield(.connected(PipeID($0))) },
      removed: { input.yield(.disconnected(PipeID($0))) })
    try ReceiveLoop.start(on: socket) { message in input.yield(.message(PipeID(message.pipe), message.body)) }
    self.socket = socket
    self.receiveLimit = receiveLimit
    self.events = events
  }

  /// Starts to listen.
  ///
  /// - Returns: the address with the port that was given for port 0.
  /// - Throws: `MessagingError` naming the address, for one in use or not ours.
  package func listen(_ address: Address) throws(MessagingError) -> Address {
    var listener = nng_listener()
    try check(nng_listen(socket, address.description, &listener, 0), "listen on", address.description)
    switch address.kind {
    case .ipc(let path):
      chmod(path, 0o600)
      return address
    case .tcp(let host, _):
      var bound: Int32 = 0
      try check(nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &bound), "listen on", address.description)
      return Address(.tcp(host: host, port: Int(bound)))
    }
  }

  /// Queues a message for one worker; returns once nng has taken it.
  ///
  /// - Throws: `MessagingError.tooLarge` before anything is sent; others if nng refuses.
  package func send(_ bytes: [UInt8], to pipe: PipeID) async throws(MessagingError) {
    guard bytes.count <= receiveLimit else { throw .tooLarge(bytes: bytes.count, limit: receiveLimit) }
    let message = Message(header: [pipe.value, requestID], body: bytes)
    try check(await SendOperation.send(message, on: socket, timeout: 5000), "send to", "connection \(pipe.value)")
  }

  /// Gives nng the time to write what it has queued; it has no call that tells when it has.
  package func flush() async { try? await Task.sleep(for: .milliseconds(100)) }
}

/// The request id of every message: raw sockets do not match replies to requests, but insist on the highest bit.
let requestID: UInt32 = 0x8000_0001

/// - Throws: `MessagingError` for a code other than 0.
func check(_ code: Int32, _ operation: String, _ address: String) throws(MessagingError) {
  guard code == 0 else { throw MessagingError(code, operation, address) }
}
