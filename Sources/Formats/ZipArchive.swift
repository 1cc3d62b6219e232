/// A zip archive whose directory has been checked, with members stored or deflated.
///
/// As strict as the writers that matter allow (NumPy through Python's `zipfile`, and ``write(_:)``): no encryption, no
/// Zip64, nothing before the first or after the last record, no two members of one name or over the same bytes. Source:
/// PKWARE, "APPNOTE: .ZIP File Format Specification", 6.3.10.
package struct ZipArchive: Sendable {
  /// One member, as the central directory describes it.
  package struct Member: Hashable, Sendable {
    package let name: String
    /// The length of the content; what unpacks to another length is refused.
    package let size: Int
    let isDeflated: Bool
    let checksum: Int
    /// Where its stored or deflated bytes lie.
    let packed: Range<Int>
  }

  /// In the order of the central directory.
  package let members: [Member]
  private let bytes: [UInt8]

  /// The signatures of the records, read as little-endian integers.
  enum Signature {
    static let local = 0x0403_4B50
    static let central = 0x0201_4B50
    static let end = 0x0605_4B50
    static let zip64Locator = 0x0706_4B50
  }

  /// The most members of an archive; a data set has a handful.
  static let maximumMembers = 1024

  /// Whether bytes begin like an archive with or without members.
  package static func isZip(_ bytes: [UInt8]) -> Bool {
    let signature = LittleEndian.read(bytes, at: 0, width: 4)
    return signature == Signature.local || signature == Signature.end
  }

  /// The archive that the bytes are.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - limit: The most bytes that all members together may claim to unpack to.
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` with the offset of the record that is wrong,
  ///   ``FormatError/tooLarge(file:limit:)`` beyond `limit`.
  /// - Complexity: O(members · log members); no member is unpacked yet.
  package init(_ bytes: [UInt8], limit: Int) throws(FormatError) {
    self.bytes = bytes
    members = try ZipDirectory.read(bytes, limit: limit)
  }

  /// The content of a member, with its length and checksum verified.
  ///
  /// - Throws: ``FormatError`` where it unpacks to something else than the directory says.
  /// - Complexity: linear in the packed and unpacked lengths; never more than the claimed length and 64 KiB are held.
  package func content(of member: Member) throws(FormatError) -> [UInt8] {
    let packed = bytes[member.packed]
    var content: [UInt8]
    if member.isDeflated {
      let inflater = Inflater(.none)
      content = try packed.withUnsafeBufferPointer { input throws(FormatError) in
        try inflater.unpack(input, limit: member.size, base: member.packed.lowerBound)
      }
    } else {
      content = Array(packed)
    }
    guard content.count == member.size else {
      throw .bad(
        .byte(member.packed.lowerBound), found: "\(content.count) bytes in '\(member.name)'",
        expected: "\(member.size)")
    }
    let checksum = Int(CRC32.checksum(content[...]))
    guard checksum == member.checksum else {
      throw .bad(
        .byte(member.packed.lowerBound), found: "checksum \(checksum) of '\(member.name)'",
        expected: "\(member.checksum)")
    }
    return content
  }

  /// An archive with members stored as they are, which ``init(_:limit:)`` reads.
  ///
  /// - Parameter members: Distinct names of at most 255 printable ASCII bytes without slashes; below 4 GiB together.
  package static func write(_ members: [(name: String, content: [UInt8])]) -> [UInt8] {
    var bytes: [UInt8] = []
    var directory: [UInt8] = []
    for (name, content) in members {
      precondition(ZipDirectory.isSound(Array(name.utf8)), "a member called '\(name)'")
      let offset = bytes.count
      precondition(offset + content.count < Int(UInt32.max) >> 1, "an archive beyond 2 GiB")
      // Version 2.0, no flags, stored, 1980-01-01 00:00.
      var common: [UInt8] = []
      for field in [20, 0, 0, 0, 0x21] { LittleEndian.append(field, width: 2, to: &common) }
      LittleEndian.append(Int(CRC32.checksum(content[...])), width: 4, to: &common)
      for _ in 0..<2 { LittleEndian.append(content.count, width: 4, to: &common) }
      for field in [name.utf8.count, 0] { LittleEndian.append(field, width: 2, to: &common) }

      LittleEndian.append(Signature.local, width: 4, to: &bytes)
      bytes += common + Array(name.utf8) + content
      LittleEndian.append(Signature.central, width: 4, to: &directory)
      LittleEndian.append(20, width: 2, to: &directory)
      // No comment, first disk, no attributes.
      directory += common + [UInt8](repeating: 0, count: 10)
      LittleEndian.append(offset, width: 4, to: &directory)
      directory += Array(name.utf8)
    }
    let start = bytes.count
    bytes += directory
    LittleEndian.append(Signature.end, width: 4, to: &bytes)
    for field in [0, 0, members.count, members.count] { LittleEndian.append(field, width: 2, to: &bytes) }
    for field in [directory.count, start] { LittleEndian.append(field, width: 4, to: &bytes) }
    LittleEndian.append(0, width: 2, to: &bytes)
    return bytes
  }
}
