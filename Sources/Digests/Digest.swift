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
    var parts: [UInt64] = [0, 0, 0, 0]
    for (index, byte) in bytes.enumerated() { parts[index >> 3] = parts[index >> 3] << 8 | UInt64(byte) }
    words = (parts[0], parts[1], parts[2], parts[3])
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

  init(hashing buffer: UnsafeRawBufferPointer) {
    var hash = SHA256()
    hash.update(bufferPointer: buffer)
    self.init(hash.finalize())
  }

  init(_ digest: SHA256.Digest) {
    self.init(bytes: Array(digest))!
  }

  /// The 32 bytes, most significant first.
  package var bytes: [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(Self.byteCount)
    for word in [words.0, words.1, words.2, words.3] {
      for shift in stride(from: 56, through: 0, by: -8) { out.append(UInt8(truncatingIfNeeded: word >> UInt64(shift))) }
    }
    return out
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
