import Formats
import Testing

@Suite struct NPZTests {
  private let limit = 1 << 20

  @Test("What NumPy wrote, stored and deflated, is read")
  func known() throws {
    let stored = try NPZ(NumPy.stored, limit: limit)
    #expect(stored.names == ["x", "y"])
    #expect(try stored.array("x") == NPYArray(shape: [2, 2, 2], values: .bytes(Array(0..<8))))
    #expect(try stored.array("y") == NPYArray(shape: [2], values: .ints([1, 0])))
    #expect(try stored.array("z") == nil)
    let deflated = try NPZ(NumPy.deflated, limit: limit)
    #expect(deflated.names == ["x_train", "y_train"])
    #expect(
      try deflated.array("x_train")
        == NPYArray(shape: [40, 5], values: .floats([Float](repeating: 0, count: 200))))
    #expect(try deflated.array("y_train") == NPYArray(shape: [40], values: .ints((0..<40).map { $0 % 3 })))
  }

  @Test("What is written comes back")
  func roundTrip() throws {
    let arrays = [
      ("x", NPYArray(shape: [3], values: .bytes([1, 2, 3]))!), ("a b", NPYArray(shape: [], values: .floats([0.5]))!),
    ]
    let archive = try NPZ(NPZ.write(arrays), limit: limit)
    #expect(archive.names == ["x", "a b"])
    for (name, array) in arrays { #expect(try archive.array(name) == array) }
    #expect(try NPZ(NPZ.write([]), limit: 0).names == [])
  }

  @Test("A member that is no array is refused by name")
  func others() throws {
    #expect(throws: FormatError.self) { try NPZ(ZipArchive.write([("x.txt", [1])]), limit: limit) }
    #expect(throws: FormatError.self) { try NPZ(ZipArchive.write([(".npy", [1])]), limit: limit) }
    let archive = try NPZ(ZipArchive.write([("x.npy", [1])]), limit: limit)
    let error = #expect(throws: FormatError.self) { try archive.array("x") }
    #expect(error?.description == "the member 'x.npy', byte 0: found other bytes, expected the magic string of NPY")
  }
}

@Suite struct ZipArchiveTests {
  private let limit = 1 << 20
  private let members: [(name: String, content: [UInt8])] = [("a", [1, 2, 3]), ("b", []), ("c", Array(0..<200))]

  /// All contents, or the error of the first that fails.
  private func contents(_ bytes: [UInt8], limit: Int? = nil) throws(FormatError) -> [[UInt8]] {
    let archive = try ZipArchive(bytes, limit: limit ?? self.limit)
    var all: [[UInt8]] = []
    for member in archive.members { all.append(try archive.content(of: member)) }
    return all
  }

  private func little(_ value: Int, _ width: Int) -> [UInt8] { (0..<width).map { UInt8(value >> (8 * $0) & 255) } }

  /// An archive with one member written field by field.
  private func archive(
    name: [UInt8] = [97], content: [UInt8] = [5, 6, 7], method: Int = 0, flags: Int = 0, checksum: UInt32? = nil,
    packed: Int? = nil, size: Int? = nil, offset: Int = 0, copies: Int = 1, localName: [UInt8]? = nil,
    counted: Int? = nil, start: Int? = nil, behind: [UInt8] = []
  ) -> [UInt8] {
    func common(_ name: [UInt8]) -> [UInt8] {
      little(20, 2) + little(flags, 2) + little(method, 2) + little(0, 4)
        + little(Int(checksum ?? crc32(content)), 4) + little(packed ?? content.count, 4)
        + little(size ?? content.count, 4) + little(name.count, 2) + little(0, 2)
    }
    let local = [0x50, 0x4B, 3, 4] + common(localName ?? name) + (localName ?? name) + content
    var directory: [UInt8] = []
    for copy in 0..<copies {
      let unique = copies == 1 ? name : name + Array("\(copy)".utf8)
      directory += [0x50, 0x4B, 1, 2] + little(20, 2) + common(unique) + [UInt8](repeating: 0, count: 10)
      directory += little(offset, 4) + unique
    }
    return local + directory + [0x50, 0x4B, 5, 6] + little(0, 4) + little(counted ?? copies, 2)
      + little(counted ?? copies, 2) + little(directory.count, 4) + little(start ?? local.count, 4)
      + little(behind.count, 2) + behind
  }

  @Test("Members come back in order; a comment at the end does no harm")
  func sound() throws {
    #expect(try contents(ZipArchive.write(members)) == members.map(\.content))
    #expect(try contents(archive()) == [[5, 6, 7]])
    #expect(try contents(archive(behind: [1, 2, 3])) == [[5, 6, 7]])
    #expect(try contents(archive(content: [3, 0], method: 8, checksum: 0, size: 0)) == [[]])
    #expect(try contents(archive(), limit: 3) == [[5, 6, 7]])
  }

