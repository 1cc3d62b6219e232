internal import CNNG
internal import Synchronization

/// The addresses at which a socket listens, and by which of them each connected pipe came.
final class Doors: Sendable {
  private struct State {
    var listeners: [Int32: Address] = [:]
    var pipes: [PipeID: Address] = [:]
  }

  private let state = Mutex(State())

  /// Before the listener starts, so that no pipe comes by a door that nobody knows.
  func opens(_ listener: nng_listener, at address: Address) {
    state.withLock { $0.listeners[nng_listener_id(listener)] = address }
  }

  func fails(_ listener: nng_listener) {
    _ = state.withLock { $0.listeners.removeValue(forKey: nng_listener_id(listener)) }
  }

  /// Called on nng's thread, while the pipe is sure to be there.
  func connected(_ pipe: PipeID) {
    let listener = nng_listener_id(nng_pipe_listener(nng_pipe(id: pipe.rawValue)))
    state.withLock { $0.pipes[pipe] = $0.listeners[listener] }
  }

  func disconnected(_ pipe: PipeID) {
    _ = state.withLock { $0.pipes.removeValue(forKey: pipe) }
  }

  func address(of pipe: PipeID) -> Address? { state.withLock { $0.pipes[pipe] } }

  var addresses: [Address] { state.withLock { $0.listeners.sorted { $0.key < $1.key }.map(\.value) } }
}
