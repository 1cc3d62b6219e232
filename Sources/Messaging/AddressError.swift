/// Why a text is no address; the description is one sentence for the person who wrote it.
package enum AddressError: Error, Hashable, Sendable {
  case unknownScheme(String)
  case relativePath(String)
  case pathTooLong(String, byteCount: Int)
  case unusablePath(String)
  case missingHost(String)
  case unusableHost(String, found: String)
  case missingPort(String)
  case unusablePort(String, found: String)
}

extension AddressError: CustomStringConvertible {
  package var description: String {
    // Debug descriptions quote the text and make control characters visible.
    switch self {
    case .unknownScheme(let text):
      "address \(text.debugDescription) has no known scheme: expected ipc:///PATH, tls://HOST:PORT or tcp://HOST:PORT"
    case .relativePath(let text):
      "address \(text.debugDescription) has a relative path: expected an absolute one, as in ipc:///run/me/sentei.sock"
    case .pathTooLong(let text, let byteCount):
      "address \(text.debugDescription) has a path of \(byteCount) bytes: expected at most \(Address.pathLimit), "
        + "because the system limits the names of sockets"
    case .unusablePath(let text):
      "address \(text.debugDescription) has a path that ends with a slash or contains control characters: "
        + "expected the path of a socket file, as in ipc:///run/me/sentei.sock"
    case .missingHost(let text):
      "address \(text.debugDescription) has no host: expected \(form(text)), where 0.0.0.0 means every interface"
    case .unusableHost(let text, let found):
      "address \(text.debugDescription) has the host \(found.debugDescription): expected a name, an IPv4 address or an "
        + "IPv6 address in square brackets, where 0.0.0.0 means every interface"
    case .missingPort(let text):
      "address \(text.debugDescription) has no port: expected \(form(text))"
    case .unusablePort(let text, let found):
      "address \(text.debugDescription) has the port \(found.debugDescription): expected a number from 0 to 65535"
    }
  }
}

/// What the address should look like, with the scheme that it has.
private func form(_ text: String) -> String { "\(text.prefix(6))HOST:PORT" }
