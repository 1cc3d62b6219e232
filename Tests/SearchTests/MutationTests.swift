import Pruning
import Randomness
import Search
import Testing

/// Swaps: as many weights return as leave, exactly as many as asked for.
@Suite struct MutationTests {
  @Test("Exactly as many weights return as leave", arguments: [1, 2, 5, 64, 130, 200, 259, 260])
  func exact(kept: Int) throws {
    let space = try maskSpace(kept: kept)
    for seed in 0..<20 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test, UInt64(kept))
      for mask in [space.selected(space.tables.magnitudes), randomMask(260, kept: kept, &stream)] {
        for (kind, share) in [(Mutation.magnitude, 1), (.bitFlip, 2)] {
          for wanted in [1, 3, 50, 1000] {
            let child = space.mutation(kind, of: mask, amount: Double(wanted) / Double(kept), stream: &stream)
            let possible = min(max(1, wanted / share), kept, 260 - kept)
            #expect(child.population == kept, "\(kind), seed \(seed), \(wanted) swaps")
            #expect(child.subtracting(mask).population == possible, "\(kind), seed \(seed), \(wanted) swaps")
            #expect(mask.subtracting(child).population == possible, "\(kind), seed \(seed), \(wanted) swaps")
          }
        }
      }
    }
  }

  @Test("Large weights tend to return, small ones to leave")
  func tendency() throws {
    let space = try maskSpace(kept: 100)
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
      let child = space.mutation(.magnitude, of: mask, amount: 0.1, stream: &stream)
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
      let space = try maskSpace(kept: 201, weights: weights)
      let magnitude = space.selected(space.tables.magnitudes)
      for seed in 0..<5 as Range<UInt64> {
        var stream = RandomStream(seed: seed, .test)
        let child = space.mutation(.magnitude, of: magnitude, amount: 20.0 / 201, stream: &stream)
        #expect(child.population == 201 && child.subtracting(magnitude).population == 20)
      }
    }
  }
}
