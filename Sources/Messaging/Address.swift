/// Where a coordinator listens and a worker dials.
package struct Address: Hashable, Sendable, CustomStringConvertible {
  package enum Kind: Hashable, Sendable {
    /// A socket file on this machine.
    case ipc(path: String)
    /// Unencrypted TCP.
    case tcp(host: String, port: Int)
  }

  package let kind: Kind

  package init(_ kind: Kind) { self.kind = kind }

  /// The longest path of a socket file: the system's limit is 108 bytes with the closing zero.
  package static let maximumPathLength = 100

  /// An address as a person writes it.
  ///
  /// - Throws: `MessagingError.badAddress` saying what was found and what is expected.
  package init(_ text: String) throws(MessagingError) {
    let expected = "expected ipc:///absolute/path or tcp://HOST:PORT"
    if let path = text.dropping(prefix: "ipc://") {
      guard path.hasPrefix("/"), path.utf8.count > 1 else {
        throw .badAddress("\(text): an ipc address needs an absolute path; \(expected)")
      }
      guard path.utf8.count <= Self.maximumPathLength else {
        throw .badAddress(
          "\(text): a socket's path has at most \(Self.maximumPathLength) bytes, this one has \(path.utf8.count)")
      }
      kind = .ipc(path: path)
    } else if let rest = text.dropping(prefix: "tcp://") {
      guard let colon = rest.lastIndex(of: ":"), colon != rest.startIndex,
        let port = Int(rest[rest.index(after: colon)...]), (0...65_535).contains(port)
      else { throw .badAddress("\(text): host or port is missing or wrong; \(expected)") }
      kind = .tcp(host: String(rest[..<colon]), port: port)
    } else if text.hasPrefix("tls://") {
      throw .badAddress("\(text): tls:// is not there yet; \(expected)")
    } else {
      throw .badAddress("\(text) is no address; \(expected)")
    }
  }

  /// Whether nothing beyond this machine can reach it.
  package var isLocal: Bool {
    switch kind {
    case .ipc: true
    case .tcp(let host, _): host == "localhost" || host == "[::1]" || host.hasPrefix("127.")
    }
  }

  package var description: String {
    switch kind {
    case .ipc(let path): "ipc://\(path)"
    case .tcp(let host, let port): "tcp://\(host):\(port)"
    }
  }
}

extension String {
  fileprivate func dropping(prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }
}
