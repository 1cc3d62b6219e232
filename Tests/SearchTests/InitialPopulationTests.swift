import Pruning
import Randomness
import Search
import Testing

/// What the founders are made of.
@Suite struct InitialPopulationTests {
  private func founders(_ initial: InitialPopulation, size: Int, kept: Int = 90, seed: UInt64 = 1) throws -> [Mask] {
    let space = try maskSpace(kept: kept, seed: seed)
    return (0..<size).map { initial.founder($0, of: size, in: space) }
  }

  private func magnitude(kept: Int = 90) throws -> Mask {
    let space = try maskSpace(kept: kept)
    return ScorePruning.global(scores: space.tables.magnitudes, budget: Budget(exactly: kept))
  }

  private func kinds(_ magnitude: Double, _ random: Double, _ equal: Double, _ exponential: Double) -> InitialPopulation
  {
    InitialPopulation(magnitude: magnitude, random: random, equal: equal, exponential: exponential)
  }

  @Test("The counts of each kind are exact, in the order equal, magnitude, exponential, random")
  func counts() {
    #expect(kinds(0, 0.7, 0.3, 0).counts(size: 100) == [30, 0, 0, 70])
    #expect(kinds(0, 0, 1, 0).counts(size: 64) == [64, 0, 0, 0])
    #expect(kinds(0, 1, 0, 0).counts(size: 64) == [0, 0, 0, 64])
    #expect(kinds(0, 0, 0, 1).counts(size: 64) == [0, 0, 64, 0])
    #expect(kinds(1, 0, 0, 0).counts(size: 64) == [0, 64, 0, 0])
    #expect(kinds(0.9, 0.1, 0, 0).counts(size: 10) == [0, 9, 0, 1])
    #expect(kinds(0.25, 0.25, 0.25, 0.25).counts(size: 100) == [25, 25, 25, 25])
    #expect(kinds(1, 1, 1, 1).counts(size: 40) == [10, 10, 10, 10], "shares are normalised")
  }

  @Test("The counts of any shares add up to the size, each next to proportional")
  func sums() {
    for seed in 0..<100 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test)
      let shares = (0..<4).map { _ in stream.chance(0.3) ? 0.01 : stream.uniform() }
      let size = 2 + stream.below(300)
      let counts = kinds(shares[0], shares[1], shares[2], shares[3]).counts(size: size)
      #expect(counts.reduce(0, +) == size, "seed \(seed)")
      let total = shares.reduce(0, +)
      for (count, share) in zip(counts, [shares[2], shares[0], shares[3], shares[1]]) {
        #expect(abs(Double(count) - Double(size) * share / total) < 1.01, "seed \(seed)")
      }
    }
  }

  @Test("30 % equal of 100 are exactly 30 masks of global magnitude; the random ones all differ")
  func thirtyPercent() throws {
    let founders = try founders(kinds(0, 0.7, 0.3, 0), size: 100)
    let magnitude = try magnitude()
    #expect(founders.count { $0 == magnitude } == 30)
    #expect(Set(founders).count == 71)
  }

  @Test("All equal is one mask; all random and exponential are as many as there are founders")
  func pure() throws {
    let magnitude = try magnitude()
    #expect(Set(try founders(kinds(0, 0, 1, 0), size: 50)) == [magnitude])
    #expect(Set(try founders(kinds(0, 1, 0, 0), size: 50)).count == 50)
    #expect(Set(try founders(kinds(0, 0, 0, 1), size: 50)).count == 50)
  }

  @Test("Graded magnitude begins with magnitude itself and moves away from it")
  func graded() throws {
    let magnitude = try magnitude()
    let founders = try founders(kinds(1, 0, 0, 0), size: 60)
    let distances = founders.map { $0.symmetricDifference(magnitude).population }
    #expect(distances[0] == 0)
    let thirds = [distances[..<20], distances[20..<40], distances[40...]].map { $0.reduce(0, +) }
    #expect(thirds[0] < thirds[1] && thirds[1] < thirds[2], "\(distances)")
    #expect(try self.founders(kinds(1, 0, 0, 0), size: 1) == [magnitude])
  }

  @Test("Each kind keeps the exact count at every budget", arguments: [1, 2, 64, 259, 260])
  func exact(kept: Int) throws {
    for founder in try founders(kinds(0.25, 0.25, 0.25, 0.25), size: 40, kept: kept) {
      #expect(founder.population == kept)
    }
  }

  @Test("A founder is a function of seed and index")
  func keyed() throws {
    let mix = kinds(0.4, 0.3, 0, 0.3)
    #expect(try founders(mix, size: 20) == founders(mix, size: 20))
    let other = try founders(mix, size: 20, seed: 2)
    #expect(Set(try founders(mix, size: 20)).isDisjoint(with: other))
  }
}
