import Pruning
import Randomness
import Testing

@Suite struct MaskAlgebraTests {
  /// Ranges that begin or end at, before or behind every word boundary, the empty ones included.
  private func ranges(count: Int) -> [Range<Int>] {
    let edges = [0, 1, 2, 31, 62, 63, 64, 65, 66, 100, 127, 128, 129, 130].filter { $0 <= count }
    return edges.flatMap { low in edges.filter { $0 >= low }.map { low..<$0 } }
  }

  /// Few enough masks that all pairs of them can be tried.
  private func fewMasks(count: Int) -> [Mask] {
    let all = sampleMasks(count: count, random: 6)
    return Array(all.prefix(4)) + Array(all.suffix(8))
  }

  @Test("The population of a range equals a count bit by bit", arguments: maskCounts)
  func populationInRange(count: Int) {
    for mask in fewMasks(count: count) {
      for range in ranges(count: count) {
        #expect(mask.population(in: range) == range.count { mask[$0] }, "\(range)")
      }
      #expect(mask.population(in: 0..<count) == mask.population)
    }
  }

  @Test("Replacing a range takes exactly its bits from the other mask", arguments: maskCounts)
  func replacing(count: Int) {
    let masks = fewMasks(count: count)
    for (index, mask) in masks.enumerated() {
      let other = masks[masks.count - 1 - index]
      for range in ranges(count: count) {
        var replaced = mask
        replaced.replace(range, from: other)
        #expect(bits(replaced) == (0..<count).map { range.contains($0) ? other[$0] : mask[$0] }, "\(range)")
        #expect(replaced.population == bits(replaced).count { $0 })
      }
      var whole = mask
      whole.replace(0..<count, from: other)
      #expect(whole == other)
    }
  }

  @Test("Mixing takes each bit from the mask that the choice names", arguments: maskCounts)
  func mixing(count: Int) {
    var stream = RandomStream(seed: 3, .test, UInt64(count))
    for first in fewMasks(count: count) {
      for second in fewMasks(count: count) {
        let choices = first.words.map { _ in stream.next() }
        let mixed = Mask(mixing: first, second, choices: choices)
        let expected = (0..<count).map { choices[$0 / 64] >> UInt64($0 % 64) & 1 == 1 ? first[$0] : second[$0] }
        #expect(bits(mixed) == expected)
        #expect(mixed.population == expected.count { $0 })
        #expect(Mask(count: count, words: mixed.words) == mixed, "the tail bits are zero")
      }
    }
  }

  @Test("Difference, intersection and subtraction equal the operations bit by bit", arguments: maskCounts)
  func operations(count: Int) {
    for left in fewMasks(count: count) {
      for right in fewMasks(count: count) {
        let pairs = Array(zip(bits(left), bits(right)))
        let difference = left.symmetricDifference(right)
        let both = left.intersection(right)
        let rest = left.subtracting(right)
        #expect(bits(difference) == pairs.map { $0 != $1 })
        #expect(bits(both) == pairs.map { $0 && $1 })
        #expect(bits(rest) == pairs.map { $0 && !$1 })
        #expect(both.population + rest.population == left.population)
        #expect(difference.population == left.population + right.population - 2 * both.population)
        #expect(difference.symmetricDifference(right) == left)
        #expect(left.intersection(right) == right.intersection(left))
      }
    }
  }

  @Test(arguments: 0..<10 as Range<UInt64>)
  func differingPositionsAndMajorityAreThoseOfEachBit(seed: UInt64) {
    var stream = RandomStream(seed: seed, .test, 5)
    let count = [1, 63, 64, 65, 300][Int(seed % 5)]
    let masks = (0..<3).map { _ in Mask(count: count, keeping: (0..<count).filter { _ in stream.chance(0.3) }) }
    let differing = (0..<count).filter { masks[0][$0] != masks[1][$0] }
    #expect(masks[0].positions(differingFrom: masks[1], atMost: differing.count) == differing)
    #expect(masks[0].positions(differingFrom: masks[1], atMost: .max) == differing)
    #expect(differing.isEmpty || masks[0].positions(differingFrom: masks[1], atMost: differing.count - 1) == nil)
    let kept = (0..<count).filter { position in masks.count { $0[position] } >= 2 }
    #expect(Mask.majority(masks[0], masks[1], masks[2]) == Mask(count: count, keeping: kept))
  }
}
