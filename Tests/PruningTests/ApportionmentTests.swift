import Pruning
import Randomness
import Testing

/// Shares add up exactly and stay next to proportional.
@Suite struct ApportionmentTests {
  @Test("Known shares: remainders go to the largest, then to the first")
  func known() {
    #expect(Apportionment.shares(of: 10, sizes: [1, 1, 1]) == [4, 3, 3])
    #expect(Apportionment.shares(of: 10, sizes: [3, 7]) == [3, 7])
    #expect(Apportionment.shares(of: 5, sizes: [1, 2, 3]) == [1, 2, 2])
    #expect(Apportionment.shares(of: 7, sizes: [0, 5, 0]) == [0, 7, 0])
    #expect(Apportionment.shares(of: 0, sizes: [2, 3]) == [0, 0])
    #expect(Apportionment.shares(of: 4, sizes: []) == [])
    #expect(Apportionment.shares(of: 4, sizes: [0, 0]) == [0, 0])
  }

  @Test("The sum is exact and each share less than 1 from proportional")
  func exact() {
    for seed in 0..<200 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test)
      let sizes = (0..<1 + stream.below(12)).map { _ in stream.chance(0.2) ? 0 : 1 + stream.below(1000) }
      let whole = sizes.reduce(0, +)
      guard whole > 0 else { continue }
      let total = stream.below(2 * whole + 1)
      let shares = Apportionment.shares(of: total, sizes: sizes)
      #expect(shares.reduce(0, +) == total, "seed \(seed)")
      for (share, size) in zip(shares, sizes) {
        #expect(abs(share * whole - total * size) < whole, "seed \(seed): \(share) for \(size) of \(whole)")
        if total <= whole { #expect(share <= size, "seed \(seed)") }
      }
    }
  }
}
