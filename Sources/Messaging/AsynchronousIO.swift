internal import CNNG
internal import Synchronization

/// One send operation: a message given to nng, and the task that waits until nng has taken it.
///
/// nng calls back on a thread of its own, which must neither block nor free the operation; so the callback takes the
/// result, has the operation reaped later, and resumes.
final class SendOperation: Sendable {
  private let continuation = Mutex<CheckedContinuation<Int32, Never>?>(nil)
  // An nng_aio may be used from any thread as long as one operation at a time runs on it (nng_aio(5)); this one runs
  // exactly one, and is touched again only by its callback.
  private nonisolated(unsafe) var aio: OpaquePointer?

  private init() {}

  /// Sends a message; the result is 0 or nng's error code, and a message that was not sent is freed.
  static func send(_ message: consuming Message, on socket: nng_socket, timeout: Int32) async -> Int32 {
    let pointer = message.release()
    return await withCheckedContinuation { continuation in
      let operation = SendOperation()
      operation.continuation.withLock { $0 = continuation }
      let reference = Unmanaged.passRetained(operation)
      let code = nng_aio_alloc(
        &operation.aio, { Unmanaged<SendOperation>.fromOpaque($0!).takeRetainedValue().finish() },
        reference.toOpaque())
      guard code == 0 else {
        reference.release()
        nng_msg_free(pointer)
        continuation.resume(returning: code)
        return
      }
      nng_aio_set_timeout(operation.aio, timeout)
      nng_aio_set_msg(operation.aio, pointer)
      nng_send_aio(socket, operation.aio)
    }
  }

  private func finish() {
    let code = nng_aio_result(aio)
    // After a failed send the message is still ours.
    if code != 0, let message = nng_aio_get_msg(aio) { nng_msg_free(message) }
    nng_aio_reap(aio)
    let waiting = continuation.withLock { continuation in
      defer { continuation = nil }
      return continuation
    }
    waiting?.resume(returning: code)
  }
}

/// Receives for as long as the process lives, one operation after the other.
///
/// A socket is never closed in a process that goes on (closing one under traffic can deadlock nng's reaper), so neither
/// is its loop.
final class ReceiveLoop: Sendable {
  private let socket: nng_socket
  private let take: @Sendable (consuming Message) -> Void
  // Used by `start` before the first operation and by the callback of the one running operation after it.
  private nonisolated(unsafe) var aio: OpaquePointer?

  /// Starts to receive; `take` runs on nng's thread and must only hand the message on.
  ///
  /// - Throws: `MessagingError` if nng has no memory left.
  static func start(
    on socket: nng_socket, take: @escaping @Sendable (consuming Message) -> Void
  ) throws(MessagingError) {
    let loop = ReceiveLoop(socket: socket, take: take)
    let reference = Unmanaged.passRetained(loop)
    let code = nng_aio_alloc(
      &loop.aio, { Unmanaged<ReceiveLoop>.fromOpaque($0!).takeUnretainedValue().received() }, reference.toOpaque())
    guard code == 0 else {
      reference.release()
      throw MessagingError(code, "receive on", "a socket")
    }
    nng_recv_aio(socket, loop.aio)
  }

  private init(socket: nng_socket, take: @escaping @Sendable (consuming Message) -> Void) {
    self.socket = socket
    self.take = take
  }

  private func received() {
    let code = nng_aio_result(aio)
    if code == 0 { take(Message(owning: nng_aio_get_msg(aio))) }
    if code == Int32(NNG_ECLOSED.rawValue) || code == Int32(NNG_ECANCELED.rawValue) { return }
    nng_recv_aio(socket, aio)
  }
}

/// The connections of a socket coming and going, told on nng's thread.
final class PipeWatch: Sendable {
  private let added: @Sendable (UInt32) -> Void
  private let removed: @Sendable (UInt32) -> Void

  private init(added: @escaping @Sendable (UInt32) -> Void, removed: @escaping @Sendable (UInt32) -> Void) {
    self.added = added
    self.removed = removed
  }

  /// Watches for as long as the process lives; the closures must only hand the number on.
  static func start(
    on socket: nng_socket, added: @escaping @Sendable (UInt32) -> Void, removed: @escaping @Sendable (UInt32) -> Void
  ) throws(MessagingError) {
    let reference = Unmanaged.passRetained(PipeWatch(added: added, removed: removed))
    for event in [NNG_PIPE_EV_ADD_POST, NNG_PIPE_EV_REM_POST] {
      let code = nng_pipe_notify(
        socket, event,
        { pipe, event, argument in
          let watch = Unmanaged<PipeWatch>.fromOpaque(argument!).takeUnretainedValue()
          let id = UInt32(bitPattern: nng_pipe_id(pipe))
          if event == NNG_PIPE_EV_ADD_POST { watch.added(id) } else { watch.removed(id) }
        }, reference.toOpaque())
      guard code == 0 else { throw MessagingError(code, "watch", "a socket") }
    }
  }
}
