internal import CZlib

/// The gzip format (RFC 1952), unpacked by zlib.
package enum Gzip {
  /// The bytes that one step of unpacking may yield.
  static let chunk = 1 << 16

  /// Whether bytes begin like a gzip file.
  package static func isGzip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

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
    let inflater = Inflater()
    return try bytes.withUnsafeBufferPointer { input throws(FormatError) in
      try inflater.unpack(input, limit: limit)
    }
  }
}

/// The owner of one zlib stream.
///
/// On the heap because zlib keeps the address of the stream and refuses to go on at another.
private struct Inflater: ~Copyable {
  let stream: UnsafeMutablePointer<z_stream>

  init() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let gzipOnly: Int32 = 16 + MAX_WBITS
    let code = inflateInit2_(stream, gzipOnly, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(code == Z_OK, "zlib does not start: code \(code)")
  }

  deinit {
    inflateEnd(stream)
    stream.deinitialize(count: 1)
    stream.deallocate()
  }

  func unpack(_ input: UnsafeBufferPointer<UInt8>, limit: Int) throws(FormatError) -> [UInt8] {
    let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: Gzip.chunk)
    defer { buffer.deallocate() }
    var out: [UInt8] = []
    var fed = 0
    while true {
      if stream.pointee.avail_in == 0, fed < input.count {
        // zlib counts its input in 32 bits.
        let portion = min(input.count - fed, 1 << 30)
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress! + fed)
        stream.pointee.avail_in = UInt32(portion)
        fed += portion
      }
      stream.pointee.next_out = buffer
      stream.pointee.avail_out = UInt32(Gzip.chunk)
      let code = inflate(stream, Z_NO_FLUSH)
      let produced = Gzip.chunk - Int(stream.pointee.avail_out)
      let offset = fed - Int(stream.pointee.avail_in)
      guard produced <= limit - out.count else { throw .tooLarge(file: nil, limit: limit) }
      Self.append(UnsafeBufferPointer(start: buffer, count: produced), to: &out, limit: limit)

      switch code {
      case Z_OK:
        continue
      case Z_STREAM_END:
        if offset == input.count { return out }
        inflateReset(stream)
      case Z_BUF_ERROR:
        throw .bad(.byte(offset), found: "the end of the data", expected: "the rest of a gzip stream")
      case Z_DATA_ERROR:
        let message = stream.pointee.msg.map { String(cString: $0) } ?? "no reason given"
        throw .bad(.byte(offset), found: "a damaged gzip stream (\(message))", expected: "a sound one")
      default:
        preconditionFailure("inflate returned \(code)")
      }
    }
  }

  /// Doubles the room as arrays do, but never beyond `limit`.
  private static func append(_ produced: UnsafeBufferPointer<UInt8>, to out: inout [UInt8], limit: Int) {
    let needed = out.count + produced.count
    if needed > out.capacity { out.reserveCapacity(max(needed, min(2 * out.capacity, limit))) }
    out.append(contentsOf: produced)
  }
}
