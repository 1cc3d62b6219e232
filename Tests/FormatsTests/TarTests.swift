import Formats
import Testing

@Suite struct TarTests {
  @Test("Regular files come back with their contents; folders and pax headers are passed over")
  func sound() throws {
    let bytes = tar([
      ("folder/", "5", []), ("folder/a", "0", [1, 2, 3]), ("pax", "x", Array("13 mtime=1.5\n8 a=b=c\n".utf8)),
      ("folder/b", "0", []), ("all", "g", Array("17 comment=\n\n 1 \n".utf8)), ("empty", "x", []),
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

  @Test(
    "Pax headers that give a file another name, size or content, and damaged ones, are refused",
    arguments: [
      "9 path=b\n", "14 linkpath=b\n", "11 size=12\n", "13 mtime=1.5\n9 path=b\n", "22 GNU.sparse.major=1\n",
      "a", "9", "9 ", "1 ", "2 \n", "3 =\n9", "0 a=\n", "4 a=\n", "6 a=b\n\n", "5 abc\n", "-5 a=\n",
      "99999999999999999999999 a=\n", "999999999 a=\n", "05a=b\n",
    ])
  func pax(records: String) {
    for type in ["x", "g"] as [Character] {
      #expect(throws: FormatError.self) { try Tar.read(tar([("p", type, Array(records.utf8)), ("a", "0", [1])])) }
    }
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
