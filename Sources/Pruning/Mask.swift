package import Digests

/// Which prunable weights are kept: one bit each, packed 64 to a word, tail bits zero.
///
/// Bit i belongs to the i-th prunable weight of a `ParameterLayout`; 1 means kept.
@frozen
package struct Mask: Hashable, Sendable {
  /// The number of weights that the mask speaks of.
  package let count: Int
  @usableFromInline internal var storage: [UInt64]
  /// The number of kept weights.
  package private(set) var population: Int

  /// All weights kept or all removed.
  package init(count: Int, keeping all: Bool = false) {
    precondition(count >= 0)
    self.count = count
    storage = Array(repeating: all ? ~0 : 0, count: (count + 63) >> 6)
    if all, count & 63 != 0 { storage[storage.count - 1] = (1 << UInt64(count & 63)) - 1 }
    population = all ? count : 0
  }

  /// A mask of packed words.
  ///
  /// - Returns: nil if the number of words does not fit `count` or a bit beyond the end is set.
  package init?(count: Int, words: [UInt64]) {
    // Not (count + 63) >> 6: a length that comes from a file may be near the largest integer.
    guard count >= 0, words.count == count >> 6 + (count & 63 == 0 ? 0 : 1) else { return nil }
    if count & 63 != 0, words[words.count - 1] >> UInt64(count & 63) != 0 { return nil }
    self.count = count
    storage = words
    population = words.withUnsafeBufferPointer { WordKernels.fastest.population($0) }
  }

  /// A mask that keeps exactly the given positions; a position may be named twice.
  package init(count: Int, keeping positions: some Sequence<Int>) {
    self.init(count: count)
    for position in positions { self[position] = true }
  }

  /// The packed words, 64 weights each, lowest bit first.
  @inlinable
  package var words: [UInt64] { storage }

  /// Whether the weight at a position is kept.
  package subscript(_ position: Int) -> Bool {
    @inline(__always) get {
      precondition(position >= 0 && position < count, "position \(position) in a mask of \(count)")
      return storage[position >> 6] >> UInt64(position & 63) & 1 == 1
    }
    set {
      precondition(position >= 0 && position < count, "position \(position) in a mask of \(count)")
      let bit: UInt64 = 1 << UInt64(position & 63)
      let old = storage[position >> 6] & bit != 0
      guard old != newValue else { return }
      storage[position >> 6] ^= bit
      population += newValue ? 1 : -1
    }
  }

  /// The positions at which another mask of the same length differs, ascending; nil where they are more than `most`.
  ///
  /// - Complexity: linear in the number of words, up to the last position.
  package func positions(differingFrom other: Mask, atMost most: Int) -> [Int]? {
    precondition(count == other.count)
    var positions: [Int] = []
    for (index, (word, otherWord)) in zip(storage, other.storage).enumerated() where word != otherWord {
      var rest = word ^ otherWord
      while rest != 0 {
        if positions.count == most { return nil }
        positions.append(64 * index + rest.trailingZeroBitCount)
        rest &= rest - 1
      }
    }
    return positions
  }

  /// Replaces a whole word; the caller keeps tail bits zero.
  mutating func setWord(_ index: Int, _ word: UInt64) {
    population += word.nonzeroBitCount - storage[index].nonzeroBitCount
    storage[index] = word
  }

  /// The identity of the mask: its length and its bits.
  ///
  /// - Complexity: linear in the number of words.
  package var digest: Digest {
    var bytes = CanonicalBytes(kind: "mask", version: 1)
    bytes.append(count)
    bytes.append(words: storage)
    return bytes.digest
  }
}
