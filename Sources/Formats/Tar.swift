/// The tar format (POSIX.1-1988 ustar and what GNU and pax tar add to it), read from memory.
package enum Tar {
  /// A regular file of an archive.
  package struct Member: Hashable, Sendable {
    /// A relative path, with no part that is empty, `.` or `..`.
    package let name: String
    /// Where its content lies in the archive's bytes.
    package let content: Range<Int>
  }

  private static let block = 512
  /// The most entries of an archive; those of the data sets have about ten.
  static let maximumMembers = 4096

  /// The regular files of an archive, in its order; folders are passed over, and pax headers that say nothing about
  /// where a file's content lies or what it is called.
  ///
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` with the offset for a wrong header checksum, a name
  ///   that leads out of the folder, a name that comes twice, links, devices and all else that is no regular file, pax
  ///   headers with a name or size, and an archive that ends early.
  /// - Complexity: linear in the number of entries.
  package static func read(_ bytes: [UInt8]) throws(FormatError) -> [Member] {
    var members: [Member] = []
    var names: Set<String> = []
    var position = 0
    var entries = 0
    while true {
      guard position <= bytes.count - block else {
        throw .bad(.byte(bytes.count), found: "the end of the data", expected: "another tar header or a block of zeros")
      }
      let header = bytes[position..<position + block]
      if header.allSatisfy({ $0 == 0 }) { return members }
      entries += 1
      guard entries <= maximumMembers else {
        throw .bad(.byte(position), found: "more than \(maximumMembers) entries", expected: "at most that many")
      }
      try check(header)
      let size = try octal(header, at: 124, width: 12)
      let start = position + block
      // A size has at most 12 octal digits, so nothing overflows.
      let next = start + (size + block - 1) / block * block
      guard next <= bytes.count else {
        throw .bad(.byte(position + 124), found: "\(bytes.count - start) bytes", expected: "a file of \(size)")
      }
      switch bytes[position + 156] {
      case 0, UInt8(ascii: "0"):
        let name = try name(header)
        guard names.insert(name).inserted else {
          throw .bad(.byte(position), found: "'\(name)' again", expected: "each name once")
        }
        members.append(Member(name: name, content: start..<start + size))
      case UInt8(ascii: "5"): break
      case UInt8(ascii: "x"), UInt8(ascii: "g"): try checkRecords(bytes[start..<start + size])
      case let type:
        throw .bad(.byte(position + 156), found: "an entry of type \(type)", expected: "regular files and folders")
      }
      position = next
    }
  }

  /// Refuses a pax header whose records, `LENGTH KEY=VALUE` and a line end, take the place of a header's fields.
  private static func checkRecords(_ records: ArraySlice<UInt8>) throws(FormatError) {
    var rest = records
    while let first = rest.indices.first {
      // Lengths count the whole record. Nine digits are more than an entry can have.
      let digits = rest.prefix(9).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      let length = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
      guard !digits.isEmpty, length > digits.count + 1, length <= rest.count, rest[digits.endIndex] == 0x20,
        rest[first + length - 1] == UInt8(ascii: "\n"),
        let equals = rest[(digits.endIndex + 1)..<(first + length - 1)].firstIndex(of: UInt8(ascii: "="))
      else { throw .bad(.byte(first), found: "other bytes", expected: "a record of a pax header") }
      let key = String(decoding: rest[(digits.endIndex + 1)..<equals], as: UTF8.self)
      if ["path", "linkpath", "size"].contains(key) || key.hasPrefix("GNU.sparse.") {
        throw .bad(
          .byte(first), found: "a pax header with \(quoted(key))", expected: "names and sizes in the tar headers")
      }
      rest = rest[(first + length)...]
    }
  }

  /// The sum of all bytes of a header, with blanks in place of the sum itself.
  private static func check(_ header: ArraySlice<UInt8>) throws(FormatError) {
    let field = header.startIndex + 148..<header.startIndex + 156
    let sum = header.reduce(0) { $0 + Int($1) } - header[field].reduce(0) { $0 + Int($1) } + 8 * 0x20
    guard try octal(header, at: 148, width: 8) == sum else {
      throw .bad(.byte(field.lowerBound), found: "another header checksum", expected: "\(sum) (a tar archive)")
    }
  }

  /// Octal digits between blanks and an end of NUL or blank.
  private static func octal(_ header: ArraySlice<UInt8>, at offset: Int, width: Int) throws(FormatError) -> Int {
    let place = header.startIndex + offset
    let field = header[place..<place + width].drop { $0 == 0x20 }
    let digits = field.prefix { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }
    guard !digits.isEmpty, field[digits.endIndex...].allSatisfy({ $0 == 0 || $0 == 0x20 }) else {
      throw .bad(.byte(place), found: "other bytes", expected: "an octal number")
    }
    return digits.reduce(0) { $0 << 3 | Int($1 - UInt8(ascii: "0")) }
  }

  /// The name, with the prefix that ustar keeps apart.
  private static func name(_ header: ArraySlice<UInt8>) throws(FormatError) -> String {
    let start = header.startIndex
    var path = Array(header[start..<start + 100].prefix { $0 != 0 })
    // GNU tar has time stamps where ustar has the prefix, and another magic string.
    if header[(start + 257)..<(start + 263)].elementsEqual(Array("ustar\0".utf8)) {
      let prefix = header[(start + 345)..<(start + 500)].prefix { $0 != 0 }
      if !prefix.isEmpty { path = Array(prefix) + [UInt8(ascii: "/")] + path }
    }
    let parts = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let isSound =
      path.allSatisfy { (0x20..<0x7F).contains($0) && $0 != UInt8(ascii: "\\") }
      && parts.allSatisfy { !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) }
    guard isSound else {
      throw .bad(
        .byte(start), found: "an unsound name", expected: "a relative path of printable ASCII below the folder")
    }
    return String(decoding: path, as: UTF8.self)
  }
}
