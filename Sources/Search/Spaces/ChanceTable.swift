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
    var source = pool
    var ends = cumulative(source)
    var misses = 0
    while out.count < count {
      // As many at a time as will be needed in any case: so the stream goes on as after one by one.
      let some = min(count - out.count, 65 + count - misses)
      let targets = (0..<some).map { _ in UInt64(stream.below(Int(ends.last!))) }
      for unit in kernels.positions(of: targets, in: source.words, of: chances, wholes: sums, sums: ends) {
        if left[unit] {
          left[unit] = false
          out.append(unit)
        } else {
          misses += 1
        }
      }
      // What was drawn already hides the rest where few units have nearly all of the chances.
      if misses > 64 + count {
        source = left
        ends = cumulative(source)
        misses = 0
      }
    }
    return out
  }

  private var kernels: WordKernels { .fastest }

  /// The running sums of a pool's chances, some words at a time.
  private func cumulative(_ pool: Mask) -> [UInt64] { kernels.runningSums(pool.words, of: chances, wholes: sums) }
}
