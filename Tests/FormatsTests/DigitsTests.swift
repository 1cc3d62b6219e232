import Formats
import Models
import Testing

@Suite struct DigitsTests {
  @Test("The embedded digits are the 1,797 samples of the test part")
  func samples() throws {
    let data = Digits.load()
    #expect(data.count == 1797 && Digits.count == 1797)
    #expect(data.shape == [1, 8, 8] && data.classes == 10)
    let counts = (0..<10).map { label in data.labels.count { Int($0) == label } }
    #expect(counts == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    let rows: [UInt8] = [
      0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0, 0, 3, 15, 2, 0, 11, 8, 0, 0, 4, 12, 0, 0, 8, 8, 0,
      0, 5, 8, 0, 0, 9, 8, 0, 0, 4, 11, 0, 1, 12, 7, 0, 0, 2, 14, 5, 10, 12, 0, 0, 0, 0, 6, 13, 10, 0, 0, 0,
    ]
    guard case .bytes(let pixels, scale: 16) = data.values else {
      Issue.record("the digits are bytes up to 16")
      return
    }
    #expect(Array(pixels[..<64]) == rows)
    #expect(data.labels.prefix(10) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    #expect(data.labels.last == 8)
    #expect(data.inputs(of: 0)[3] == 0.8125)
  }

  @Test("They load by name without a folder and have no official test set")
  func byName() throws {
    for folder in [nil, "", "/nowhere"] {
      let set = try DataFolder.load(named: "digits", folder: folder)
      #expect(set == DataSet(name: "digits", training: Digits.load(), officialTest: nil))
    }
  }
}
