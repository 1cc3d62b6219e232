import Digests
import Testing

@Suite struct CanonicalTests {
  /// One of everything that can be written.
  private struct Everything: Equatable {
    var number: UInt64 = 0x0123_4567_89ab_cdef
    var integer = -3
    var flag = true
    var real = -0.0
    var text = "剪定"
    var digest = Digest(of: [1])
    var raw: [UInt8] = [1, 2, 3]
    var words: [UInt64] = [.max, 7]
    var list = [5, -6, 7]

    var bytes: [UInt8] {
      var bytes = CanonicalBytes(kind: "everything", version: 2)
      bytes.append(number)
      bytes.append(integer)
      bytes.append(flag)
      bytes.append(real)
      bytes.append(text)
      bytes.append(digest)
      bytes.append(raw: raw)
      bytes.append(words: words)
      bytes.append(list: list) { $0.append($1) }
      return bytes.bytes
    }

    init() {}

    init(_ bytes: [UInt8]) throws(CanonicalError) {
      var reader = try CanonicalReader(bytes, kind: "everything", version: 2)
      number = try reader.uint64()
      integer = try reader.int()
      flag = try reader.bool()
      real = try reader.double()
      text = try reader.string()
      digest = try reader.digest()
      raw = try reader.raw()
      words = try reader.words()
      list = []
      for _ in 0..<(try reader.count(width: 8)) { list.append(try reader.int()) }
      try reader.finish()
    }
  }

  @Test("What was written comes back, bit for bit")
  func roundTrip() throws {
    let value = Everything()
    let back = try Everything(value.bytes)
    #expect(back == value)
    #expect(back.real.sign == .minus)
    #expect(back.bytes == value.bytes)
  }

  @Test("The heading and little-endian integers are the documented bytes")
  func layout() {
    var bytes = CanonicalBytes(kind: "x", version: 1)
    bytes.append(1)
    #expect(bytes.bytes == [11, 0, 0, 0, 0, 0, 0, 0] + Array("sentei/x/v1".utf8) + [1, 0, 0, 0, 0, 0, 0, 0])
    #expect(bytes.digest == Digest(of: bytes.bytes))
  }

  @Test("Cut short after any byte, or with one too many, it is refused")
  func truncation() {
    let bytes = Everything().bytes
    for length in bytes.indices {
      #expect(throws: CanonicalError.self, "\(length) bytes") { try Everything(Array(bytes[..<length])) }
    }
    #expect(throws: CanonicalError("1 bytes too many")) { try Everything(bytes + [0]) }
  }

  @Test("Another kind or version is refused")
  func headings() throws {
    let bytes = Everything().bytes
    #expect(throws: CanonicalError("expected sentei/other/v2, found sentei/everything/v2")) {
      _ = try CanonicalReader(bytes, kind: "other", version: 2)
    }
    #expect(throws: CanonicalError("expected sentei/everything/v3, found sentei/everything/v2")) {
      _ = try CanonicalReader(bytes, kind: "everything", version: 3)
    }
    for versions in [2...2, 1...2, 2...3, 0...9] {
      #expect(try CanonicalReader(bytes, kind: "everything", versions: versions).version == 2)
    }
    let error = #expect(throws: CanonicalError.self) {
      _ = try CanonicalReader(bytes, kind: "everything", versions: 3...4)
    }
    #expect(error?.description == "expected sentei/everything/v3 or sentei/everything/v4, found sentei/everything/v2")
  }

  @Test("Flags other than 0 and 1, text that is not UTF-8 and impossible counts are refused")
  func nonsense() throws {
    func reader(_ fill: (inout CanonicalBytes) -> Void) throws -> CanonicalReader {
      var bytes = CanonicalBytes(kind: "n", version: 1)
      fill(&bytes)
      return try CanonicalReader(bytes.bytes, kind: "n", version: 1)
    }
    var flag = try reader { $0.append(2) }
    #expect(throws: CanonicalError("a flag is 0 or 1, found 2")) { _ = try flag.bool() }
    var text = try reader { $0.append(raw: [0xff, 0xfe]) }
    #expect(throws: CanonicalError("text is not UTF-8")) { _ = try text.string() }
    for count in [-1, 2, Int.max, Int.min] {
      var claim = try reader {
        $0.append(count)
        $0.append(0)
      }
      #expect(throws: CanonicalError.self, "\(count)") { _ = try claim.words() }
    }
  }

  @Test("Values that differ only in where one part ends never share bytes")
  func lengths() {
    func bytes(_ fill: (inout CanonicalBytes) -> Void) -> [UInt8] {
      var bytes = CanonicalBytes(kind: "l", version: 1)
      fill(&bytes)
      return bytes.bytes
    }
    var seen: Set<[UInt8]> = []
    let text = Array("aaaa".utf8)
    for first in 0...4 {
      for second in first...4 {
        seen.insert(
          bytes {
            $0.append(String(decoding: text[..<first], as: UTF8.self))
            $0.append(String(decoding: text[first..<second], as: UTF8.self))
            $0.append(String(decoding: text[second...], as: UTF8.self))
          })
      }
    }
    #expect(seen.count == 15)

    var lists: Set<[UInt8]> = []
    var words: Set<[UInt8]> = []
    for split in 0...6 {
      lists.insert(
        bytes {
          $0.append(list: 0..<split) { bytes, _ in bytes.append(0) }
          $0.append(list: split..<6) { bytes, _ in bytes.append(0) }
        })
      words.insert(
        bytes {
          $0.append(words: [UInt64](repeating: 0, count: split))
          $0.append(raw: [UInt8](repeating: 0, count: 6 - split))
        })
    }
    #expect(lists.count == 7 && words.count == 7)
    #expect(bytes { $0.append(0.0) } != bytes { $0.append(-0.0) })
  }
}
