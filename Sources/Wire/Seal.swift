internal import Digests

/// The end of every message: the first 64 bits of SHA-256 over all before it, so that damaged bytes are refused instead of
/// read as other values.
///
/// TCP's sum of 16 bits lets about one damaged segment in 65,536 pass, and nng on a private socket has none at all; jobs and
/// blobs carry digests of their own, results do not. The seal keeps out accidents, not forgers: those TLS keeps out.
/// It is written as one more field of the envelope, number 15, which builds that do not know it pass over: an older one
/// still reads a hello, and says that it speaks another protocol.
package enum Seal {
  /// Field 15, of 64 fixed bits.
  private static let tag: UInt8 = 15 << 3 | 1
  /// The tag and the check.
  package static let length = 9

  /// What came of looking for a seal.
  enum Finding {
    case whole(ArraySlice<UInt8>)
    case broken
    case absent
  }

  /// A message with its seal.
  ///
  /// - Complexity: linear in the number of bytes.
  package static func sealed(_ message: consuming [UInt8]) -> [UInt8] {
    var bytes = message
    let check = Digest(of: bytes).firstWord
    bytes.append(tag)
    for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: check >> UInt64(shift))) }
    return bytes
  }

  /// The message that a seal is behind.
  ///
  /// - Complexity: linear in the number of bytes.
  static func open(_ bytes: [UInt8]) -> Finding {
    let body = bytes.dropLast(length)
    guard body.count + length == bytes.count, bytes[body.count] == tag else { return .absent }
    let check = bytes.suffix(length - 1).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Digest(of: body).firstWord == check ? .whole(body) : .broken
  }
}
