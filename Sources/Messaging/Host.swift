internal import Glibc

/// The host of a `tcp://` or `tls://` address: a name, or an IP address in its usual notation.
enum Host: Hashable, Sendable {
  case name(String)
  case ipv4(String)
  case ipv6(String)

  /// Reads a host as it stands in an address, an IPv6 address in square brackets; nil for anything else.
  init?(_ text: some StringProtocol) {
    if text.hasPrefix("["), text.hasSuffix("]") {
      let inner = String(text.dropFirst().dropLast())
      guard Self.binary(inner, family: AF_INET6, byteCount: 16) != nil else { return nil }
      self = .ipv6(inner)
      return
    }
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    guard text.utf8.count <= 253, labels.allSatisfy({ Self.isLabel($0) }), let last = labels.last else { return nil }
    // No top-level domain is a number (RFC 3696, section 2), so this must be IPv4: "127.1" and "1.2.3.4.5" are mistakes.
    if last.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
      guard Self.binary(String(text), family: AF_INET, byteCount: 4) != nil else { return nil }
      self = .ipv4(String(text))
    } else {
      self = .name(String(text))
    }
  }

  /// Whether connections to this host stay on the machine, as far as the text tells (RFC 1122, 4291 and 6761).
  var isLoopback: Bool {
    switch self {
    case .name(let name): name.lowercased() == "localhost"
    case .ipv4(let text): Self.binary(text, family: AF_INET, byteCount: 4)?.first == 127
    case .ipv6(let text):
      Self.binary(text, family: AF_INET6, byteCount: 16) == [UInt8](repeating: 0, count: 15) + [1]
    }
  }

  /// The host as name resolution wants it: without brackets.
  var name: String {
    switch self {
    case .name(let text), .ipv4(let text), .ipv6(let text): text
    }
  }

  private static func isLabel(_ label: some StringProtocol) -> Bool {
    !label.isEmpty && label.utf8.count <= 63 && !label.hasPrefix("-") && !label.hasSuffix("-")
      && label.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }

  private static func binary(_ text: String, family: Int32, byteCount: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    return inet_pton(family, text, &bytes) == 1 ? bytes : nil
  }
}

extension Host: CustomStringConvertible {
  var description: String {
    switch self {
    case .name(let text), .ipv4(let text): text
    case .ipv6(let text): "[\(text)]"
    }
  }
}
