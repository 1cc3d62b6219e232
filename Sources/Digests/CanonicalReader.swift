/// Canonical bytes that cannot be what they claim: cut short, of another kind, or with something left over.
package struct CanonicalError: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// Reads back what ``CanonicalBytes`` wrote, checking every length before it is used.
package struct CanonicalReader {
  private let bytes: [UInt8]
  private var position = 0
  /// What the heading says.
  package private(set) var version: Int

  /// A reader past the heading.
  ///
  /// - Throws: ``CanonicalError`` where the heading is of another kind or version.
  package init(_ bytes: [UInt8], kind: StaticString, version: Int) throws(CanonicalError) {
    try self.init(bytes, kind: kind, versions: version...version)
  }

  /// A reader past the heading, for a value with several forms.
  ///
  /// - Throws: ``CanonicalError`` where the heading is of another kind or none of the versions.
  package init(_ bytes: [UInt8], kind: StaticString, versions: ClosedRange<Int>) throws(CanonicalError) {
    self.bytes = bytes
    version = versions.lowerBound
    let heading = try string()
    guard let found = versions.first(where: { heading == "sentei/\(kind)/v\($0)" }) else {
      let expected = versions.map { "sentei/\(kind)/v\($0)" }.joined(separator: " or ")
      throw CanonicalError("expected \(expected), found \(heading.prefix(40))")
    }
    version = found
  }

  private mutating func take(_ count: Int) throws(CanonicalError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= bytes.count - position else {
      throw CanonicalError("\(count) bytes expected at offset \(position), \(bytes.count - position) left")
    }
    defer { position += count }
    return bytes[position..<position + count]
  }

  package mutating func uint64() throws(CanonicalError) -> UInt64 {
    var value: UInt64 = 0
    for (index, byte) in try take(8).enumerated() { value |= UInt64(byte) << UInt64(8 * index) }
    return value
  }

  package mutating func int() throws(CanonicalError) -> Int { Int(truncatingIfNeeded: try uint64()) }

  /// An integer that counts something: never negative, never above what is left could hold at `width` bytes each.
  package mutating func count(width: Int) throws(CanonicalError) -> Int {
    let value = try int()
    guard value >= 0, value <= (bytes.count - position) / max(width, 1) else {
      throw CanonicalError("\(value) elements of \(width) bytes cannot fit in \(bytes.count - position) bytes")
    }
    return value
  }

  package mutating func bool() throws(CanonicalError) -> Bool {
    switch try take(1).first! {
    case 0: false
    case 1: true
    case let other: throw CanonicalError("a flag is 0 or 1, found \(other)")
    }
  }

  package mutating func double() throws(CanonicalError) -> Double { Double(bitPattern: try uint64()) }

  package mutating func raw() throws(CanonicalError) -> [UInt8] { Array(try take(try count(width: 1))) }

  package mutating func string() throws(CanonicalError) -> String {
    guard let text = String(validating: try raw(), as: UTF8.self) else { throw CanonicalError("text is not UTF-8") }
    return text
  }

  package mutating func digest() throws(CanonicalError) -> Digest { Digest(bytes: try take(Digest.byteCount))! }

  package mutating func words() throws(CanonicalError) -> [UInt64] {
    let count = try count(width: 8)
    var out: [UInt64] = []
    out.reserveCapacity(count)
    for _ in 0..<count { out.append(try uint64()) }
    return out
  }

  /// Ends the reading.
  ///
  /// - Throws: ``CanonicalError`` if bytes are left over.
  package func finish() throws(CanonicalError) {
    guard position == bytes.count else { throw CanonicalError("\(bytes.count - position) bytes too many") }
  }
}
