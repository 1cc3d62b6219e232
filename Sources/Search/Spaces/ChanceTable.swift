package import Pruning
package import Randomness

/// A chance for each unit, as a whole number, to draw from any part of them in proportion.
///
/// Whole numbers, so that sums over words can be made by subtracting what is missing without losing the small ones.
package struct ChanceTable: Sendable {
  /// From 1 to 2³² − 1.
  private let chances: [UInt32]
  /// Over each 64 units.
  private let sums: [UInt64]

  /// - Parameter chances: from 0 to 1; what is below 2⁻³² counts as that, so that every unit can be drawn.
  package init(_ chances: [Double]) {
    let whole = chances.map { UInt32(max(1, min($0, 1) * 4_294_967_295)) }
    self.chances = whole
    sums = stride(from: 0, to: whole.count, by: 64).map { start in
      whole[start..<min(start + 64, whole.count)].reduce(0) { $0 + UInt64($1) }
    }
  }

  /// The chance of a unit, above 0 and at most 1.
  package subscript(_ unit: Int) -> Double { Double(chances[unit]) / 4_294_967_295 }

  /// `count` units of a pool, drawn one after another without replacement in proportion to their chances.
  ///
  /// - Precondition: the pool holds so many.
  /// - Complexity: linear in the words, and in the kept units of words that keep fewer than half or in the removed ones
  ///   of the others; O(log n) for each draw.
  package func drawn(_ count: Int, of pool: Mask, stream: inout RandomStream) -> [Int] {
    precondition(pool.count == chances.count && count <= pool.population)
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
    var total: UInt64 = 0
    let words = pool.words
    return [UInt64](unsafeUninitializedCapacity: words.count) { buffer, initialized in
      chances.withUnsafeBufferPointer { chances in
        for (index, word) in words.enumerated() {
          let start = index << 6
          let all: UInt64 = start + 64 <= chances.count ? ~0 : (1 << UInt64(chances.count - start)) - 1
          let isSparse = word.nonzeroBitCount <= 32
          var rest = isSparse ? word : all & ~word
          var sum: UInt64 = 0
          while rest != 0 {
            sum += UInt64(chances[start + rest.trailingZeroBitCount])
            rest &= rest - 1
          }
          total += isSparse ? sum : sums[index] - sum
          buffer[index] = total
        }
      }
      initialized = words.count
    }
  }

  /// The unit whose part of the running sums holds a number below the last of them.
  private func unit(at target: UInt64, _ ends: [UInt64], _ pool: Mask) -> Int {
    var (low, high) = (0, ends.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if ends[middle] > target { high = middle } else { low = middle + 1 }
    }
    var open = target - (low == 0 ? 0 : ends[low - 1])
    var rest = pool.words[low]
    while true {
      let unit = low << 6 + rest.trailingZeroBitCount
      if open < chances[unit] { return unit }
      open -= UInt64(chances[unit])
      rest &= rest - 1
    }
  }
}
