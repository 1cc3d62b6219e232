internal import Digests
internal import Messaging
internal import Synchronization

/// A private socket for each certificate that workers show: by which of them a peer came says who it is, and nothing that
/// it sends can say otherwise.
final class IdentityDoors: Sendable {
  private struct State {
    var socket: CoordinatorSocket?
    var first: Address?
    var names: [Address: String] = [:]
    var addresses: [String: Address] = [:]
  }

  /// Certificates with sockets of their own; bearers of others share the first one.
  private static let most = 1024

  private let state = Mutex(State())

  /// From here on there is a socket that can listen elsewhere too.
  func begin(_ socket: CoordinatorSocket, beside first: Address) {
    state.withLock { ($0.socket, $0.first) = (socket, first) }
  }

  /// The socket file for the bearer of a certificate.
  ///
  /// - Precondition: the coordinator listens at an `ipc://` address.
  /// - Throws: `MessagingError`.
  func door(for name: String) throws(MessagingError) -> String {
    try state.withLock { state throws(MessagingError) in
      guard let first = state.first?.path, let socket = state.socket else {
        preconditionFailure("nobody comes before the coordinator listens at a private socket")
      }
      if let known = state.addresses[name]?.path { return known }
      guard !name.isEmpty, state.names.count < Self.most,
        let address = try? Address("ipc://\(first)-\(Digest(of: Array(name.utf8)).hex.prefix(8))"),
        let path = address.path
      else { return first }
      // Known before anybody can come.
      (state.addresses[name], state.names[address]) = (address, name)
      do throws(MessagingError) { try socket.listen(address) } catch {
        (state.addresses[name], state.names[address]) = (nil, nil)
        throw error
      }
      return path
    }
  }

  /// The name in the certificate of a peer that has connected; nil where it showed none.
  func name(of pipe: Messaging.PipeID) -> String? {
    state.withLock { state in state.socket?.address(of: pipe).flatMap { state.names[$0] } }
  }
}
