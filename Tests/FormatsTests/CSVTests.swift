import Formats
import Testing

@Suite struct CSVTests {
  private func read(_ text: String, columns: [ClosedRange<Int>] = [0...9, -5...5], rows: Int? = nil) throws -> [Int] {
    try CSV.readIntegers(Array(text.utf8), columns: columns, rows: rows)
  }

  @Test("Rows come back in order, with any line end and with or without the last one")
  func reads() throws {
    for text in ["1,-2\n3,4\n", "1,-2\n3,4", "1,-2\r\n3,4\r\n", "01,-02\n3,04\r"] {
      #expect(try read(text) == [1, -2, 3, 4])
      #expect(try read(text, rows: 2) == [1, -2, 3, 4])
    }
    #expect(try read("") == [])
    let limits = "\(Int.min),\(Int.max)"
    #expect(try read(limits, columns: [.min ... .max, .min ... .max]) == [.min, .max])
  }

  @Test(
    "What is no integer or out of range is refused with line and column",
    arguments: ["", " 3", "3 ", "+3", "-", "3.0", "x", "10", "-1", "٣", "99999999999999999999", "\"3\""])
  func fields(field: String) {
    #expect(
      throws: FormatError.badData(
        file: nil, place: .line(2), found: "'\(field)' in column 1", expected: "an integer from 0 to 9")
    ) { try read("1,2\n\(field),4\n") }
  }

  @Test("Numbers just outside an Int are refused")
  func overflow() {
    for text in ["9223372036854775808", "-9223372036854775809"] {
      #expect(throws: FormatError.self) { try read(text, columns: [.min ... .max]) }
    }
  }

  @Test("Lines with too few or too many fields are refused with their number")
  func columns() {
    #expect(throws: FormatError.badData(file: nil, place: .line(3), found: "1 fields", expected: "2")) {
      try read("1,2\n3,4\n5\n")
    }
    #expect(throws: FormatError.badData(file: nil, place: .line(1), found: "more than 2 fields", expected: "2")) {
      try read("1,2,3\n")
    }
    #expect(throws: FormatError.self) { try read("1,2\n\n3,4\n") }
  }

  @Test("Too few and too many lines are refused")
  func rows() {
    #expect(
      throws: FormatError.badData(file: nil, place: .line(2), found: "the end of the data", expected: "2 lines")
    ) { try read("1,2\n", rows: 2) }
    #expect(throws: FormatError.badData(file: nil, place: .line(2), found: "another line", expected: "1 lines")) {
      try read("1,2\n3,4\n", rows: 1)
    }
  }
}
