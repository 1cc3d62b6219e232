extension Mask {
  /// The kept positions, ascending.
  ///
  /// - Complexity: linear in words plus kept weights.
  package var keptPositions: [Int] {
    var out: [Int] = []
    out.reserveCapacity(population)
    forEachKept { out.append($0) }
    return out
  }

  /// Calls `body` with each kept position, ascending.
  package func forEachKept(_ body: (Int) -> Void) {
    for (index, word) in words.enumerated() {
      var rest = word
      while rest != 0 {
        body(index << 6 + rest.trailingZeroBitCount)
        rest &= rest - 1
      }
    }
  }

  /// The number of kept weights in a range of positions.
  ///
  /// - Complexity: linear in the words that the range touches.
  package func population(in range: Range<Int>) -> Int {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    guard !range.isEmpty else { return 0 }
    let first = range.lowerBound >> 6
    let last = (range.upperBound - 1) >> 6
    return words.withUnsafeBufferPointer { words in
      func part(_ index: Int) -> Int { (words[index] & Self.bits(of: range, inWord: index)).nonzeroBitCount }
      guard first < last else { return part(first) }
      return part(first) + WordKernels.fastest.population(.init(rebasing: words[(first + 1)..<last])) + part(last)
    }
  }

  /// The bits of word `index` that belong to `range`.
  static func bits(of range: Range<Int>, inWord index: Int) -> UInt64 {
    let low = max(range.lowerBound - index << 6, 0)
    let high = min(range.upperBound - index << 6, 64)
    guard low < high else { return 0 }
    let upTo: UInt64 = high == 64 ? ~0 : (1 << UInt64(high)) - 1
    return upTo & ~((1 << UInt64(low)) - 1)
  }

  /// Positions kept by exactly one of the two.
  package func symmetricDifference(_ other: Mask) -> Mask { combining(other, ^) }

  /// Positions kept by both.
  package func intersection(_ other: Mask) -> Mask { combining(other, &) }

  /// Positions kept by this mask and not by the other.
  package func subtracting(_ other: Mask) -> Mask { combining(other) { $0 & ~$1 } }

  /// Positions that are removed.
  package var inverted: Mask { Mask(count: count, keeping: true).subtracting(self) }

  /// The number of positions at which two masks of equal length differ.
  package func distance(to other: Mask) -> Int {
    precondition(count == other.count)
    return words.withUnsafeBufferPointer { words in
      other.words.withUnsafeBufferPointer { WordKernels.fastest.distance(words, $0) }
    }
  }

  private func combining(_ other: Mask, _ operation: (UInt64, UInt64) -> UInt64) -> Mask {
    precondition(count == other.count, "masks of \(count) and \(other.count) weights do not combine")
    let (left, right) = (storage, other.storage)
    let out = [UInt64](unsafeUninitializedCapacity: left.count) { buffer, initialized in
      for index in left.indices { buffer[index] = operation(left[index], right[index]) }
      initialized = left.count
    }
    return Mask(count: count, words: out)!
  }

  /// Takes the bits of `range` from another mask.
  package mutating func replace(_ range: Range<Int>, from other: Mask) {
    precondition(count == other.count && range.lowerBound >= 0 && range.upperBound <= count)
    guard !range.isEmpty else { return }
    for index in range.lowerBound >> 6...(range.upperBound - 1) >> 6 {
      let bits = Self.bits(of: range, inWord: index)
      setWord(index, storage[index] & ~bits | other.storage[index] & bits)
    }
  }

  /// Keeps or removes all positions of a range.
  ///
  /// - Complexity: linear in the words that the range touches.
  package mutating func set(_ range: Range<Int>, to kept: Bool) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    guard !range.isEmpty else { return }
    for index in range.lowerBound >> 6...(range.upperBound - 1) >> 6 {
      let bits = Self.bits(of: range, inWord: index)
      setWord(index, kept ? storage[index] | bits : storage[index] & ~bits)
    }
  }

  /// What at least two of three masks of equal length say of each position.
  package static func majority(_ first: Mask, _ second: Mask, _ third: Mask) -> Mask {
    precondition(first.count == second.count && first.count == third.count)
    var out = first
    for index in out.storage.indices where second.storage[index] != first.storage[index] {
      let (a, b, c) = (first.storage[index], second.storage[index], third.storage[index])
      out.setWord(index, a & b | a & c | b & c)
    }
    return out
  }

  /// Takes each bit from one of two masks of equal length, where `choices` has 1 from the first.
  ///
  /// - Precondition: as many choices as words.
  package init(mixing first: Mask, _ second: Mask, choices: [UInt64]) {
    precondition(first.count == second.count && choices.count == first.storage.count)
    let (left, right) = (first.storage, second.storage)
    let words = [UInt64](unsafeUninitializedCapacity: left.count) { buffer, initialized in
      for index in left.indices { buffer[index] = left[index] & choices[index] | right[index] & ~choices[index] }
      initialized = left.count
    }
    self.init(count: first.count, words: words)!
  }
}