  @Test("Cut short after any byte, or with a byte before or after, it is refused")
  func lengths() {
    let bytes = ZipArchive.write(members)
    for length in bytes.indices {
      #expect(throws: FormatError.self, "\(length) bytes") { try contents(Array(bytes[..<length])) }
    }
    #expect(throws: FormatError.self) { try contents(bytes + [0]) }
    #expect(throws: FormatError.self) { try contents([0] + bytes) }
  }

  @Test("Lies in the directory are refused, with what was found")
  func lies() {
    let huge = 0xFFFF_FFFE
    let cases: [([UInt8], String)] = [
      (archive(checksum: 7), "checksum"), (archive(flags: 1), "flags 1"), (archive(flags: 1 << 6), "flags"),
      (archive(method: 12), "compression method 12"), (archive(size: 4), "3 bytes stored"),
      (archive(method: 8, size: huge), "more than 1048576 bytes"),
      (archive(packed: 40, size: 40), "data up to byte"),
      (archive(offset: huge), "other bytes"), (archive(offset: 1), "other bytes"),
      (archive(localName: [98]), "contradicts the directory"), (archive(counted: 2), "other bytes"),
      (archive(counted: 0), "bytes after the last entry"), (archive(counted: 2000), "2000 members"),
      (archive(counted: 0xFFFF), "Zip64"), (archive(size: 0xFFFF_FFFF), "Zip64"),
      (archive(offset: 0xFFFF_FFFF), "Zip64"), (archive(start: 0xFFFF_FFFF), "Zip64"),
      (archive(start: huge), "a directory from byte"), (archive(start: 0), "a directory from byte"),
      (archive(copies: 2, localName: [97, 48]), "contradicts"),
      (archive(content: [3, 0], method: 8, checksum: 0, size: 1), "0 bytes in 'a'"),
      (archive(content: [3, 0, 0], method: 8, checksum: 0, size: 0), "1 bytes after a deflate stream"),
      (archive(content: [3], method: 8, checksum: 0, size: 0), "the end of the data"),
      (archive(content: [7, 0], method: 8, checksum: 0, size: 0), "a damaged deflate stream"),
    ]
    for (bytes, text) in cases {
      let error = #expect(throws: FormatError.self, "\(text)") { try contents(bytes) }
      #expect(error?.description.contains(text) == true, "expected '\(text)', found '\(error?.description ?? "")'")
    }
    let locator: [UInt8] = [0x50, 0x4B, 6, 7] + [UInt8](repeating: 0, count: 16)
    let bytes = archive()
    let error = #expect(throws: FormatError.self) { try contents(bytes.dropLast(22) + locator + bytes.suffix(22)) }
    #expect(error?.description.contains("Zip64") == true)
  }

  @Test("Names that lead elsewhere, or come twice, are refused")
  func names() {
    for name in ["../a", "/a", "a/b", "a\\b", ".", "..", "", "a\0", "ä", "a\n", String(repeating: "a", count: 256)] {
      #expect(throws: FormatError.self, "\(name)") { try contents(archive(name: Array(name.utf8))) }
    }
    #expect(throws: FormatError.self) { try contents(ZipArchive.write([("a", [1]), ("a", [1])])) }
  }

  @Test("Two entries over the same bytes are refused, as zip bombs are made of them")
  func overlap() {
    // Both local headers are there; the first one's data runs over the second.
    let bytes = ZipArchive.write([("a", [1, 2, 3]), ("b", [4])])
    let end = bytes.count - 22
    let directory = end - 2 * 47
    var long = bytes
    for place in [directory + 20, directory + 24] { long.replaceSubrange(place..<place + 4, with: little(10, 4)) }
    let error = #expect(throws: FormatError.self) { try contents(long) }
    #expect(error?.description.contains("overlap") == true)
    var same = bytes
    same.replaceSubrange(directory + 47 + 42..<directory + 47 + 46, with: little(0, 4))
    #expect(throws: FormatError.self) { try contents(same) }
  }

  @Test("A bomb ends at the length that it claims, and claims beyond the limit at once")
  func bomb() throws {
    // One megabyte of zeros, deflated by zlib.
    let gzip = bytes(base64: Self.megabyte)
    let content = Array(gzip[10..<gzip.count - 8])
    let zeros = [UInt8](repeating: 0, count: 1 << 20)
    #expect(try contents(archive(content: content, method: 8, checksum: crc32(zeros), size: 1 << 20)) == [zeros])
    #expect(throws: FormatError.tooLarge(file: nil, limit: 1000)) {
      try contents(archive(content: content, method: 8, checksum: 0, size: 1000))
    }
    #expect(throws: FormatError.tooLarge(file: nil, limit: (1 << 20) - 1)) {
      try contents(archive(content: content, method: 8, checksum: 0, size: 1 << 20), limit: (1 << 20) - 1)
    }
  }

  private static let megabyte =
    "H4sIAAAAAAACA+3BMQEAAADCoPVPbQhfoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAPgMc6jinAAAQAA=="
}
