internal import CZlib

/// The owner of one zlib stream that unpacks; this file is the one place that calls zlib.
///
/// On the heap because zlib keeps the address of the stream and refuses to go on at another.
struct Inflater: ~Copyable {
  /// What surrounds the deflated blocks.
  enum Wrapping {
    /// Members with header, checksum and length (RFC 1952); several may follow each other.
    case gzip
    /// Nothing (RFC 1951), as inside zip archives: one stream, whose checksum the caller compares.
    case none
  }

  /// The bytes that one step of unpacking may yield.
  private static let chunk = 1 << 16

  private let stream: UnsafeMutablePointer<z_stream>
  private let wrapping: Wrapping

  init(_ wrapping: Wrapping) {
    self.wrapping = wrapping
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let windowBits = wrapping == .gzip ? 16 + MAX_WBITS : -MAX_WBITS
    let code = inflateInit2_(stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(code == Z_OK, "zlib does not start: code \(code)")
  }

  deinit {
    inflateEnd(stream)
    stream.deinitialize(count: 1)
    stream.deallocate()
  }

  /// The content of all of `input`, which must end where the deflated data ends.
  ///
  /// - Parameters:
  ///   - input: One or more gzip members, or one raw stream.
  ///   - limit: The most bytes that the content may have; never more than that and one chunk of 64 KiB are held.
  ///   - base: The offset of `input` in its file, for errors.
  /// - Throws: ``FormatError/tooLarge(file:limit:)`` as soon as the content passes `limit`,
  ///   ``FormatError/badData(file:place:found:expected:)`` for damaged, short or trailing data.
  func unpack(_ input: UnsafeBufferPointer<UInt8>, limit: Int, base: Int = 0) throws(FormatError) -> [UInt8] {
    let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: Self.chunk)
    defer { buffer.deallocate() }
    let kind = wrapping == .gzip ? "gzip" : "deflate"
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
      stream.pointee.avail_out = UInt32(Self.chunk)
      let code = inflate(stream, Z_NO_FLUSH)
      let produced = Self.chunk - Int(stream.pointee.avail_out)
      let consumed = fed - Int(stream.pointee.avail_in)
      let place = FormatError.Place.byte(base + consumed)
      guard produced <= limit - out.count else { throw .tooLarge(file: nil, limit: limit) }
      Self.append(UnsafeBufferPointer(start: buffer, count: produced), to: &out, limit: limit)

      switch code {
      case Z_OK:
        continue
      case Z_STREAM_END:
        if consumed == input.count { return out }
        guard wrapping == .gzip else {
          throw .bad(place, found: "\(input.count - consumed) bytes after a deflate stream", expected: "none")
        }
        inflateReset(stream)
      case Z_BUF_ERROR:
        throw .bad(place, found: "the end of the data", expected: "the rest of a \(kind) stream")
      case Z_DATA_ERROR, Z_NEED_DICT:
        let message = stream.pointee.msg.map { String(cString: $0) } ?? "no reason given"
        throw .bad(place, found: "a damaged \(kind) stream (\(message))", expected: "a sound one")
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

/// Packing by zlib.
enum Deflater {
  /// One gzip member at the level that packs best, as `gzip -9` does, without a name and time.
  ///
  /// - Complexity: linear in the number of bytes.
  static func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    let code = deflateInit2_(
      &stream, Z_BEST_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    precondition(code == Z_OK, "zlib does not start: code \(code)")
    defer { deflateEnd(&stream) }
    let chunk = 1 << 16
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: chunk) { buffer in
      bytes.withUnsafeBufferPointer { input in
        var out: [UInt8] = []
        var fed = 0
        var code = Z_OK
        while code != Z_STREAM_END {
          if stream.avail_in == 0, fed < input.count {
            // zlib counts its input in 32 bits.
            let portion = min(input.count - fed, 1 << 30)
            stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress! + fed)
            stream.avail_in = UInt32(portion)
            fed += portion
          }
          stream.next_out = buffer.baseAddress
          stream.avail_out = UInt32(chunk)
          code = deflate(&stream, fed == input.count ? Z_FINISH : Z_NO_FLUSH)
          precondition(code == Z_OK || code == Z_STREAM_END, "deflate returned \(code)")
          out.append(contentsOf: buffer[..<(chunk - Int(stream.avail_out))])
        }
        return out
      }
    }
  }
}

/// The checksum of zip members (RFC 1952, section 8), by zlib.
enum CRC32 {
  static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.withUnsafeBufferPointer { UInt32(crc32_z(0, $0.baseAddress, $0.count)) }
  }
}
