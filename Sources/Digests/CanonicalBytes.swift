/// Hand-written, versioned bytes of a value: the only thing that a digest is ever taken over.
///
/// Every encoding begins with `sentei/<kind>/v<semantics>`; the number rises when a change alters what the value
/// means. Integers are little-endian and of fixed width, sequences carry their length, so no two different values
/// share an encoding. Protobuf and Codable output are deliberately not used: neither promises stable bytes.
package struct CanonicalBytes: Sendable {
  package private(set) var bytes: [UInt8] = []

  /// An empty encoding with its heading.
  package init(kind: StaticString, version: Int) {
    append("sentei/\(kind)/v\(version)")
  }

  /// An encoding without heading, for parts whose whole carries one.
  package init() {}

  package mutating func append(_ value: UInt64) {
    for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift))) }
  }

  package mutating func append(_ value: Int) { append(UInt64(bitPattern: Int64(value))) }

  package mutating func append(_ value: Bool) { bytes.append(value ? 1 : 0) }

  /// The bit pattern, so that −0 and 0 differ and nothing is rounded.
  package mutating func append(_ value: Double) { append(value.bitPattern) }

  package mutating func append(_ value: String) { append(raw: Array(value.utf8)) }

  package mutating func append(_ value: Digest) { bytes.append(contentsOf: value.bytes) }

  /// A length and then the bytes as they are.
  package mutating func append(raw: [UInt8]) {
    append(raw.count)
    bytes.append(contentsOf: raw)
  }

  /// A count and then the little-endian words.
  package mutating func append(words: [UInt64]) {
    append(words.count)
    bytes.reserveCapacity(bytes.count + words.count * 8)
    words.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  /// A count and then each element by `body`.
  package mutating func append<Element>(
    list: some Collection<Element>, _ body: (inout CanonicalBytes, Element) -> Void
  ) {
    append(list.count)
    for element in list { body(&self, element) }
  }

  /// SHA-256 over everything appended.
  package var digest: Digest { Digest(of: bytes) }
}
