internal import CNNG
internal import Dispatch
internal import Synchronization

/// What happens at a worker's socket; its pipes are successive connections to the coordinator.
package typealias WorkerSocketEvent = SocketEvent

/// The socket with which a worker dials its coordinator: raw REQ, which connects again by itself for ever.
///
/// It lives as long as the process and is never closed. At the end: stop sending, `await flush()`, wait for the
/// coordinator's last answer if it matters, and leave with `_exit`.
package final class WorkerSocket: Sendable {
  /// What happens at the socket, for one reading task; cancelling that task ends the stream and the receiving for good.
  ///
  /// While the reader is behind by 1,024 events or 32 MiB, receiving pauses and the coordinator's messages queue up.
  package let events: AsyncStream<WorkerSocketEvent>

  private let socket: RawSocket
  private struct Dialling {
    var address: Address
    var dialer: nng_dialer
  }
  private let dialled = Mutex<Dialling?>(nil)
  /// Off the threads that tasks share, for what may have to wait for nng's own.
  private let queue = DispatchQueue(label: "dialler")

  /// Opens the socket; it connects to nothing before `dial(_:)`.
  ///
  /// - Parameters:
  ///   - receiveLimit: the largest message taken, in bytes, 1 to 1 GiB; a larger one breaks the connection.
  ///   - sendLimit: the largest message sent, in bytes; the same if nil.
  ///   - sendTimeout: how long a message may wait for a connection that takes it.
  /// - Throws: `MessagingError` when the system has no room for another socket.
  package init(
    receiveLimit: Int, sendLimit: Int? = nil, sendTimeout: Duration = .seconds(5)
  ) throws(MessagingError) {
    socket = try RawSocket(
      nng_req0_open_raw, place: "a worker", limits: MessageLimits(receive: receiveLimit, send: sendLimit),
      sendTimeout: sendTimeout, interpret: { .message($0.pipe, $0.body) })
    events = socket.events
    // Measured: four workers were back at most 1.7 s after each of 150 restarts of their coordinator.
    try check(nng_socket_set_ms(socket.handle, NNG_OPT_RECONNMINT, 100), .configure, place: "a worker")
    try check(nng_socket_set_ms(socket.handle, NNG_OPT_RECONNMAXT, 2000), .configure, place: "a worker")
  }

  /// Starts to dial an address, now and after each loss of the connection; called once.
  ///
  /// Returns at once: an address at which nobody listens yet is no error, `.connected` tells when somebody does.
  ///
  /// - Throws: `MessagingError` for an address that cannot be dialled at all.
  package func dial(_ address: Address) throws(MessagingError) {
    precondition(address.kind != .tls, "a socket dials where the tunnel ends, at an ipc:// address")
    guard address.port != 0 else { throw .portMissing(address) }
    // Two would share the messages between them.
    precondition(dialled.withLock { $0 == nil }, "a worker dials one coordinator")
    let dialer = try start(address)
    dialled.withLock { $0 = Dialling(address: address, dialer: dialer) }
  }

  private func start(_ address: Address) throws(MessagingError) -> nng_dialer {
    var dialer = nng_dialer()
    try check(
      nng_dial(socket.handle, address.description, &dialer, Int32(NNG_FLAG_NONBLOCK)), .dial, place: address.description
    )
    return dialer
  }

  /// How often dialling has come to an end, well or not, with the present dialler.
  ///
  /// nng's dialler ends without a sign when a local socket's peer disconnects before both greetings have been exchanged,
  /// as a coordinator does that is killed at that moment: the error says "closed", which nng takes for a close of its own
  /// (the other side of nanomsg/nng#1518). Then this number never changes again, while a dialler that lives changes it
  /// at least every twelve seconds: the longest pause, and nng's limit for the exchange of greetings.
  ///
  /// Nil where nng does not tell, and for TCP, where a connection may be under way for longer and diallers do not die.
  package var attempts: UInt64? {
    guard let dialled = dialled.withLock({ $0 }), dialled.address.kind == .ipc else { return nil }
    var root: OpaquePointer?
    guard nng_stats_get(&root) == 0 else { return nil }
    defer { nng_stats_free(root) }
    let dialer = sequence(first: nng_stat_child(root)) { nng_stat_next($0) }.first {
      // Not nng_stat_find_dialer, which finds the first dialler, whatever its number.
      String(cString: nng_stat_name($0)) == "dialer" && value("id", in: $0) == UInt64(dialled.dialer.id)
    }
    guard let dialer else { return nil }
    // nng counts each attempt under one of these names.
    let names = ["connect", "refused", "disconnect", "canceled", "other", "timeout", "proto", "auth", "oom"]
    return names.reduce(0) { $0 + (value($1, in: dialer) ?? 0) }
  }

  /// Puts a new dialler in the place of one that has died, as its `attempts` tell.
  ///
  /// Only then: closing a dialler closes its connection too, and under traffic that has stopped the thread that frees
  /// connections (nanomsg/nng#1636; within 10,000 closes of connections that had just come). The worker then hears
  /// neither of the loss of a connection nor of another one.
  package func replaceDeadDialer() {
    queue.async { [self] in
      guard let old = dialled.withLock({ $0 }) else { return }
      nng_dialer_close(old.dialer)
      // Without memory for a dialler there is the next time.
      guard let dialer = try? start(old.address) else { return }
      dialled.withLock { $0?.dialer = dialer }
    }
  }

  /// Sends a message to the coordinator, waiting up to the time-out for a connection that takes it.
  ///
  /// Returning means that a connection took it: it is lost if that connection breaks, so what matters needs an
  /// acknowledgement. Messages are delivered in the order of calls that await each other.
  ///
  /// - Throws: `MessagingError`: too large, timed out, cancelled; nothing was sent then.
  /// - Complexity: linear in the number of bytes.
  package func send(_ bytes: [UInt8]) async throws(MessagingError) {
    // nng wants a request id; ours are in the messages.
    try await socket.send(
      bytes, header: [PipeRoutes.lastHop], to: dialled.withLock { $0?.address.description } ?? "the coordinator")
  }

  /// Waits until all sends that were started have returned; stop sending first.
  package func flush() async {
    await socket.flush()
  }
}

/// The number of that name within a scope of nng's statistics.
private func value(_ name: String, in scope: OpaquePointer?) -> UInt64? {
  nng_stat_find(scope, name).map { nng_stat_value($0) }
}
