/// Unsigned little-endian integers at checked offsets.
enum LittleEndian {
  /// The integer of `width` bytes (at most 7) at `offset`; nil if they are not all there.
  static func read(_ bytes: [UInt8], at offset: Int, width: Int) -> Int? {
    guard offset >= 0, offset <= bytes.count - width else { return nil }
    var value = 0
    for index in (offset..<offset + width).reversed() { value = value << 8 | Int(bytes[index]) }
    return value
  }

  /// Appends the low `width` bytes of a number.
  static func append(_ value: Int, width: Int, to bytes: inout [UInt8]) {
    for index in 0..<width { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
  }
}
