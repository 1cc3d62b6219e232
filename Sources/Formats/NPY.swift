/// The NPY format of NumPy, versions 1.0 to 3.0: a magic string, a header, then the values.
///
/// Read are booleans, integers of 8 to 64 bits and floats of 16 to 64 bits, in either byte order and either order of
/// dimensions; Python objects, strings, records and complex numbers are refused. Source: NumPy Enhancement Proposal 1,
/// "A Simple File Format for NumPy Arrays", 2007.
package enum NPY {
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// NumPy pads the header so that the values begin at a multiple of this.
  static let alignment = 64

  /// Whether bytes begin like an NPY file.
  package static func isNPY(_ bytes: [UInt8]) -> Bool { bytes.starts(with: magic) }

  /// The array that the bytes hold; in Fortran order it is transposed to C order.
  ///
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` with the offset for another magic string or version,
  ///   a header that is not the literal that NumPy writes, an element type that is not read, an integer beyond 63 bits,
  ///   a boolean other than 0 and 1, and for fewer or more bytes than the shape asks for. No length that a file claims
  ///   is used before it is checked against the length that the file has.
  /// - Complexity: linear in the number of bytes.
  package static func read(_ bytes: [UInt8]) throws(FormatError) -> NPYArray {
    let (header, start) = try header(of: bytes)
    let type = try elementType(header.descr)
    let words = Dimensions.words(header.shape)
    guard let count = Dimensions.product(header.shape),
      case (let size, false) = count.multipliedReportingOverflow(by: type.width)
    else { throw .bad(.byte(8), found: "the shape \(words)", expected: "a size that fits 63 bits") }
    guard bytes.count - start == size else {
      throw .bad(
        .byte(start), found: "\(bytes.count - start) bytes of values",
        expected: "\(size) (\(words) of '\(header.descr)')")
    }
    var values = try NPYValues.read(bytes, from: start, count: count, type: type)
    if header.fortranOrder { values = NPYValues.transposed(values, shape: header.shape) }
    guard let array = NPYArray(shape: header.shape, values: values) else {
      preconditionFailure("a parsed shape with a checked product makes an array")
    }
    return array
  }

  /// The bytes that ``read(_:)`` turns back into the array: version 1.0, little-endian, C order.
  ///
  /// - Complexity: linear in the number of values.
  package static func write(_ array: NPYArray) -> [UInt8] {
    let descr =
      switch array.values {
      case .bytes: "|u1"
      case .ints: "<i8"
      case .floats: "<f4"
      }
    let sides = array.shape.map(String.init).joined(separator: ", ") + (array.shape.count == 1 ? "," : "")
    var text = "{'descr': '\(descr)', 'fortran_order': False, 'shape': (\(sides)), }"
    let unpadded = magic.count + 4 + text.utf8.count + 1
    text += String(repeating: " ", count: (alignment - unpadded % alignment) % alignment) + "\n"
    var bytes = magic + [1, 0]
    LittleEndian.append(text.utf8.count, width: 2, to: &bytes)
    bytes += Array(text.utf8)
    switch array.values {
    case .bytes(let values): bytes += values
    case .ints(let values): for value in values { LittleEndian.append(value, width: 8, to: &bytes) }
    case .floats(let values): for value in values { LittleEndian.append(Int(value.bitPattern), width: 4, to: &bytes) }
    }
    return bytes
  }

  /// The header and the offset of the first value.
  private static func header(of bytes: [UInt8]) throws(FormatError) -> (NPYHeader, start: Int) {
    guard isNPY(bytes) else { throw .bad(.byte(0), found: "other bytes", expected: "the magic string of NPY") }
    guard bytes.count >= 8 else { throw .bad(.byte(bytes.count), found: "the end of the data", expected: "a version") }
    guard (1...3).contains(bytes[6]), bytes[7] == 0 else {
      throw .bad(.byte(6), found: "version \(bytes[6]).\(bytes[7])", expected: "1.0, 2.0 or 3.0")
    }
    let width = bytes[6] == 1 ? 2 : 4
    guard let length = LittleEndian.read(bytes, at: 8, width: width), length <= bytes.count - 8 - width else {
      throw .bad(.byte(8), found: "the end of the data", expected: "a header as long as it says")
    }
    let start = 8 + width + length
    return (try NPYHeader.parse(bytes[(8 + width)..<start]), start)
  }

  /// The type that a code such as `<f4` names.
  private static func elementType(_ descr: String) throws(FormatError) -> NPYElement {
    let characters = Array(descr)
    let widths: [Character: [Int]] = ["b": [1], "i": [1, 2, 4, 8], "u": [1, 2, 4, 8], "f": [2, 4, 8]]
    guard characters.count == 3, let kind = NPYElement.Kind(rawValue: characters[1]),
      let width = characters[2].wholeNumberValue, widths[characters[1]]?.contains(width) == true,
      width == 1 ? "|<>".contains(characters[0]) : "<>".contains(characters[0])
    else {
      throw .bad(
        .byte(8), found: "the element type '\(descr)'", expected: "one of |b1, |i1..<i8, |u1..<u8, <f2, <f4, <f8")
    }
    return NPYElement(kind: kind, width: width, isBigEndian: characters[0] == ">")
  }
}
