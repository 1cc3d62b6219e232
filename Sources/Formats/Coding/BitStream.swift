/// Bits in bytes, the highest of a byte first; the last byte is filled up with zeros.
struct BitWriter {
  private(set) var bytes: [UInt8] = []
  private var used = 8

  /// Appends the low `length` bits of a word, the highest of them first.
  mutating func append(_ word: Int, length: Int) {
    for shift in (0..<length).reversed() {
      if used == 8 {
        bytes.append(0)
        used = 0
      }
      if word >> shift & 1 == 1 { bytes[bytes.count - 1] |= 0x80 >> UInt8(used) }
      used += 1
    }
  }
}

/// Reads what ``BitWriter`` wrote.
struct BitReader {
  private let bytes: ArraySlice<UInt8>
  /// The number of bits read so far.
  private var position = 0

  init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  /// The next bit; nil behind the last byte.
  mutating func next() -> Int? {
    guard position >> 3 < bytes.count else { return nil }
    defer { position += 1 }
    return Int(bytes[bytes.startIndex + position >> 3] >> UInt8(7 - position & 7) & 1)
  }

  /// Whether nothing is left but the zeros that fill up the last byte.
  var isAtEnd: Bool {
    var rest = self
    guard bytes.count == (position + 7) >> 3 else { return false }
    while let bit = rest.next() { if bit != 0 { return false } }
    return true
  }
}
