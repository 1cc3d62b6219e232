/// Where a coordinator listens and a worker dials: `ipc:///PATH` on one machine, `tls://HOST:PORT` between machines, or
/// `tcp://HOST:PORT`, which is neither encrypted nor authenticated.
///
/// A value of this type is well-formed; whether `tcp://` is allowed is for the caller to decide. Sockets speak only
/// `ipc://` and `tcp://`: `tls://` is the address of a tunnel in front of a private `ipc://`.
package struct Address: Hashable, Sendable {
  /// The ways to a coordinator.
  package enum Kind: Hashable, Sendable {
    /// A Unix domain socket in a private directory.
    case ipc
    /// Plain TCP: neither encrypted nor authenticated.
    case tcp
    /// A tunnel with certificates on both sides.
    case tls
  }

  enum Form: Hashable, Sendable {
    case ipc(path: String)
    /// An IPv6 host is stored without its brackets.
    case tcp(host: Host, port: UInt16)
    case tls(host: Host, port: UInt16)
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
    case .tls: .tls
    }
  }

  /// Whether messages to this address cannot leave the machine: any `ipc://`, and others to a loopback host.
  package var isLoopbackOrLocal: Bool {
    switch form {
    case .ipc: true
    case .tcp(let host, _), .tls(let host, _): host.isLoopback
    }
  }

  /// The path of an `ipc://` address, nil for others.
  package var path: String? {
    switch form {
    case .ipc(let path): path
    case .tcp, .tls: nil
    }
  }

  /// The host of an address that has one, an IPv6 address without its brackets.
  package var host: String? {
    switch form {
    case .ipc: nil
    case .tcp(let host, _), .tls(let host, _): host.name
    }
  }

  /// The port of an address that has one, nil for `ipc://`; 0 asks the system to choose one when listening.
  package var port: UInt16? {
    switch form {
    case .ipc: nil
    case .tcp(_, let port), .tls(_, let port): port
    }
  }

  /// The same address with another port; an `ipc://` address, which has none, is returned as it is.
  package func withPort(_ port: UInt16) -> Address {
    switch form {
    case .ipc: self
    case .tcp(let host, _): Address(form: .tcp(host: host, port: port))
    case .tls(let host, _): Address(form: .tls(host: host, port: port))
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
    case .tls(let host, let port): "tls://\(host):\(port)"
    }
  }
}
