import Formats
import Testing

@Suite struct GzipTests {
  private let text = Array("Sentei prunes; Sentei prunes again.".utf8)

  /// `text` as `gzip -9` packs it: a literal block with a repeated phrase.
  private let packed: [UInt8] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 11, 78, 205, 43, 73, 205, 84, 40, 40, 42, 205, 75, 45, 182, 86, 8, 70, 230, 42, 36,
    166, 39, 102, 230, 233, 1, 0, 76, 238, 27, 97, 35, 0, 0, 0,
  ]

  /// 65,536 zero bytes in 96.
  private let zeros: [UInt8] =
    [31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 237, 193, 1, 1, 0, 0, 0, 128, 144, 254, 175, 238, 8, 10]
    + [UInt8](repeating: 0, count: 63) + [106, 235, 142, 151, 215, 0, 0, 1, 0]

  @Test("Known bytes unpack to known text")
  func known() throws {
    #expect(try Gzip.decompress(packed, limit: 1000) == text)
    #expect(try Gzip.decompress(zeros, limit: 1 << 16) == [UInt8](repeating: 0, count: 1 << 16))
    #expect(try Gzip.decompress(gzipStored([]), limit: 0) == [])
  }

  @Test("What is packed unpacks to the same, and repetition takes little room")
  func packing() throws {
    #expect(Gzip.compress(text).dropFirst(10) == packed.dropFirst(10), "all but the header's word on the system")
    var random = Seeded(7)
    let noise = (0..<200_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    for content in [[], [1], text, noise, [UInt8](repeating: 0, count: 1 << 20), noise + noise] {
      let member = Gzip.compress(content)
      #expect(try Gzip.decompress(member, limit: content.count) == content)
      #expect(member.count <= content.count + 1000)
    }
    #expect(Gzip.compress([UInt8](repeating: 0, count: 1 << 20)).count < 2000)
  }

  @Test("Members one after the other unpack to their contents one after the other")
  func members() throws {
    #expect(
      try Gzip.decompress(packed + zeros + gzipStored([]) + packed, limit: 1 << 17)
        == text + [UInt8](repeating: 0, count: 1 << 16) + text)
  }

  @Test("Contents longer than many chunks survive")
  func long() throws {
    let content = (0..<1_000_003).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
    #expect(try Gzip.decompress(gzipStored(content), limit: content.count) == content)
  }

  @Test("Cut short after any byte, a file is refused with the offset")
  func truncated() {
    for length in packed.indices {
      let expected = FormatError.badData(
        file: nil, place: .byte(length), found: "the end of the data", expected: "the rest of a gzip stream")
      #expect(throws: expected) { try Gzip.decompress(Array(packed[..<length]), limit: 1000) }
      guard length > 0 else { continue }
      #expect(throws: FormatError.self, "second member, \(length) bytes") {
        try Gzip.decompress(packed + packed[..<length], limit: 1000)
      }
    }
  }

  @Test("One flipped bit anywhere is an error or harmless, but never other data")
  func flipped() {
    var refused = 0
    for bit in 0..<8 * packed.count {
      var bytes = packed
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      do throws(FormatError) {
        let content = try Gzip.decompress(bytes, limit: 1000)
        #expect(content == text, "bit \(bit)")
        let lastOfDeflate = packed.count - 9
        #expect(bit / 8 < 10 || bit / 8 == lastOfDeflate, "only time stamp, system, the like and padding may change")
      } catch {
        refused += 1
        guard case .badData(nil, .byte, _, _) = error else {
          Issue.record("bit \(bit): \(error)")
          continue
        }
      }
    }
    #expect(refused >= 8 * (packed.count - 11))
  }

  @Test("A wrong checksum and a wrong length are named")
  func trailer() {
    for (index, message) in [(packed.count - 8, "incorrect data check"), (packed.count - 1, "incorrect length check")] {
      var bytes = packed
      bytes[index] ^= 1
      let error = #expect(throws: FormatError.self) { try Gzip.decompress(bytes, limit: 1000) }
      #expect(error?.description.contains(message) == true)
    }
  }

  @Test("Bytes after the last member are refused")
  func trailing() {
    #expect(throws: FormatError.self) { try Gzip.decompress(packed + [0], limit: 1000) }
    #expect(throws: FormatError.self) { try Gzip.decompress(packed + text, limit: 1000) }
  }

  @Test("The limit is exact: as many bytes pass, one more does not")
  func limit() throws {
    #expect(try Gzip.decompress(packed, limit: text.count) == text)
    let tooLarge = FormatError.tooLarge(file: nil, limit: text.count - 1)
    #expect(throws: tooLarge) { try Gzip.decompress(packed, limit: text.count - 1) }
    #expect(throws: FormatError.tooLarge(file: nil, limit: 0)) { try Gzip.decompress(zeros, limit: 0) }
  }

  @Test("A bomb of 655 MB ends at the limit")
  func bomb() throws {
    let bomb = [[UInt8]](repeating: zeros, count: 10_000).flatMap { $0 }
    #expect(throws: FormatError.tooLarge(file: nil, limit: 1 << 20)) { try Gzip.decompress(bomb, limit: 1 << 20) }
  }
}
