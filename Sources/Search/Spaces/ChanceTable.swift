package import Pruning
package import Randomness

/// A chance for each unit, as a whole number, to draw from any part of them in proportion.
///
/// Whole numbers, so that sums over words can be made by subtracting what is missing without losing the small ones.
package struct ChanceTable: Sendable {
  /// From 1 to 2³² − 1; behind the last unit 0, to whole words.
  private let chances: [UInt32]
  /// Over each 64 units.
  private let sums: [UInt64]
  /// The number of units.
  private let count: Int

  /// - Parameter chances: from 0 to 1; what is below 2⁻³² counts as that, so that every unit can be drawn.
  package init(_ chances: [Double]) {
    count = chances.count
    let words = (count + 63) / 64
    let whole =
      chances.map { UInt32(max(1, min($0, 1) * 4_294_967_295)) } + Array(repeating: 0, count: words * 64 - count)
    self.chances = whole
    sums = (0..<words).map { whole[($0 * 64)..<($0 * 64 + 64)].reduce(0) { $0 + UInt64($1) } }
  }

  /// The chance of a unit, above 0 and at most 1.
  package subscript(_ unit: Int) -> Double { Double(chances[unit]) / 4_294_967_295 }

  /// `count` units of a pool, drawn one after another without replacement in proportion to their chances.
  ///
  /// - Precondition: the pool holds so many.
  /// - Complexity: linear in the units, some words at a time; O(log n) for each draw.
  package func drawn(_ count: Int, of pool: Mask, stream: inout RandomStream) -> [Int] {
    precondition(pool.count == self.count && count <= pool.population)
    var left = pool
    var out: [Int] = []
    out.reserveCapacity(count)
    var ends = cumulative(pool)
    var source = pool
    var misses = 0
    while out.count < count {
      let unit = unit(at: UInt64(stream.below(Int(ends.last!))), ends, source)
      if left[unit] {
        left[unit] = false
        out.append(unit)
      } else {
        misses += 1
      }
      // What was drawn already hides the rest where few units have nearly all of the chances.
      if misses > 64 + count {
        ends = cumulative(left)
        source = left
        misses = 0
      }
    }
    return out
  }

  /// The running sums of a pool's chances, a word at a time.
  private func cumulative(_ pool: Mask) -> [UInt64] {
    WordKernels.fastest.runningSums(pool.words, of: chances, wholes: sums)
  }

  /// The unit whose part of the running sums holds a number below the last of them.
  private func unit(at target: UInt64, _ ends: [UInt64], _ pool: Mask) -> Int {
    // Halves without a branch: where a random number lies cannot be foreseen.
    var (low, open) = (0, ends.count)
    while open > 1 {
      let half = open / 2
      low += ends[low + half - 1] <= target ? half : 0
      open -= half
    }
    var rest = target - (low == 0 ? 0 : ends[low - 1])
    var word = pool.words[low]
    while true {
      let unit = low << 6 + word.trailingZeroBitCount
      if rest < chances[unit] { return unit }
      rest -= UInt64(chances[unit])
      word &= word - 1
    }
  }
}
