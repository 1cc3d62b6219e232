import Formats
import Testing

@Suite struct CSVTableTests {
  private func read(_ text: String, label: CSVTable.LabelColumn = .last) throws -> CSVTable {
    try CSV.readTable(Array(text.utf8), label: label)
  }

  @Test("Any column may hold the labels, by place or by name")
  func labels() throws {
    let text = "a,\"kind\",c\n1,2,3\n4,5,6\n"
    for (label, values, labels) in [
      (.last, [1, 2, 4, 5], [3, 6]), (.index(0), [2, 3, 5, 6], [1, 4]), (.name("kind"), [1, 3, 4, 6], [2, 5]),
      (.none, [1, 2, 3, 4, 5, 6], []),
    ] as [(CSVTable.LabelColumn, [Float], [UInt8])] {
      let table = try read(text, label: label)
      #expect(table.values == values && table.labels == labels && table.header == ["a", "kind", "c"])
      #expect(table.rows == 2)
    }
    for label in [.index(3), .index(-1), .name("d")] as [CSVTable.LabelColumn] {
      #expect(throws: FormatError.self) { try read(text, label: label) }
    }
    #expect(throws: FormatError.self) { try read("1,2\n", label: .name("1")) }
    #expect(throws: FormatError.self) { try read("a,a\n1,2\n", label: .name("a")) }
    #expect(try CSV.readLabels(Array("3\n4\n".utf8), column: .last) == [3, 4])
    #expect(throws: FormatError.self) { try read("3\n4\n") }
  }

  @Test("A header is optional, line ends and blanks are free, a byte order mark is passed over")
  func forms() throws {
    for text in ["1,2\n3,4\n", "1,2\n3,4", "1,2\r\n3,4\r\n", " 1 ,\t2\n3, 4", "\u{FEFF}1,2\n3,4\n", "x,y\n1,2\n3,4\n"] {
      let table = try read(text)
      #expect(table.values == [1, 3] && table.labels == [2, 4] && table.columns == 1, "\(text)")
    }
  }

  @Test("Numbers are rounded as Swift rounds their text")
  func numbers() throws {
    for text in [
      "0", "-0", "007", "+5", "0.1", ".5", "5.", "-12.25", "16777217", "3.4028235e38", "1e-45", "1E+5", "0.0000001",
      "123456.7", "1234567.8", "9999999", "0.3333333", "0.33333333333333333", "1.17549435e-38", "8.5e-3", "3.14159274",
    ] {
      let value = try read("\(text),1\n").values[0]
      #expect(value.bitPattern == Float(text)?.bitPattern, "\(text)")
    }
  }

  @Test(
    "What is no finite number is refused",
    arguments: [
      "", "x", "nan", "inf", "1e39", "0x10", "1e", "1e+", ".", "-", "+-1", "1 2", "--1", "1.2.3", "1,2", "\"1\"",
    ])
  func fields(field: String) {
    #expect(throws: FormatError.self) { try read("1,1\n\(field),1\n") }
  }

  @Test("Labels are whole numbers from 0 to 255", arguments: ["-1", "256", "0.5", "1e9"])
  func labelFields(field: String) {
    let error = #expect(throws: FormatError.self) { try read("1,1\n1,\(field)\n") }
    #expect(error?.description == "the data, line 2: found '\(field)' in column 2, expected a label from 0 to 255")
  }

  @Test("Lines of another length, empty lines and no lines at all are refused with their number")
  func lines() {
    for (text, line) in [
      ("1,2\n1\n", 2), ("1,2\n1,2,3\n", 2), ("1,2\n\n1,2\n", 2), ("", 1), ("a,b\n", 2), ("1,2\n\n", 2), ("\n", 2),
    ] {
      let error = #expect(throws: FormatError.self) { try read(text) }
      #expect(error?.description.hasPrefix("the data, line \(line):") == true, "\(text.debugDescription): \(error!)")
    }
  }
}
