internal import CNNG
internal import Synchronization

/// The owner of one `nng_aio` that sends one message at a time.
///
/// It is never stopped, only reaped when nobody holds it any more, so every operation that is started calls back.
///
/// `@unchecked Sendable`: "Each of which can only be used with a single operation at a time" (nng_aio(5)) is kept by
/// `SendPool`, which lends it to one task; "the callback will be executed, generally in a different thread, with no
/// locks held" (nng.h) is met by the `Mutex`. The handle is written once, in `init`.
final class SendOperation: @unchecked Sendable {
  private var handle: OpaquePointer?
  private let waiting = Mutex<CheckedContinuation<Int32, Never>?>(nil)

  /// - Throws: `MessagingError.nng` when there is no memory for it.
  init() throws(MessagingError) {
    let context = Unmanaged.passUnretained(self).toOpaque()
    try check(
      nng_aio_alloc(
        &handle,
        { context in
          guard let context else { return }
          Unmanaged<SendOperation>.fromOpaque(context).takeUnretainedValue().completed()
        }, context), .configure, place: "sending")
  }

  deinit {
    // The last reference may go in the callback, where `nng_aio_free` would wait for itself.
    if let handle { nng_aio_reap(handle) }
  }

  /// Sends a message and returns nng's code: 0 when nng has queued it.
  ///
  /// Ends early with `NNG_ECANCELED` if the task is cancelled, and with `NNG_ETIMEDOUT` after `milliseconds`.
  func send(_ message: consuming Message, on socket: nng_socket, milliseconds: Int32) async -> Int32 {
    nng_aio_set_msg(handle, message.release())
    nng_aio_set_timeout(handle, milliseconds)
    let code = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        waiting.withLock { $0 = continuation }
        nng_send_aio(socket, handle)
        // A cancellation that came before the start found nothing to cancel.
        if Task.isCancelled { nng_aio_cancel(handle) }
      }
    } onCancel: {
      nng_aio_cancel(handle)
    }
    // After a failure the message is ours again.
    if code != 0, let returned = nng_aio_get_msg(handle) {
      nng_aio_set_msg(handle, nil)
      _ = Message(owning: returned)
    }
    return code
  }

  private func completed() {
    let code = nng_aio_result(handle)
    let continuation = waiting.withLock { waiting in
      let continuation = waiting
      waiting = nil
      return continuation
    }
    // From here on the operation may already be sending the next message.
    continuation?.resume(returning: code)
  }
}
