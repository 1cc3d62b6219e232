/// Comma-separated integers without a header, as the digits set has them.
///
/// No quotes, no blanks, no empty lines; lines end in LF or CR LF, the last one may go without.
package enum CSV {
  /// All values, row by row; the number of rows is their count over the number of columns.
  ///
  /// - Parameters:
  ///   - bytes: The text.
  ///   - columns: For each column the values that it may hold; at least one.
  ///   - rows: The number of lines that the text must have; nil accepts any.
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` with the line for a field that is no integer or out
  ///   of its range, a line with too few or too many fields, and too few or too many lines.
  /// - Complexity: linear in the number of bytes.
  package static func readIntegers(
    _ bytes: [UInt8], columns: [ClosedRange<Int>], rows: Int? = nil
  ) throws(FormatError) -> [Int] {
    precondition(!columns.isEmpty, "a table without columns")
    var values: [Int] = []
    var position = 0
    var line = 0
    while position < bytes.count {
      line += 1
      if let rows, line > rows { throw .bad(.line(line), found: "another line", expected: "\(rows) lines") }
      let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      let cut = end > position && bytes[end - 1] == UInt8(ascii: "\r") ? end - 1 : end
      try append(fields: bytes[position..<cut], of: line, columns: columns, to: &values)
      position = end + 1
    }
    if let rows, line < rows {
      throw .bad(.line(line + 1), found: "the end of the data", expected: "\(rows) lines")
    }
    return values
  }

  private static func append(
    fields: ArraySlice<UInt8>, of line: Int, columns: [ClosedRange<Int>], to values: inout [Int]
  ) throws(FormatError) {
    var column = 0
    var start = fields.startIndex
    while true {
      guard column < columns.count else {
        throw .bad(.line(line), found: "more than \(columns.count) fields", expected: "\(columns.count)")
      }
      let end = fields[start...].firstIndex(of: UInt8(ascii: ",")) ?? fields.endIndex
      guard let value = integer(fields[start..<end]), columns[column].contains(value) else {
        let range = columns[column]
        let text = String(decoding: fields[start..<end].prefix(40), as: UTF8.self)
        throw .bad(
          .line(line), found: "'\(text)' in column \(column + 1)",
          expected: "an integer from \(range.lowerBound) to \(range.upperBound)")
      }
      values.append(value)
      column += 1
      if end == fields.endIndex { break }
      start = end + 1
    }
    guard column == columns.count else {
      throw .bad(.line(line), found: "\(column) fields", expected: "\(columns.count)")
    }
  }

  /// The decimal integer that the bytes spell, with `-` allowed before it; nil for anything else.
  private static func integer(_ field: ArraySlice<UInt8>) -> Int? {
    let negative = field.first == UInt8(ascii: "-")
    let digits = negative ? field.dropFirst() : field
    guard !digits.isEmpty else { return nil }
    var value = 0
    for byte in digits {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      // Built downwards, because the smallest Int has no positive twin.
      let (next, underflow) = tens.subtractingReportingOverflow(Int(byte - UInt8(ascii: "0")))
      if overflow || underflow { return nil }
      value = next
    }
    return negative ? value : value == .min ? nil : -value
  }
}
