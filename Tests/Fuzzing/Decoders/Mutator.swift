/// Turns a sound file into a probably unsound one: bit flips, truncation, splices and extreme integers.
///
/// SplitMix64 carries the randomness, so an input is named by its seed alone and the file needs nothing else.
package struct Mutator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  /// The next 64 bits (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }

  /// A number below `bound`, which is at least 1; the bias of the remainder does not matter here.
  package mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  /// One to four changes to the bytes; the result is at most about twice as long, and may equal the input.
  package mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...below(4) { change(&bytes) }
    return bytes
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else {
      bytes.append(UInt8(truncatingIfNeeded: next()))
      return
    }
    let position = below(bytes.count)
    switch below(9) {
    case 0, 1: bytes[position] ^= 1 << UInt8(below(8))
    case 2: bytes[position] = UInt8(truncatingIfNeeded: next())
    case 3: bytes.removeSubrange(position...)
    case 4: bytes.removeSubrange(position..<min(bytes.count, position + 1 + below(16)))
    case 5:
      let start = below(bytes.count)
      let piece = Array(bytes[start..<min(bytes.count, start + 1 + below(32))])
      bytes.insert(contentsOf: piece, at: position)
    case 6:
      let start = below(bytes.count)
      let length = min(1 + below(32), bytes.count - max(start, position))
      bytes.replaceSubrange(position..<position + length, with: Array(bytes[start..<start + length]))
    case 7: write(extreme(), width: 1 << below(4), to: &bytes, at: position)
    // Text formats have their extreme integers in digits.
    default: bytes.replaceSubrange(position...position, with: Array("\(Int64(bitPattern: extreme()))".utf8))
    }
  }

  /// A number near the edges of the integer types.
  private mutating func extreme() -> UInt64 {
    let edge: UInt64 = below(2) == 0 ? 1 << UInt64(below(64)) : 0
    return edge &+ UInt64(below(3)) &- 1
  }

  /// Overwrites up to `width` bytes in either byte order.
  private mutating func write(_ number: UInt64, width: Int, to bytes: inout [UInt8], at position: Int) {
    let bigEndian = below(2) == 0
    for index in 0..<width where position + index < bytes.count {
      let shift = UInt64(8 * (bigEndian ? width - 1 - index : index))
      bytes[position + index] = UInt8(truncatingIfNeeded: number >> shift)
    }
  }
}
