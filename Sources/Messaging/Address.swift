/// Where a coordinator listens and a worker dials: `ipc:///PATH` on one machine or `tcp://HOST:PORT` between machines.
///
/// A value of this type is well-formed; whether `tcp://` is allowed is for the caller to decide.
package struct Address: Hashable, Sendable {
  /// The transports that sockets speak.
  package enum Kind: Hashable, Sendable {
    /// A Unix domain socket in a private directory.
    case ipc
    /// Plain TCP: neither encrypted nor authenticated.
    case tcp
  }

  enum Form: Hashable, Sendable {
    case ipc(path: String)
    /// An IPv6 host is stored without its brackets.
    case tcp(host: Host, port: UInt16)
  }

  let form: Form

  /// The most bytes that an `ipc://` path may have.
  ///
  /// The system's limit is 108 with the final zero (`sun_path`, unix(7)); the rest is kept for temporary names beside
  /// the socket.
  package static let pathLimit = 100

  /// The transport.
  package var kind: Kind {
    switch form {
    case .ipc: .ipc
    case .tcp: .tcp
    }
  }

  /// Whether messages to this address cannot leave the machine: any `ipc://`, and `tcp://` to a loopback host.
  package var isLoopbackOrLocal: Bool {
    switch form {
    case .ipc: true
    case .tcp(let host, _): host.isLoopback
    }
  }

  /// The path of an `ipc://` address, nil for others.
  package var path: String? {
    switch form {
    case .ipc(let path): path
    case .tcp: nil
    }
  }

  /// The port of a `tcp://` address, nil for others; 0 asks the system to choose one when listening.
  package var port: UInt16? {
    switch form {
    case .ipc: nil
    case .tcp(_, let port): port
    }
  }

  /// The same address with another port; an `ipc://` address, which has none, is returned as it is.
  func withPort(_ port: UInt16) -> Address {
    switch form {
    case .ipc: self
    case .tcp(let host, _): Address(form: .tcp(host: host, port: port))
    }
  }

  init(form: Form) {
    self.form = form
  }
}

extension Address: CustomStringConvertible {
  /// The address as text that `init(_:)` reads back to an equal value.
  package var description: String {
    switch form {
    case .ipc(let path): "ipc://\(path)"
    case .tcp(let host, let port): "tcp://\(host):\(port)"
    }
  }
}
