/// An array of unsigned bytes with its dimensions, the last one running fastest.
package struct IDXArray: Hashable, Sendable {
  /// At least one and at most 255, each below 2³².
  package let dimensions: [Int]
  /// As many as the product of the dimensions.
  package let values: [UInt8]

  /// A checked array.
  ///
  /// - Returns: nil if there are no dimensions or more than 255, one does not fit 32 bits, or their product is not the
  ///   number of values.
  package init?(dimensions: [Int], values: [UInt8]) {
    guard (1...255).contains(dimensions.count), dimensions.allSatisfy({ $0 >= 0 && $0 <= Int(UInt32.max) }),
      Dimensions.product(dimensions) == values.count
    else { return nil }
    self.dimensions = dimensions
    self.values = values
  }
}

/// The IDX format of the MNIST files: a magic number, big-endian dimensions, then the values.
///
/// The magic number is two zero bytes, the element type and the number of dimensions. Only unsigned bytes (type 8) are
/// read and written. Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits".
package enum IDX {
  /// The element type of unsigned bytes.
  static let unsignedByte: UInt8 = 0x08

  /// The magic number of unsigned bytes in `rank` dimensions: 2049 for labels, 2051 for images.
  static func magic(rank: Int) -> Int { Int(unsignedByte) << 8 | rank }

  /// The array that the bytes hold.
  ///
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` for another magic number, dimensions that cannot be,
  ///   and for fewer or more values than the dimensions ask for. No length that a file claims is used before it is
  ///   checked against the length that the file has.
  /// - Complexity: linear in the number of bytes.
  package static func read(_ bytes: [UInt8]) throws(FormatError) -> IDXArray {
    guard bytes.count >= 4 else {
      throw .bad(.byte(bytes.count), found: "\(bytes.count) bytes", expected: "an IDX magic number of 4 bytes")
    }
    guard bytes[0] == 0, bytes[1] == 0, bytes[2] == unsignedByte, bytes[3] > 0 else {
      throw .bad(
        .byte(0), found: "magic number \(bigEndian(bytes, at: 0))",
        expected: "\(unsignedByte) × 256 + the number of dimensions (IDX of unsigned bytes)")
    }
    let rank = Int(bytes[3])
    let header = 4 + 4 * rank
    guard bytes.count >= header else {
      throw .bad(.byte(bytes.count), found: "\(bytes.count) bytes", expected: "a header of \(header) bytes")
    }
    var dimensions: [Int] = []
    for index in 0..<rank { dimensions.append(bigEndian(bytes, at: 4 + 4 * index)) }
    let shape = Dimensions.words(dimensions)
    guard let size = Dimensions.product(dimensions) else {
      throw .bad(.byte(4), found: "dimensions \(shape)", expected: "a number of values that fits 63 bits")
    }
    guard bytes.count - header == size else {
      throw .bad(.byte(header), found: "\(bytes.count - header) values", expected: "\(size) (\(shape))")
    }
    guard let array = IDXArray(dimensions: dimensions, values: Array(bytes[header...])) else {
      preconditionFailure("32-bit dimensions with a checked product make an array")
    }
    return array
  }

  /// The bytes that ``read(_:)`` turns back into the array.
  ///
  /// - Complexity: linear in the number of values.
  package static func write(_ array: IDXArray) -> [UInt8] {
    var bytes: [UInt8] = [0, 0, unsignedByte, UInt8(array.dimensions.count)]
    bytes.reserveCapacity(4 + 4 * array.dimensions.count + array.values.count)
    for side in array.dimensions {
      for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: side >> shift)) }
    }
    bytes.append(contentsOf: array.values)
    return bytes
  }

  private static func bigEndian(_ bytes: [UInt8], at offset: Int) -> Int {
    bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
  }
}
