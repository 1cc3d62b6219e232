internal import CNNG

/// What happens at a coordinator's socket; its pipes are workers.
package typealias CoordinatorSocketEvent = SocketEvent

/// The socket at which a coordinator listens: raw REP, so that it can send to exactly one worker at any time.
///
/// It lives as long as the process and is never closed. At the end: stop sending, `await flush()`, wait for the peers'
/// last answers if they matter, and leave with `_exit`.
package final class CoordinatorSocket: Sendable {
  /// What happens at the socket, for one reading task; cancelling that task ends the stream and the receiving for good.
  ///
  /// While the reader is behind by 1,024 events or 32 MiB, receiving pauses and the senders have to wait.
  package let events: AsyncStream<CoordinatorSocketEvent>

  private let socket: RawSocket
  private let routes: PipeRoutes
  private let canary: Canary
  private let doors: Doors

  /// Opens the socket; nothing can connect before `listen(_:)`.
  ///
  /// - Parameters:
  ///   - receiveLimit: the largest message taken, in bytes, 1 to 1 GiB; a peer that sends a larger one is disconnected.
  ///   - sendLimit: the largest message sent, in bytes; the same if nil.
  ///   - sendTimeout: how long a message may wait for nng to queue it.
  /// - Throws: `MessagingError` when the system has no room for another socket.
  package init(
    receiveLimit: Int, sendLimit: Int? = nil, sendTimeout: Duration = .seconds(5)
  ) throws(MessagingError) {
    let routes = PipeRoutes()
    let canary = Canary()
    let doors = Doors()
    socket = try RawSocket(
      nng_rep0_open_raw, place: "a coordinator", limits: MessageLimits(receive: receiveLimit, send: sendLimit),
      sendTimeout: sendTimeout,
      pipeChanged: { pipe, isConnected in
        if isConnected {
          routes.connected(pipe)
          doors.connected(pipe)
        } else {
          routes.disconnected(pipe)
          doors.disconnected(pipe)
          canary.disconnected(pipe)
        }
      },
      interpret: { message in
        // A longer header has come through a forwarding device, and we have none.
        guard let header = message.header, header.count == 2 else { return nil }
        let pipe = PipeID(header[0])
        let body = message.body
        if canary.takes(body, from: pipe) { return nil }
        routes.received(request: header[1], from: pipe)
        return .message(pipe, body)
      })
    self.routes = routes
    self.canary = canary
    self.doors = doors
    events = socket.events
  }

  /// Listens at an address; may be called for several.
  ///
  /// The socket file of an `ipc://` address gets mode 0600 in a directory of mode 0700, which is made if only it is
  /// missing; a socket file that a dead process left behind is replaced. A lock file stands beside it.
  ///
  /// An `ipc://` listener goes deaf without a sign when a peer disconnects before both greetings of eight bytes have been
  /// exchanged (nanomsg/nng#1518): connections still succeed, but no event comes. ``complaint(about:)``
  /// notices, and whatever connects on behalf of others must first have their whole greeting, then wait for ours.
  ///
  /// - Returns: the address to dial: for `tcp://` with port 0, the one with the port that the system chose.
  /// - Throws: `MessagingError`: the address is in use, permission is denied, the directory is open to others.
  @discardableResult
  package func listen(_ address: Address) throws(MessagingError) -> Address {
    precondition(address.kind != .tls, "a socket listens where the tunnel ends, at an ipc:// address")
    guard let path = address.path else { return try start(address) }
    let lock = try SocketFile.prepare(path)
    do throws(MessagingError) {
      return try start(address)
    } catch {
      SocketFile.release(lock)
      throw error
    }
  }

  private func start(_ address: Address) throws(MessagingError) -> Address {
    let place = address.description
    var listener = nng_listener()
    try check(nng_listener_create(&listener, socket.handle, place), .listen, place: place)
    do throws(MessagingError) {
      if address.kind == .ipc {
        try check(nng_listener_set_int(listener, NNG_OPT_IPC_PERMISSIONS, 0o600), .listen, place: place)
      }
      doors.opens(listener, at: address)
      let code = nng_listener_start(listener, 0)
      guard code != Int32(NNG_EADDRINUSE.rawValue) else { throw .addressInUse(address) }
      try check(code, .listen, place: place)
    } catch {
      // Safe, unlike other closes: this listener has never had a connection.
      doors.fails(listener)
      nng_listener_close(listener)
      throw error
    }
    guard address.port == 0 else { return address }
    var port: Int32 = 0
    try check(nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port), .listen, place: place)
    return address.withPort(UInt16(truncatingIfNeeded: port))
  }

  /// The address at which a peer came, as it was given to ``listen(_:)``; nil once it has gone.
  package func address(of pipe: PipeID) -> Address? { doors.address(of: pipe) }

  /// The addresses at which the socket listens, in the order in which they were given.
  package var addresses: [Address] { doors.addresses }

  /// Tries whether peers can still come, be heard and go at an `ipc://` address: a connection to oneself with a message,
  /// which no event tells of but its coming and going. One at a time; takes milliseconds if all is well.
  ///
  /// Neither a listener that went deaf nor a dead reaper of connections gives any other sign. Of a socket whose reader is
  /// behind nothing can be said, nor of other addresses, for which no such fault is known.
  ///
  /// - Returns: what did not happen within two seconds; nil where nothing is wrong.
  package func complaint(about address: Address) async -> String? {
    guard let path = address.path, !socket.isPaused else { return nil }
    let complaint = await canary.fly(to: path, patience: 2000)
    return socket.isPaused ? nil : complaint
  }

  /// Sends a message to one worker, and to no other; possible from its first message until it disconnects.
  ///
  /// Returning means queued: nng drops the message silently if the worker disconnects or if 64 messages already wait for
  /// it, so what matters needs an acknowledgement. Messages are delivered in the order of calls that await each other.
  ///
  /// - Throws: `MessagingError`: too large, unreachable, timed out, cancelled; nothing was sent then.
  /// - Complexity: linear in the number of bytes.
  package func send(_ bytes: [UInt8], to pipe: PipeID) async throws(MessagingError) {
    guard let header = routes.header(to: pipe) else { throw .unreachable(pipe) }
    try await socket.send(bytes, header: header, to: pipe.description)
  }

  /// Waits until all sends that were started have returned; stop sending first.
  package func flush() async {
    await socket.flush()
  }
}
