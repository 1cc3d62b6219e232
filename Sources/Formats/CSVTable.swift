/// A table of numbers with one column of labels, or none.
package struct CSVTable: Hashable, Sendable {
  /// Which column holds the labels.
  package enum LabelColumn: Hashable, Sendable {
    case none
    case last
    /// From 0.
    case index(Int)
    /// As the header line has it.
    case name(String)
  }

  /// The names of all columns, if the first line is no line of numbers.
  package let header: [String]?
  /// The number of columns beside that of the labels.
  package let columns: Int
  /// Row by row, without the labels; finite.
  package let values: [Float]
  /// One for each row, 0...255; empty if no column was asked for.
  package let labels: [UInt8]

  package var rows: Int { columns == 0 ? labels.count : values.count / columns }
}

extension CSV {
  /// The most columns of a table.
  static let maximumColumns = 1 << 20

  /// The table that the text is.
  ///
  /// Fields are integers or decimals with an optional exponent, with blanks around them allowed; the first line is taken
  /// for a header if any of its fields is no number. No empty lines; no quotes but around a whole name in the header.
  ///
  /// - Parameters:
  ///   - bytes: The text, with or without a byte order mark and a last line end, of at least one row.
  ///   - label: The column of the labels.
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` with the line.
  /// - Complexity: linear in the number of bytes.
  package static func readTable(_ bytes: [UInt8], label: CSVTable.LabelColumn) throws(FormatError) -> CSVTable {
    let table = try read(bytes, label: label)
    guard table.columns > 0 else {
      throw .bad(.line(1), found: "no column beside the labels", expected: "at least one")
    }
    return table
  }

  /// The labels of a table, which may have no other column.
  ///
  /// - Throws: ``FormatError`` as ``readTable(_:label:)`` does.
  package static func readLabels(_ bytes: [UInt8], column: CSVTable.LabelColumn) throws(FormatError) -> [UInt8] {
    try read(bytes, label: column == .none ? .last : column).labels
  }

  private static func read(_ bytes: [UInt8], label: CSVTable.LabelColumn) throws(FormatError) -> CSVTable {
    var reader = TableReader(label: label)
    return try bytes.withUnsafeBufferPointer { buffer throws(FormatError) in try reader.read(buffer) }
  }
}

private struct TableReader {
  let label: CSVTable.LabelColumn
  private var header: [String]?
  private var width = 0
  private var labelIndex: Int?
  private var values: [Float] = []
  private var labels: [UInt8] = []

  init(label: CSVTable.LabelColumn) { self.label = label }

  mutating func read(_ text: UnsafeBufferPointer<UInt8>) throws(FormatError) -> CSVTable {
    var position = text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    var line = 0
    while position < text.count {
      line += 1
      let end = text[position...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
      let cut = end > position && text[end - 1] == UInt8(ascii: "\r") ? end - 1 : end
      let fields = text[position..<cut]
      if line == 1 { try begin(fields) }
      if line > 1 || header == nil { try append(fields, line: line) }
      position = end + 1
    }
    let columns = width - (labelIndex == nil ? 0 : 1)
    guard line > (header == nil ? 0 : 1) else {
      throw .bad(.line(line + 1), found: "the end of the data", expected: "a line of numbers")
    }
    return CSVTable(header: header, columns: columns, values: values, labels: labels)
  }

  /// Takes the number of columns, and the names if there are any, from the first line.
  private mutating func begin(_ line: Slice<UnsafeBufferPointer<UInt8>>) throws(FormatError) {
    let fields = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    width = fields.count
    guard width <= CSV.maximumColumns else {
      throw .bad(.line(1), found: "\(width) fields", expected: "at most \(CSV.maximumColumns)")
    }
    if fields.contains(where: { Decimal.float($0) == nil }) {
      header = fields.map { field in
        var name = Decimal.trimmed(field)
        if name.count > 1, name.first == UInt8(ascii: "\""), name.last == UInt8(ascii: "\"") {
          name = name.dropFirst().dropLast()
        }
        return String(decoding: name, as: UTF8.self)
      }
    }
    labelIndex = try column()
  }

  private func column() throws(FormatError) -> Int? {
    switch label {
    case .none: return nil
    case .last: return width - 1
    case .index(let index):
      guard (0..<width).contains(index) else {
        throw .bad(.line(1), found: "\(width) columns", expected: "a column \(index) of labels, counted from 0")
      }
      return index
    case .name(let name):
      guard let header else {
        throw .bad(.line(1), found: "numbers", expected: "a header line that names the label column '\(name)'")
      }
      let places = header.indices.filter { header[$0] == name }
      guard places.count == 1 else {
        throw .bad(.line(1), found: "\(places.count) columns called '\(name)'", expected: "one")
      }
      return places[0]
    }
  }

  private mutating func append(_ fields: Slice<UnsafeBufferPointer<UInt8>>, line: Int) throws(FormatError) {
    var column = 0
    var start = fields.startIndex
    while true {
      guard column < width else {
        throw .bad(.line(line), found: "more than \(width) fields", expected: "\(width)")
      }
      let end = fields[start...].firstIndex(of: UInt8(ascii: ",")) ?? fields.endIndex
      let field = fields[start..<end]
      guard let value = Decimal.float(field), value.isFinite else {
        throw wrong(field, line, column, "a number")
      }
      if column == labelIndex {
        guard let label = UInt8(exactly: value) else { throw wrong(field, line, column, "a label from 0 to 255") }
        labels.append(label)
      } else {
        values.append(value)
      }
      column += 1
      if end == fields.endIndex { break }
      start = end + 1
    }
    guard column == width else { throw .bad(.line(line), found: "\(column) fields", expected: "\(width)") }
  }

  private func wrong(
    _ field: Slice<UnsafeBufferPointer<UInt8>>, _ line: Int, _ column: Int, _ expected: String
  ) -> FormatError {
    let text = String(decoding: field.prefix(40), as: UTF8.self)
    return .bad(.line(line), found: "'\(text)' in column \(column + 1)", expected: expected)
  }
}

/// Decimal numbers in text.
private enum Decimal {
  typealias Field = Slice<UnsafeBufferPointer<UInt8>>

  /// The field without the blanks around it.
  static func trimmed(_ field: Field) -> Field {
    var field = field
    while let first = field.first, first == 0x20 || first == 0x09 { field.removeFirst() }
    while let last = field.last, last == 0x20 || last == 0x09 { field.removeLast() }
    return field
  }

  /// The `Float` nearest to the number that the field spells; infinite beyond the largest; nil for anything else,
  /// words such as `nan` included.
  static func float(_ field: Field) -> Float? {
    let text = trimmed(field)
    var rest = text
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
    let (whole, wholeDigits) = digits(&rest)
    var (mantissa, count, decimals) = (whole, wholeDigits, 0)
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      let (fraction, fractionDigits) = digits(&rest)
      (count, decimals) = (count + fractionDigits, fractionDigits)
      if count <= 7 { mantissa = fractionDigits == 0 ? whole : whole * powersOfTen[fractionDigits] + fraction }
    }
    guard count > 0 else { return nil }
    if rest.isEmpty, count <= 7 {
      // Both are exact in Float, so the quotient is the nearest one.
      let value = Float(mantissa) / Float(powersOfTen[decimals])
      return isNegative ? -value : value
    }
    if let e = rest.first {
      guard e == UInt8(ascii: "e") || e == UInt8(ascii: "E") else { return nil }
      rest.removeFirst()
      if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
      guard digits(&rest).count > 0, rest.isEmpty else { return nil }
    }
    return Float(String(decoding: text, as: UTF8.self))
  }

  private static let powersOfTen = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000]

  /// Takes digits from the front: their number, and their value while it is at most 7 digits.
  private static func digits(_ rest: inout Field) -> (value: Int, count: Int) {
    var (value, count) = (0, 0)
    while let byte = rest.first, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
      if count < 7 { value = value * 10 + Int(byte - UInt8(ascii: "0")) }
      count += 1
      rest.removeFirst()
    }
    return (value, count)
  }
}
