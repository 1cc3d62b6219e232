/// Reads the few forms of JSON (RFC 8259) that a safetensors header and our metadata have, front to back.
struct JSONCursor {
  private let bytes: [UInt8]
  private let end: Int
  private var position: Int

  init(_ bytes: [UInt8], in range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  /// An object; `member` reads the value of each key, told where the key stands.
  mutating func object(
    _ member: (inout JSONCursor, String, FormatError.Place) throws(FormatError) -> Void
  ) throws(FormatError) {
    try expect("{")
    if skip("}") { return }
    repeat {
      skipSpace()
      let place = FormatError.Place.byte(position)
      let key = try string()
      try expect(":")
      try member(&self, key, place)
    } while skip(",")
    try expect("}")
  }

  /// A list of whole numbers from 0.
  mutating func integers(atMost limit: Int) throws(FormatError) -> [Int] {
    try expect("[")
    var values: [Int] = []
    if skip("]") { return values }
    repeat {
      guard values.count < limit else { throw bad("more than \(limit) numbers", "at most that many") }
      values.append(try integer())
    } while skip(",")
    try expect("]")
    return values
  }

  /// A whole number from 0.
  mutating func integer() throws(FormatError) -> Int {
    skipSpace()
    let start = position
    var value = 0
    while position < end, case let digit = bytes[position] &- UInt8(ascii: "0"), digit < 10 {
      // 18 digits always fit.
      guard position - start < 18 else { throw bad("a number of more than 18 digits", "a size or offset") }
      value = value * 10 + Int(digit)
      position += 1
    }
    guard position > start, bytes[start] != UInt8(ascii: "0") || position == start + 1 else {
      throw bad(next, "a whole number from 0")
    }
    return value
  }

  mutating func string() throws(FormatError) -> String {
    try expect("\"")
    let start = position
    var text: [UInt8] = []
    while true {
      guard position < end else { throw bad("the end of the header", "the end of a string") }
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else {
          throw .bad(.byte(start), found: "a string that is not UTF-8", expected: "UTF-8")
        }
        return string
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<32: throw bad("a control character in a string", "an escape such as \\n")
      default: text.append(byte)
      }
    }
  }

  private mutating func escape(into text: inout [UInt8]) throws(FormatError) {
    guard position < end else { throw bad("the end of the header", "the rest of an escape") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(8)
    case UInt8(ascii: "t"): text.append(9)
    case UInt8(ascii: "n"): text.append(10)
    case UInt8(ascii: "f"): text.append(12)
    case UInt8(ascii: "r"): text.append(13)
    case UInt8(ascii: "u"):
      var units = [try unit()]
      if UTF16.isLeadSurrogate(units[0]), position + 1 < end, bytes[position] == UInt8(ascii: "\\"),
        bytes[position + 1] == UInt8(ascii: "u")
      {
        position += 2
        units.append(try unit())
      }
      guard let character = String(validating: units, as: UTF16.self) else {
        throw bad("half of a surrogate pair", "both halves")
      }
      text.append(contentsOf: character.utf8)
    default: throw bad("an unknown escape", "one of JSON's")
    }
  }

  private mutating func unit() throws(FormatError) -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard position < end, let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
        throw bad(next, "four hexadecimal digits")
      }
      value = value << 4 | UInt16(digit)
      position += 1
    }
    return value
  }

  /// Checks that only white space is left.
  mutating func finish() throws(FormatError) {
    skipSpace()
    guard position == end else { throw bad(next, "the end of the header") }
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(FormatError) {
    guard skip(character) else { throw bad(next, "'\(character)'") }
  }

  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < end, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while position < end, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
  }

  private var next: String {
    position < end ? quoted(String(Unicode.Scalar(bytes[position]))) : "the end of the header"
  }

  private func bad(_ found: String, _ expected: String) -> FormatError {
    .bad(.byte(position), found: found, expected: expected)
  }
}
