import Formats
import Testing

@Suite struct IDXTests {
  /// Two images of 2 × 3.
  private let images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3] + Array(1...12)

  @Test("Known bytes are read and written again")
  func known() throws {
    let array = try IDX.read(images)
    #expect(array.dimensions == [2, 2, 3])
    #expect(array.values == Array(1...12))
    #expect(IDX.write(array) == images)
    let labels = try IDX.read([0, 0, 8, 1, 0, 0, 0, 4, 7, 2, 1, 0])
    #expect(labels.dimensions == [4] && labels.values == [7, 2, 1, 0])
  }

  @Test("Every shape that fits comes back")
  func roundTrip() throws {
    for dimensions in [[0], [1], [300], [0, 5], [5, 0], [3, 4, 5], [1, 1, 1, 1, 1, 1, 7], [256, 257]] {
      let size = dimensions.reduce(1, *)
      let values = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let array = try #require(IDXArray(dimensions: dimensions, values: values))
      #expect(try IDX.read(IDX.write(array)) == array)
    }
  }

  @Test("An array is only made where dimensions and values agree")
  func arrays() {
    #expect(IDXArray(dimensions: [], values: [1]) == nil)
    #expect(IDXArray(dimensions: [2], values: [1]) == nil)
    #expect(IDXArray(dimensions: [-1, -1], values: [1]) == nil)
    #expect(IDXArray(dimensions: [1 << 32, 0], values: []) == nil)
    #expect(IDXArray(dimensions: [Int](repeating: 1, count: 256), values: [1]) == nil)
    #expect(IDXArray(dimensions: [Int](repeating: 1, count: 255), values: [1]) != nil)
  }

  @Test("Another magic number is refused", arguments: [(0, 1), (1, 1), (2, 9), (2, 0x0D), (3, 0)])
  func magic(index: Int, byte: UInt8) {
    var bytes = images
    bytes[index] = byte
    let error = #expect(throws: FormatError.self) { try IDX.read(bytes) }
    guard case .badData(nil, .byte(0), _, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test("Cut short after any byte, or with one too many, it is refused")
  func lengths() {
    for length in images.indices {
      #expect(throws: FormatError.self, "\(length) bytes") { try IDX.read(Array(images[..<length])) }
    }
    #expect(
      throws: FormatError.badData(file: nil, place: .byte(16), found: "13 values", expected: "12 (2 × 2 × 3)")
    ) { try IDX.read(images + [0]) }
  }

  @Test("Dimensions beyond all memory are refused before anything is allocated")
  func overflow() {
    for rank in 1...255 {
      let bytes: [UInt8] = [0, 0, 8, UInt8(rank)] + [UInt8](repeating: 255, count: 4 * rank)
      #expect(throws: FormatError.self, "\(rank) dimensions") { try IDX.read(bytes) }
      #expect(throws: FormatError.self, "\(rank) dimensions") { try IDX.read(bytes + [1]) }
    }
  }
}
