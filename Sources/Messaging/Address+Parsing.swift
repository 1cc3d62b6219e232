extension Address {
  /// Reads an address from text.
  ///
  /// - Throws: `AddressError`, whose description says what was found and what is expected.
  /// - Complexity: linear in the length of the text.
  package init(_ text: String) throws(AddressError) {
    if text.hasPrefix("ipc://") {
      form = try .ipc(path: Self.path(String(text.dropFirst("ipc://".count)), of: text))
    } else if text.hasPrefix("tcp://") {
      let (host, port) = try Self.hostAndPort(text.dropFirst("tcp://".count), of: text)
      form = .tcp(host: host, port: port)
    } else if text.hasPrefix("tls://") {
      let (host, port) = try Self.hostAndPort(text.dropFirst("tls://".count), of: text)
      form = .tls(host: host, port: port)
    } else {
      throw .unknownScheme(text)
    }
  }

  private static func path(_ path: String, of text: String) throws(AddressError) -> String {
    guard path.hasPrefix("/") else { throw .relativePath(text) }
    guard path.utf8.count <= pathLimit else { throw .pathTooLong(text, byteCount: path.utf8.count) }
    // A zero would end the path early inside the system call; the other control characters only ever come from mistakes.
    guard !path.hasSuffix("/"), path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { throw .unusablePath(text) }
    return path
  }

  private static func hostAndPort(_ rest: Substring, of text: String) throws(AddressError) -> (Host, UInt16) {
    // The last colon: an IPv6 host has some of its own.
    guard let colon = rest.lastIndex(of: ":"), !rest.hasSuffix("]") else { throw .missingPort(text) }
    let host = rest[..<colon]
    guard !host.isEmpty else { throw .missingHost(text) }
    guard let host = Host(host) else { throw .unusableHost(text, found: String(host)) }
    let digits = rest[rest.index(after: colon)...]
    guard !digits.isEmpty else { throw .missingPort(text) }
    // `UInt16` alone would also read "+80".
    guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let port = UInt16(digits)
    else { throw .unusablePort(text, found: String(digits)) }
    return (host, port)
  }
}
