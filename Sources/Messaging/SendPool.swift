internal import CNNG
internal import Synchronization

/// Lends one send operation to each message under way, and knows when none is.
final class SendPool: Sendable {
  private struct State {
    var idle: [SendOperation] = []
    var pendingCount = 0
    var flushing: [CheckedContinuation<Void, Never>] = []
  }

  /// Operations kept for reuse; more are made at a peak and reaped after it.
  private static let idleLimit = 64

  private let state = Mutex(State())

  /// Sends a message with an operation of its own; returns nng's code.
  ///
  /// - Throws: `MessagingError.nng` when there is no memory for an operation.
  func send(
    _ message: consuming Message, on socket: nng_socket, milliseconds: Int32
  ) async throws(MessagingError) -> Int32 {
    let idle = state.withLock { state in
      state.pendingCount += 1
      return state.idle.popLast()
    }
    defer { finished() }
    let operation: SendOperation
    if let idle { operation = idle } else { operation = try SendOperation() }
    let code = await operation.send(message, on: socket, milliseconds: milliseconds)
    state.withLock { state in
      if state.idle.count < Self.idleLimit { state.idle.append(operation) }
    }
    return code
  }

  /// Waits until no message is under way.
  func flush() async {
    await withCheckedContinuation { continuation in
      let isIdle = state.withLock { state in
        if state.pendingCount > 0 { state.flushing.append(continuation) }
        return state.pendingCount == 0
      }
      if isIdle { continuation.resume() }
    }
  }

  private func finished() {
    let flushed = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      state.pendingCount -= 1
      guard state.pendingCount == 0 else { return [] }
      let flushed = state.flushing
      state.flushing = []
      return flushed
    }
    for continuation in flushed { continuation.resume() }
  }
}
