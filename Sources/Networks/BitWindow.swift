/// Up to 64 bits read from any position of packed words.
struct BitWindow {
  let words: UnsafeBufferPointer<UInt64>

  /// The `count` (1 to 64) bits from `position` on, lowest first.
  @inline(__always)
  func load(at position: Int, count: Int) -> UInt64 {
    let index = position &>> 6
    let shift = UInt64(position & 63)
    var bits = words[index] &>> shift
    if Int(shift) &+ count > 64 { bits |= words[index &+ 1] &<< (64 &- shift) }
    return count == 64 ? bits : bits & ((1 &<< UInt64(count)) &- 1)
  }
  /// Copies the weights of the bits in `range`, and 0 for those that are removed, whatever they were, NaN included.
  func keep(_ weights: UnsafePointer<Float>, from range: Range<Int>, into kept: UnsafeMutablePointer<Float>) {
    for first in stride(from: 0, to: range.count, by: 64) {
      let count = min(64, range.count - first)
      let word = load(at: range.lowerBound + first, count: count)
      for bit in 0..<count {
        let keep = 0 &- UInt32(truncatingIfNeeded: word &>> UInt64(bit) & 1)
        kept[first + bit] = Float(bitPattern: weights[first + bit].bitPattern & keep)
      }
    }
  }
}
