import Formats
import Testing

@Suite struct TarTests {
  @Test("Regular files come back with their contents; folders and pax headers are passed over")
  func sound() throws {
    let bytes = tar([
      ("folder/", "5", []), ("folder/a", "0", [1, 2, 3]), ("pax", "x", [9]), ("folder/b", "0", []),
      ("c", "0", [UInt8](repeating: 7, count: 512)),
    ])
    let members = try Tar.read(bytes)
    #expect(members.map(\.name) == ["folder/a", "folder/b", "c"])
    #expect(members.map { Array(bytes[$0.content]) } == [[1, 2, 3], [], [UInt8](repeating: 7, count: 512)])
    #expect(try Tar.read([UInt8](repeating: 0, count: 512)) == [])
    #expect(try Tar.read(Array(bytes.dropLast(512))).count == 3)
  }

  @Test("Cut short, it is refused")
  func lengths() {
    let bytes = tar([("a", "0", [1, 2, 3]), ("b", "0", [4])])
    for length in stride(from: 0, to: bytes.count - 512, by: 97) {
      #expect(throws: FormatError.self, "\(length) bytes") { try Tar.read(Array(bytes[..<length])) }
    }
  }

  @Test(
    "Names that lead out of the folder are refused",
    arguments: ["/a", "../a", "a/../b", "a//b", "./a", "a/.", "", "a\\b", "a\u{1}", "ä", "a/"])
  func names(name: String) {
    #expect(throws: FormatError.self) { try Tar.read(tar([(name, "0", [1])])) }
  }

  @Test(
    "A name that comes twice, links, devices and pipes are refused", arguments: ["1", "2", "3", "4", "6", "7", "L"])
  func types(type: Character) {
    #expect(throws: FormatError.self) { try Tar.read(tar([("a", type, [])])) }
    #expect(throws: FormatError.self) { try Tar.read(tar([("a", "0", []), ("a", "0", [])])) }
  }

  @Test("A changed header is refused by its checksum, and a size beyond the end before it is used")
  func headers() {
    let bytes = tar([("a", "0", [1, 2, 3])])
    // In the checksum itself, blanks and the end of the number may change without a meaning.
    for index in Array(0..<148) + Array(156..<512) {
      var changed = bytes
      changed[index] ^= 1
      #expect(throws: FormatError.self, "byte \(index)") { try Tar.read(changed) }
    }
    for size in ["77777777777\0", "777777777777", "-0000000001\0", "\u{7F}00000000000", "            "] {
      var header = Array(bytes[..<512])
      header.replaceSubrange(124..<136, with: Array(size.utf8))
      header.replaceSubrange(148..<156, with: [UInt8](repeating: 0x20, count: 8))
      let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
      header.replaceSubrange(148..<148 + sum.utf8.count, with: Array(sum.utf8))
      #expect(throws: FormatError.self, "\(size)") { try Tar.read(header + bytes[512...]) }
    }
  }
}
