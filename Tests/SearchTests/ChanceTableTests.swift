import Pruning
import Randomness
import Search
import Testing

/// Draws from a part of the units: the promised proportions, without replacement, from pools of every density.
@Suite struct ChanceTableTests {
  /// 0.5, 0.25, … in turn over three words, the last of them not full.
  private let chances = (0..<150).map { 1 / Double(2 << ($0 % 5)) }

  private func pool(keeping part: Double, seed: UInt64) -> Mask {
    var stream = RandomStream(seed: seed, .test)
    return Mask(count: 150, keeping: (0..<150).filter { _ in stream.uniform() < part })
  }

  @Test("The first draw is in proportion to the chances", arguments: [0.1, 0.5, 0.9, 1])
  func proportions(part: Double) {
    let table = ChanceTable(chances)
    let pool = pool(keeping: part, seed: 3)
    var counts = [Int](repeating: 0, count: 150)
    for seed in 0..<20_000 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test, 1)
      counts[table.drawn(1, of: pool, stream: &stream)[0]] += 1
    }
    let total = pool.keptPositions.reduce(0) { $0 + chances[$1] }
    var statistic = 0.0
    for unit in 0..<150 {
      guard pool[unit] else {
        #expect(counts[unit] == 0)
        continue
      }
      let expected = 20_000 * chances[unit] / total
      statistic += (Double(counts[unit]) - expected) * (Double(counts[unit]) - expected) / expected
    }
    // The statistic has a mean of n - 1 and a variance of 2 (n - 1).
    let freedom = Double(pool.population - 1)
    #expect(statistic < freedom + 5 * (2 * freedom).squareRoot(), "\(statistic) for \(freedom)")
  }

  /// Of chances a, b, c the pair comes in the order (i, j) with i / (a + b + c) · j / (what is left).
  @Test("Later draws are in proportion to what is left")
  func withoutReplacement() {
    let weights = [0.6, 0.3, 0.1]
    let table = ChanceTable(weights)
    var counts: [[Int]: Int] = [:]
    for seed in 0..<20_000 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test, 2)
      counts[table.drawn(2, of: Mask(count: 3, keeping: true), stream: &stream), default: 0] += 1
    }
    for first in 0..<3 {
      for second in 0..<3 where second != first {
        let expected = weights[first] * weights[second] / (1 - weights[first])
        let share = Double(counts[[first, second]] ?? 0) / 20_000
        #expect(abs(share - expected) < 0.02, "\(first), \(second): \(share) for \(expected)")
      }
    }
  }

  @Test(
    "A whole pool can be drawn, also where one unit has nearly all of the chances", arguments: 0..<5 as Range<UInt64>)
  func exhausting(seed: UInt64) {
    let table = ChanceTable((0..<150).map { $0 == 70 ? 1 : $0 % 2 == 0 ? 0 : 1e-7 })
    let pool = pool(keeping: 0.6, seed: seed)
    var stream = RandomStream(seed: seed, .test, 3)
    let drawn = table.drawn(pool.population, of: pool, stream: &stream)
    #expect(drawn.sorted() == pool.keptPositions)
  }

  /// Histories rest on this order, and on what the stream gives afterwards.
  @Test("Draws are those of one at a time, with a new sum of the rest once 65 misses more than draws were met")
  func oneByOne() {
    let whole = (0..<700).map { $0 % 97 == 0 ? UInt32.max : $0 % 3 == 0 ? 40_000 : 900 }
    let table = ChanceTable(whole.map { Double($0) / 4_294_967_295 })
    var rebuilt = 0
    for seed in 0..<40 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test, 4)
      let pool = Mask(count: 700, keeping: (0..<700).filter { _ in stream.uniform() < 0.7 })
      let count = 1 + stream.below(60)
      var (single, many) = (stream, stream)
      var (left, source, misses, drawn) = (pool, pool, 0, [Int]())
      while drawn.count < count {
        let units = source.keptPositions
        var target = UInt64(single.below(units.reduce(0) { $0 + Int(whole[$1]) }))
        let unit = units.first { unit in
          if target < whole[unit] { return true }
          target -= UInt64(whole[unit])
          return false
        }!
        if left[unit] {
          left[unit] = false
          drawn.append(unit)
        } else {
          misses += 1
        }
        if misses > 64 + count {
          (source, misses) = (left, 0)
          rebuilt += 1
        }
      }
      #expect(table.drawn(count, of: pool, stream: &many) == drawn, "seed \(seed)")
      #expect(many.next() == single.next(), "seed \(seed)")
    }
    #expect(rebuilt > 5)
  }
}
