/// The gzip format (RFC 1952), by zlib.
package enum Gzip {
  /// Whether bytes begin like a gzip file.
  package static func isGzip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

  /// One gzip member that holds `bytes`, packed as well as zlib can.
  ///
  /// - Complexity: linear in the number of bytes.
  package static func compress(_ bytes: [UInt8]) -> [UInt8] { Deflater.gzip(bytes) }

  /// The content of a gzip file; the contents of several members one after the other.
  ///
  /// Every member's checksum and length are checked, and nothing may follow the last member.
  ///
  /// - Parameters:
  ///   - bytes: One or more whole gzip members.
  ///   - limit: The most bytes that the content may have; never more than that and one chunk of 64 KiB are held.
  /// - Throws: ``FormatError/tooLarge(file:limit:)`` as soon as the content passes `limit`, and
  ///   ``FormatError/badData(file:place:found:expected:)`` with the offset in `bytes` where they end early or are
  ///   damaged.
  /// - Complexity: linear in the bytes read and written.
  package static func decompress(_ bytes: [UInt8], limit: Int) throws(FormatError) -> [UInt8] {
    precondition(limit >= 0, "a limit of \(limit) bytes")
    let inflater = Inflater(.gzip)
    return try bytes.withUnsafeBufferPointer { input throws(FormatError) in
      try inflater.unpack(input, limit: limit)
    }
  }
}
