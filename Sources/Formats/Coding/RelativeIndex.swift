/// Positions as distances of a fixed number of bits, with fillers where a gap is too long for one.
///
/// Source: Han, Mao, Dally, "Deep Compression", ICLR 2016, section 2 and figure 2.
package struct RelativeIndex: Hashable, Sendable {
  /// The bits of a distance, 1 to 8.
  package let bits: Int
  /// For each entry the distance from the one before, the first from one place before the beginning, less one.
  package private(set) var steps: [UInt16] = []
  /// For each entry whether it only fills a gap; such a one has the longest distance.
  package private(set) var isFiller: [Bool] = []

  /// The entries for positions.
  ///
  /// - Precondition: positions ascend from 0.
  /// - Complexity: linear in the number of entries.
  package init(_ positions: [Int], bits: Int) {
    precondition((1...8).contains(bits), "distances of \(bits) bits")
    self.bits = bits
    let longest = 1 << bits
    var last = -1
    for position in positions {
      precondition(position > last, "positions that do not ascend")
      while position - last > longest {
        steps.append(UInt16(longest - 1))
        isFiller.append(true)
        last += longest
      }
      steps.append(UInt16(position - last - 1))
      isFiller.append(false)
      last = position
    }
  }

  /// Entries from a file.
  ///
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` for a filler that is shorter than the longest
  ///   distance.
  /// - Precondition: there are as many of both, and steps are below 2^`bits`.
  package init(steps: [UInt16], isFiller: [Bool], bits: Int) throws(FormatError) {
    precondition(steps.count == isFiller.count)
    let longest = UInt16(1 << bits - 1)
    for (step, isFiller) in zip(steps, isFiller) where isFiller && step != longest {
      throw .bad(nil, found: "a filler after \(step + 1) places", expected: "fillers after \(longest + 1)")
    }
    (self.bits, self.steps, self.isFiller) = (bits, steps, isFiller)
  }

  /// The positions of the entries that are no fillers.
  ///
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` where one is not below `limit`.
  /// - Complexity: linear in the number of entries.
  package func positions(below limit: Int) throws(FormatError) -> [Int] {
    var positions: [Int] = []
    // At most 2⁸ an entry, so it fits whatever memory held the entries.
    var last = -1
    for (step, isFiller) in zip(steps, isFiller) {
      last += Int(step) + 1
      guard last < limit else {
        throw .bad(nil, found: "an entry at \(last)", expected: "positions below \(limit)")
      }
      if !isFiller { positions.append(last) }
    }
    return positions
  }
}
