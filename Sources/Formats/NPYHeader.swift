/// The dictionary at the beginning of an NPY file: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
///
/// Parsed as exactly this literal, never evaluated as Python is.
struct NPYHeader: Equatable {
  /// An element type: the byte order `<`, `>` or `|`, then kind and width, for example `<f4`.
  var descr = ""
  var fortranOrder = false
  var shape: [Int] = []

  /// The header that the text between `start` and the end of `bytes` spells.
  ///
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` with the offset for anything but a dictionary of the
  ///   three keys, each once and in any order, followed by blanks and a line end.
  static func parse(_ bytes: ArraySlice<UInt8>) throws(FormatError) -> NPYHeader {
    var parser = Parser(bytes: bytes, position: bytes.startIndex)
    return try parser.header()
  }
}

private struct Parser {
  let bytes: ArraySlice<UInt8>
  var position: Int

  mutating func header() throws(FormatError) -> NPYHeader {
    var header = NPYHeader()
    var seen: [String] = []
    try expect("{")
    while !take("}") {
      let place = position
      let key = try string()
      guard !seen.contains(key) else { throw wrong(at: place, "the key '\(key)' again", "each key once") }
      seen.append(key)
      try expect(":")
      switch key {
      case "descr": header.descr = try elementType()
      case "fortran_order": header.fortranOrder = try boolean()
      case "shape": header.shape = try tuple()
      default: throw wrong(at: place, "the key '\(key)'", "'descr', 'fortran_order' or 'shape'")
      }
      if !take(",") {
        try expect("}")
        break
      }
    }
    guard seen.count == 3 else {
      throw wrong(at: position, "a header with \(seen.count) keys", "'descr', 'fortran_order' and 'shape'")
    }
    skipBlanks()
    if position < bytes.endIndex, bytes[position] == UInt8(ascii: "\n") { position += 1 }
    guard position == bytes.endIndex else { throw wrong(at: position, found, "the end of the header") }
    return header
  }

  private mutating func elementType() throws(FormatError) -> String {
    skipBlanks()
    if position < bytes.endIndex, bytes[position] == UInt8(ascii: "[") {
      throw wrong(at: position, "an array of records", "an array of numbers")
    }
    return try string()
  }

  /// A string in either kind of quotes, without escapes.
  private mutating func string() throws(FormatError) -> String {
    skipBlanks()
    guard position < bytes.endIndex, [UInt8(ascii: "'"), UInt8(ascii: "\"")].contains(bytes[position]) else {
      throw wrong(at: position, found, "a quoted string")
    }
    let start = position + 1
    // Nothing that is known is longer than `fortran_order`.
    guard let end = bytes[start...].prefix(33).firstIndex(of: bytes[position]) else {
      throw wrong(at: position, "a string without an end", "one of at most 32 bytes")
    }
    guard bytes[start..<end].allSatisfy({ (0x20..<0x7F).contains($0) && $0 != UInt8(ascii: "\\") }) else {
      throw wrong(at: position, "a string with other characters", "printable ASCII without backslashes")
    }
    position = end + 1
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  private mutating func boolean() throws(FormatError) -> Bool {
    skipBlanks()
    for (word, value) in [("True", true), ("False", false)] where bytes[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw wrong(at: position, found, "True or False")
  }

  /// `()`, `(3,)`, `(3, 4)` or `(3, 4,)`.
  private mutating func tuple() throws(FormatError) -> [Int] {
    try expect("(")
    var sides: [Int] = []
    while !take(")") {
      guard sides.count < NPYArray.maximumRank else {
        throw wrong(at: position, "more than \(NPYArray.maximumRank) dimensions", "at most that many")
      }
      sides.append(try integer())
      if take(",") { continue }
      guard sides.count > 1 else { throw wrong(at: position, found, "a comma, as a tuple of one has") }
      try expect(")")
      break
    }
    return sides
  }

  private mutating func integer() throws(FormatError) -> Int {
    skipBlanks()
    let start = position
    var value = 0
    while position < bytes.endIndex, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (next, more) = tens.addingReportingOverflow(Int(bytes[position] - UInt8(ascii: "0")))
      guard !overflow, !more else { throw wrong(at: start, "a dimension beyond 63 bits", "a smaller one") }
      value = next
      position += 1
    }
    guard position > start else { throw wrong(at: start, found, "a dimension, an integer from 0") }
    return value
  }

  private mutating func skipBlanks() {
    while position < bytes.endIndex, bytes[position] == UInt8(ascii: " ") { position += 1 }
  }

  private mutating func take(_ character: Character) -> Bool {
    skipBlanks()
    guard position < bytes.endIndex, bytes[position] == character.asciiValue else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Character) throws(FormatError) {
    guard take(character) else { throw wrong(at: position, found, "'\(character)'") }
  }

  /// The byte at the position, for messages.
  private var found: String {
    guard position < bytes.endIndex else { return "the end of the header" }
    let byte = bytes[position]
    return (0x20..<0x7F).contains(byte) ? "'\(Character(UnicodeScalar(byte)))'" : "byte \(byte)"
  }

  private func wrong(at place: Int, _ found: String, _ expected: String) -> FormatError {
    .bad(.byte(place), found: found, expected: expected)
  }
}
