internal import Crypto

/// A SHA-256 digest: the identity of jobs, blobs, masks and studies.
///
/// Stored as four words so that it lives inline, hashes fast and compares in byte order.
package struct Digest: Hashable, Sendable, Comparable {
  let words: (UInt64, UInt64, UInt64, UInt64)

  /// The number of bytes of a digest.
  package static let byteCount = 32

  /// The digest whose big-endian bytes are given; nil unless there are exactly 32.
  ///
  /// Specialised for the two types that rows and messages are made of: unspecialised, the call took most of a walk over
  /// the facts.
  @_specialize(where C == [UInt8])
  @_specialize(where C == ArraySlice<UInt8>)
  package init?<C: Collection<UInt8>>(bytes: C) {
    guard bytes.count == Self.byteCount else { return nil }
    if let digest = bytes.withContiguousStorageIfAvailable({ Digest(loading: UnsafeRawBufferPointer($0)) }) {
      self = digest
    } else {
      self = Array(bytes).withUnsafeBytes { Digest(loading: $0) }
    }
  }

  /// The digest written as 64 hexadecimal digits; nil for anything else.
  package init?(hex: some StringProtocol) {
    let digits = Array(hex.utf8)
    guard digits.count == 2 * Self.byteCount else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.byteCount)
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = Self.nibble(digits[index]), let low = Self.nibble(digits[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    self.init(bytes: bytes)
  }

  /// SHA-256 of raw bytes (FIPS 180-4).
  ///
  /// - Complexity: linear in the number of bytes.
  package init(of bytes: [UInt8]) {
    self = bytes.withUnsafeBytes { Digest(hashing: $0) }
  }

  /// SHA-256 of a part of an array.
  package init(of bytes: ArraySlice<UInt8>) {
    self = bytes.withUnsafeBytes { Digest(hashing: $0) }
  }

  init(hashing buffer: UnsafeRawBufferPointer) {
    var hash = SHA256()
    hash.update(bufferPointer: buffer)
    self.init(hash.finalize())
  }

  init(_ digest: SHA256.Digest) {
    self = digest.withUnsafeBytes { Digest(loading: $0) }
  }

  /// - Precondition: there are 32 bytes.
  private init(loading bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count == Self.byteCount)
    func word(_ place: Int) -> UInt64 {
      UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8 * place, as: UInt64.self))
    }
    words = (word(0), word(1), word(2), word(3))
  }

  /// The 32 bytes, most significant first.
  package var bytes: [UInt8] {
    withUnsafeBytes { Array($0) }
  }

  /// Calls `body` with the 32 bytes, which need no array of their own then.
  package func withUnsafeBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
    let bigEndian = (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
    return try Swift.withUnsafeBytes(of: bigEndian, body)
  }

  /// 64 lower-case hexadecimal digits.
  package var hex: String {
    let alphabet = Array("0123456789abcdef".utf8)
    var out: [UInt8] = []
    out.reserveCapacity(2 * Self.byteCount)
    for byte in bytes {
      out.append(alphabet[Int(byte >> 4)])
      out.append(alphabet[Int(byte & 15)])
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// The first twelve hexadecimal digits, for people.
  package var short: String { String(hex.prefix(12)) }

  /// The first 64 bits, as a key for randomness and short checks.
  package var firstWord: UInt64 { words.0 }

  package static func == (left: Digest, right: Digest) -> Bool { left.words == right.words }

  package static func < (left: Digest, right: Digest) -> Bool { left.words < right.words }

  package func hash(into hasher: inout Hasher) {
    // A SHA-256 word is already uniform; one is enough.
    hasher.combine(words.0)
  }

  private static func nibble(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}

extension Digest: CustomStringConvertible {
  package var description: String { short }
}
