/// The central directory of a zip archive, checked against the rest of the file.
enum ZipDirectory {
  private static let localLength = 30
  private static let centralLength = 46
  private static let endLength = 22

  /// The members, in the order of the directory.
  static func read(_ bytes: [UInt8], limit: Int) throws(FormatError) -> [ZipArchive.Member] {
    let end = try endRecord(of: bytes)
    var members: [ZipArchive.Member] = []
    var extents: [Range<Int>] = []
    var names: Set<String> = []
    var total = 0
    var position = end.start
    for _ in 0..<end.count {
      let (member, extent, next) = try entry(bytes, at: position, before: end)
      guard names.insert(member.name).inserted else {
        throw .bad(.byte(position), found: "'\(member.name)' again", expected: "each name once")
      }
      total += member.size
      guard total <= limit else { throw .tooLarge(file: nil, limit: limit) }
      members.append(member)
      extents.append(extent)
      position = next
    }
    guard position == end.position else {
      throw .bad(
        .byte(position), found: "\(end.position - position) bytes after the last entry", expected: "the end record")
    }
    // Members over the same bytes are how a small file unpacks to a huge one.
    var free = 0
    for extent in extents.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      guard extent.lowerBound >= free else {
        throw .bad(.byte(extent.lowerBound), found: "members that overlap", expected: "one after the other")
      }
      free = extent.upperBound
    }
    return members
  }

  /// Whether a member's name is one that could be a file name here: no folders, nothing but printable ASCII.
  static func isSound(_ name: [UInt8]) -> Bool {
    (1...255).contains(name.count) && name != [UInt8(ascii: ".")] && name != Array("..".utf8)
      && name.allSatisfy { (0x20..<0x7F).contains($0) && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") }
  }

  private struct End {
    /// Where the end record and the directory lie.
    let position: Int
    let start: Int
    let count: Int
  }

  private static func endRecord(of bytes: [UInt8]) throws(FormatError) -> End {
    let last = bytes.count - endLength
    var position = last
    while position >= max(0, last - 0xFFFF) {
      if LittleEndian.read(bytes, at: position, width: 4) == ZipArchive.Signature.end,
        LittleEndian.read(bytes, at: position + 20, width: 2) == last - position
      {
        break
      }
      position -= 1
    }
    guard position >= max(0, last - 0xFFFF), last >= 0 else {
      throw .bad(.byte(bytes.count), found: "no end record", expected: "a zip archive that ends in one")
    }
    if LittleEndian.read(bytes, at: position - 20, width: 4) == ZipArchive.Signature.zip64Locator {
      throw zip64(at: position - 20)
    }
    let fields = Fields(bytes, at: position)
    guard fields[4, 2] == 0, fields[6, 2] == 0, fields[8, 2] == fields[10, 2] else {
      throw .bad(.byte(position + 4), found: "one part of several", expected: "an archive in one part")
    }
    let (count, size, start) = (fields[10, 2], fields[12, 4], fields[16, 4])
    guard count != 0xFFFF, size != 0xFFFF_FFFF, start != 0xFFFF_FFFF else { throw zip64(at: position) }
    guard count <= ZipArchive.maximumMembers else {
      throw .bad(
        .byte(position + 10), found: "\(count) members", expected: "at most \(ZipArchive.maximumMembers)")
    }
    guard start + size == position else {
      throw .bad(
        .byte(position + 12), found: "a directory from byte \(start) to \(start + size)",
        expected: "one that ends at its end record, \(position)")
    }
    return End(position: position, start: start, count: count)
  }

  /// The entry at an offset, all the bytes that its member takes up, and where the next entry begins.
  private static func entry(
    _ bytes: [UInt8], at position: Int, before end: End
  ) throws(FormatError) -> (ZipArchive.Member, extent: Range<Int>, next: Int) {
    let fields = Fields(bytes, at: position)
    guard position <= end.position - centralLength, fields[0, 4] == ZipArchive.Signature.central else {
      throw .bad(.byte(position), found: "other bytes", expected: "an entry of the directory")
    }
    let (flags, method) = (fields[8, 2], fields[10, 2])
    // Bits 1 and 2 tell how hard the deflater tried, 3 a record behind the data, 11 that the name is UTF-8.
    guard flags & ~0x080E == 0 else {
      throw .bad(.byte(position + 8), found: "flags \(flags)", expected: "a member without encryption or patches")
    }
    guard method == 0 || method == 8 else {
      throw .bad(.byte(position + 10), found: "compression method \(method)", expected: "0 (stored) or 8 (deflated)")
    }
    let (packed, size, offset) = (fields[20, 4], fields[24, 4], fields[42, 4])
    guard packed != 0xFFFF_FFFF, size != 0xFFFF_FFFF, offset != 0xFFFF_FFFF else { throw zip64(at: position) }
    guard method == 8 || packed == size else {
      throw .bad(.byte(position + 20), found: "\(packed) bytes stored", expected: "\(size)")
    }
    let next = position + centralLength + fields[28, 2] + fields[30, 2] + fields[32, 2]
    guard next <= end.position else {
      throw .bad(.byte(position + 28), found: "an entry up to byte \(next)", expected: "at most \(end.position)")
    }
    let name = Array(bytes[(position + centralLength)..<(position + centralLength + fields[28, 2])])
    guard isSound(name) else {
      throw .bad(
        .byte(position + centralLength), found: "a member with an unsound name",
        expected: "printable ASCII without slashes")
    }
    let start = try dataStart(bytes, at: offset, name: name, flags: flags, method: method, before: end.start)
    guard start + packed <= end.start else {
      throw .bad(.byte(position + 20), found: "data up to byte \(start + packed)", expected: "at most \(end.start)")
    }
    let member = ZipArchive.Member(
      name: String(decoding: name, as: UTF8.self), size: size, isDeflated: method == 8, checksum: fields[16, 4],
      packed: start..<start + packed)
    return (member, offset..<start + packed, next)
  }

  /// Where the data of a member begins, by its local header, which must not contradict the directory.
  ///
  /// The sizes there are not looked at: they are 0 where a record behind the data has them, and NumPy always writes
  /// them as Zip64 does.
  private static func dataStart(
    _ bytes: [UInt8], at offset: Int, name: [UInt8], flags: Int, method: Int, before limit: Int
  ) throws(FormatError) -> Int {
    let fields = Fields(bytes, at: offset)
    guard offset <= limit - localLength, fields[0, 4] == ZipArchive.Signature.local else {
      throw .bad(.byte(offset), found: "other bytes", expected: "the header of a member")
    }
    let start = offset + localLength + fields[26, 2] + fields[28, 2]
    guard fields[6, 2] == flags, fields[8, 2] == method, fields[26, 2] == name.count, start <= limit,
      bytes[(offset + localLength)...].starts(with: name)
    else {
      throw .bad(.byte(offset), found: "a header that contradicts the directory", expected: "the same member")
    }
    return start
  }

  /// Little-endian fields of a record; what lies beyond the end of the file is 0, which no signature is.
  private struct Fields {
    let bytes: [UInt8]
    let base: Int

    init(_ bytes: [UInt8], at base: Int) {
      self.bytes = bytes
      self.base = base
    }

    subscript(offset: Int, width: Int) -> Int { LittleEndian.read(bytes, at: base + offset, width: width) ?? 0 }
  }

  private static func zip64(at offset: Int) -> FormatError {
    .bad(.byte(offset), found: "a Zip64 archive", expected: "one below 4 GiB with fewer than 65,535 members")
  }
}
