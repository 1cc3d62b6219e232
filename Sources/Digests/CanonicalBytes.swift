/// Hand-written, versioned bytes of a value: the only thing that a digest is ever taken over.
///
/// Every encoding begins with `sentei/<kind>/v<semantics>`; the number rises when a change alters what the value
/// means. Integers are little-endian and of fixed width, sequences carry their length, so no two different values
/// share an encoding. Protobuf and Codable output are deliberately not used: neither promises stable bytes.
package struct CanonicalBytes: Sendable {
  package private(set) var bytes: [UInt8] = []

  /// An empty encoding with its heading.
  package init(kind: StaticString, version: Int) {
    // Most encodings are of jobs and rows, a few hundred bytes each, and written for every candidate.
    bytes.reserveCapacity(256)
    let number = String(version).utf8
    append("sentei/".utf8.count + kind.utf8CodeUnitCount + "/v".utf8.count + number.count)
    bytes.append(contentsOf: "sentei/".utf8)
    kind.withUTF8Buffer { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: "/v".utf8)
    bytes.append(contentsOf: number)
  }

  /// An encoding without heading, for parts whose whole carries one.
  package init() {}

  package mutating func append(_ value: UInt64) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  package mutating func append(_ value: Int) { append(UInt64(bitPattern: Int64(value))) }

  package mutating func append(_ value: Bool) { bytes.append(value ? 1 : 0) }

  /// The bit pattern, so that −0 and 0 differ and nothing is rounded.
  package mutating func append(_ value: Double) { append(value.bitPattern) }

  package mutating func append(_ value: String) {
    append(value.utf8.count)
    bytes.append(contentsOf: value.utf8)
  }

  package mutating func append(_ value: Digest) {
    value.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

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
