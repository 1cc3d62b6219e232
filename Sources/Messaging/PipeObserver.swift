internal import CNNG

/// Hears of the connections of a socket for as long as the process lives.
final class PipeObserver: Sendable {
  private let changed: @Sendable (PipeID, _ isConnected: Bool) -> Void

  private init(_ changed: @escaping @Sendable (PipeID, _ isConnected: Bool) -> Void) {
    self.changed = changed
  }

  /// Calls `changed` on a thread of nng's for each pipe that comes or goes; to be called before listening or dialling.
  ///
  /// `ADD_PRE` rather than `ADD_POST`: nng starts to receive on a pipe between the two, so that after `ADD_POST` a
  /// message could arrive from a pipe not yet announced; and only pipes that passed `ADD_PRE` are reported removed.
  static func observe(
    _ socket: nng_socket, place: String, changed: @escaping @Sendable (PipeID, _ isConnected: Bool) -> Void
  ) throws(MessagingError) {
    // Retained for ever, as the socket lives for ever.
    let context = Unmanaged.passRetained(PipeObserver(changed)).toOpaque()
    for event in [NNG_PIPE_EV_ADD_PRE, NNG_PIPE_EV_REM_POST] {
      try check(
        nng_pipe_notify(
          socket, event,
          { pipe, event, context in
            guard let context else { return }
            Unmanaged<PipeObserver>.fromOpaque(context).takeUnretainedValue()
              .changed(PipeID(pipe.id), event == NNG_PIPE_EV_ADD_PRE)
          }, context), .configure, place: place)
    }
  }
}
