internal import Synchronization

/// The events that wait for the one task that reads them, with a limit at which receiving pauses.
///
/// An `AsyncStream` with a buffer would either grow without bound or drop messages when its reader is slow; here the
/// receive loop pauses instead, and the transport passes that back to the senders.
package final class Mailbox: Sendable {
  /// What may wait before receiving pauses.
  package struct Limits: Sendable {
    package var count: Int
    package var bytes: Int

    package init(count: Int = 1024, bytes: Int = 32 << 20) {
      self.count = count
      self.bytes = bytes
    }
  }

  private struct State {
    // Emptied slots before `head` are nil, so that their memory goes at once.
    var events: [SocketEvent?] = []
    var head = 0
    var byteCount = 0
    var isPaused = false
    var isFinished = false
    var reader: CheckedContinuation<SocketEvent?, Never>?

    func hasRoom(_ limits: Limits) -> Bool {
      events.count - head < limits.count && byteCount < limits.bytes
    }

    mutating func popFirst() -> SocketEvent? {
      guard head < events.count, let event = events[head] else { return nil }
      events[head] = nil
      head += 1
      byteCount -= event.byteCount
      // Half of the slots are empty before any is moved: amortised constant time.
      if head * 2 >= events.count {
        events.removeFirst(head)
        head = 0
      }
      return event
    }
  }

  private let state = Mutex(State())
  private let limits: Limits

  /// A mailbox in which receiving pauses once so many events or bytes wait.
  package init(limits: Limits = Limits()) {
    self.limits = limits
  }

  /// Adds an event, which is dropped if the mailbox is finished.
  ///
  /// A full mailbox still takes events, because connections come and go whether somebody reads or not.
  ///
  /// - Complexity: amortised constant.
  package func push(_ event: SocketEvent) {
    let reader = state.withLock { state -> CheckedContinuation<SocketEvent?, Never>? in
      guard !state.isFinished else { return nil }
      if let reader = state.reader {
        state.reader = nil
        return reader
      }
      state.events.append(event)
      state.byteCount += event.byteCount
      return nil
    }
    reader?.resume(returning: event)
  }

  /// True if the receive loop must pause here until `resumesReceiving()` is true; false if there is room to go on.
  package func pauses() -> Bool {
    state.withLock { state in
      state.isPaused = state.isFinished || !state.hasRoom(limits)
      return state.isPaused
    }
  }

  /// Whether receiving has paused because the reader is behind.
  var isPaused: Bool { state.withLock { $0.isPaused } }

  /// True once after each pause, when there is room again.
  package func resumesReceiving() -> Bool {
    state.withLock { state in
      guard state.isPaused, !state.isFinished, state.hasRoom(limits) else { return false }
      state.isPaused = false
      return true
    }
  }

  /// The next event, waiting for it if there is none; nil once the mailbox is finished.
  ///
  /// Only one task may read at a time.
  package func next() async -> SocketEvent? {
    await withCheckedContinuation { continuation in
      let (event, waits) = state.withLock { state -> (SocketEvent?, Bool) in
        if let event = state.popFirst() { return (event, false) }
        if state.isFinished { return (nil, false) }
        precondition(state.reader == nil, "two tasks read the events of one socket")
        state.reader = continuation
        return (nil, true)
      }
      if !waits { continuation.resume(returning: event) }
    }
  }

  /// Ends reading for good: what waits and what comes later is dropped.
  package func finish() {
    let reader = state.withLock { state in
      let reader = state.reader
      state = State(isFinished: true)
      return reader
    }
    reader?.resume(returning: nil)
  }
}
