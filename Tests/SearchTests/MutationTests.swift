import Pruning
import Randomness
import Search
import Testing

/// Swaps: as many weights return as leave, exactly as many as asked for.
@Suite struct MutationTests {
  @Test("Exactly `count` weights return and as many leave", arguments: [1, 2, 5, 64, 130, 200, 259, 260])
  func exact(kept: Int) throws {
    let space = try space(kept: kept)
    for seed in 0..<20 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test, UInt64(kept))
      let magnitude = ScorePruning.global(scores: space.tables.magnitudes, budget: space.budget)
      for mask in [magnitude, randomMask(260, kept: kept, &stream)] {
        for count in [0, 1, 3, 50, 1000] {
          let child = Breeding.swapMutation(mask, count: count, in: space, stream: &stream)
          let possible = min(count, kept, 260 - kept)
          #expect(child.population == kept, "seed \(seed), \(count) swaps")
          #expect(child.subtracting(mask).population == possible, "returned; seed \(seed), \(count) swaps")
          #expect(mask.subtracting(child).population == possible, "left; seed \(seed), \(count) swaps")
        }
      }
    }
  }

  @Test("Large weights tend to return, small ones to leave")
  func tendency() throws {
    let space = try space(kept: 100)
    func mean(_ mask: Mask) -> Double {
      mask.keptPositions.reduce(0) { $0 + Double(space.tables.magnitudes[$1]) } / Double(mask.population)
    }
    let all = Mask(count: 260, keeping: true)
    var returned = 0.0
    var removed = 0.0
    var left = 0.0
    var kept = 0.0
    for seed in 0..<100 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test)
      let mask = randomMask(260, kept: 100, &stream)
      let child = Breeding.swapMutation(mask, count: 10, in: space, stream: &stream)
      returned += mean(child.subtracting(mask))
      removed += mean(all.subtracting(mask))
      left += mean(mask.subtracting(child))
      kept += mean(mask)
    }
    #expect(returned > 1.2 * removed)
    #expect(left < 0.8 * kept)
  }

  /// More zero weights than are removed: the threshold is 0, and a weight that is not 0 has almost no chance to leave.
  @Test("Zero weights do not stall a mutation", .timeLimit(.minutes(1)))
  func zeroWeights() throws {
    let layout = try oneHiddenLayer()
    let values = weights(of: layout, seed: 1).enumerated().map { $0.offset < 200 ? $0.element : 0 }
    for weights in [values, values.map { _ in 0 }] {
      let space = try space(kept: 201, weights: weights)
      let magnitude = ScorePruning.global(scores: space.tables.magnitudes, budget: space.budget)
      for seed in 0..<5 as Range<UInt64> {
        var stream = RandomStream(seed: seed, .test)
        let child = Breeding.swapMutation(magnitude, count: 20, in: space, stream: &stream)
        #expect(child.population == 201 && child.subtracting(magnitude).population == 20)
      }
    }
  }

  @Test("The number of swaps is log-uniform in its range, and at least 1")
  func swapCounts() {
    var stream = RandomStream(seed: 1, .test)
    let counts = (0..<2000).map { _ in Breeding.swapCount(0.001...0.1, kept: 10_000, stream: &stream) }
    #expect(counts.allSatisfy { (10...1000).contains($0) })
    // Half of the logarithms lie below that of the geometric mean.
    #expect(abs(counts.count { $0 < 100 } - 1000) < 120)
    #expect((0..<100).allSatisfy { _ in Breeding.swapCount(0.001...0.01, kept: 5, stream: &stream) == 1 })
    #expect((0..<100).allSatisfy { _ in Breeding.swapCount(0.5...0.5, kept: 10, stream: &stream) == 5 })
  }
}
