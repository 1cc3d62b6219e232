import Models
import Pruning
import Randomness
import Testing

/// Draws around magnitude: exact counts, the limits of no noise and much noise, and the promised proportions.
@Suite struct MagnitudeTablesTests {
  private let noises = [0.01, 0.1, 0.3, 1, 3, 10, 1e6]

  @Test("Without noise it is global magnitude pruning", arguments: 0..<10 as Range<UInt64>)
  func noNoise(seed: UInt64) throws {
    let weights = normals(333, seed: seed)
    let tables = MagnitudeTables(weights)
    for kept in [1, 50, 332, 333] {
      let budget = try Budget(kept: kept, layout: try oneTensor(333))
      var stream = RandomStream(seed: seed, .test)
      #expect(
        tables.perturbed(noise: 0, budget: budget, stream: &stream)
          == ScorePruning.global(scores: weights.map { abs($0) }, budget: budget))
    }
  }

  @Test("Every noise and temperature keeps the exact count", arguments: [1, 2, 64, 129, 130])
  func exactCounts(kept: Int) throws {
    let budget = try Budget(kept: kept, layout: try oneTensor(130))
    for weights in [normals(130, seed: 1), Array(repeating: 0, count: 130), Array(repeating: -1e30, count: 130)] {
      let tables = MagnitudeTables(weights)
      #expect(tables.logMagnitudes.allSatisfy { $0.isFinite })
      for (index, noise) in noises.enumerated() {
        var stream = RandomStream(seed: 2, .test, UInt64(index))
        #expect(tables.perturbed(noise: noise, budget: budget, stream: &stream).population == kept)
        #expect(tables.exponential(temperature: noise, budget: budget, stream: &stream).population == kept)
      }
    }
  }

  @Test("More noise means farther from magnitude, up to a random mask's distance")
  func distances() throws {
    let budget = try Budget(kept: 100, layout: try oneTensor(1000))
    let tables = MagnitudeTables(normals(1000, seed: 3))
    let magnitude = ScorePruning.global(scores: tables.magnitudes, budget: budget)
    func mean(_ draw: (inout RandomStream) -> Mask) -> Double {
      (0..<20 as Range<UInt64>).reduce(0) { sum, index in
        var stream = RandomStream(seed: 4, .test, index)
        return sum + Double(distance(draw(&stream), magnitude)) / 20
      }
    }
    let perturbed = noises.map { noise in mean { tables.perturbed(noise: noise, budget: budget, stream: &$0) } }
    let exponential = [1e-5, 0.01, 0.1, 1, 1e6].map { temperature in
      mean { tables.exponential(temperature: temperature, budget: budget, stream: &$0) }
    }
    for means in [perturbed, exponential] {
      #expect(zip(means, means.dropFirst()).allSatisfy { $0 < $1 }, "\(means)")
      // Of 100 kept weights a random mask of 1000 shares 10: the distance is 180.
      #expect(abs(means.last! - 180) < 5, "\(means)")
    }
    #expect(exponential[0] < 4, "cold enough, it is magnitude pruning up to near ties")
  }

  private let few: [Float] = [0.5, -1, 2, 0.25, -3, 1.5, 0.75, 4]

  /// How often each weight is the one that is kept, over 20,000 draws.
  private func winners(_ draw: (MagnitudeTables, Budget, inout RandomStream) -> Mask) throws -> [Int] {
    let tables = MagnitudeTables(few)
    let budget = try Budget(kept: 1, layout: try oneTensor(few.count))
    var stream = RandomStream(seed: 5, .test)
    var counts = Array(repeating: 0, count: few.count)
    for _ in 0..<20_000 { draw(tables, budget, &stream).forEachKept { counts[$0] += 1 } }
    return counts
  }

  /// 7 degrees of freedom: 30 is exceeded once in 10,000 times.
  private let limit = 30.0

  @Test("Noise 1 draws in proportion to |w|, noise ½ in proportion to w²")
  func proportions() throws {
    for (noise, weights) in [(1.0, few.map { Double(abs($0)) }), (0.5, few.map { Double($0) * Double($0) })] {
      let counts = try winners { $0.perturbed(noise: noise, budget: $1, stream: &$2) }
      let total = weights.reduce(0, +)
      #expect(chiSquare(counts, weights.map { $0 / total }) < limit, "\(counts)")
    }
  }

  @Test("The exponential draw favours exp(|w| / (T · mean |w|))")
  func exponentialProportions() throws {
    // Mean |w| is 13/8; with T = 8 / (13 ln 2) · 1 each unit of |w| doubles the odds.
    let counts = try winners {
      $0.exponential(temperature: 8 / (13 * 0.693_147_180_559_945_3), budget: $1, stream: &$2)
    }
    let odds = few.map { weight -> Double in
      // 2^|w| for the quarters that stand in `few`.
      let roots = [1, 1.189_207_115_002_721, 1.414_213_562_373_095_1, 1.681_792_830_507_429]
      let quarters = Int(abs(weight) * 4)
      return Double(1 << (quarters / 4)) * roots[quarters % 4]
    }
    let total = odds.reduce(0, +)
    #expect(chiSquare(counts, odds.map { $0 / total }) < limit, "\(counts)")
  }
}

extension MagnitudeTables {
  fileprivate func perturbed(noise: Double, budget: Budget, stream: inout RandomStream) -> Mask {
    ScorePruning.global(scores: perturbedScores(noise: noise, stream: &stream), budget: budget)
  }

  fileprivate func exponential(temperature: Double, budget: Budget, stream: inout RandomStream) -> Mask {
    ScorePruning.global(scores: exponentialScores(temperature: temperature, stream: &stream), budget: budget)
  }
}
