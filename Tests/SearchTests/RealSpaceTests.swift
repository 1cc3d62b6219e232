import Randomness
import Search
import Testing

/// Simulated binary crossover beside its definition.
@Suite struct RealSpaceTests {
  /// Genes of children of the parents `first` and `second`, all genes alike.
  private func children(_ first: Double, _ second: Double, bounds: ClosedRange<Double>, count: Int) -> [Double] {
    let space = SearchSpace.reals(RealSpace(bounds: Array(repeating: bounds, count: count), seed: 1))
    var stream = RandomStream(seed: 2, .test, 4)
    let child = space.crossover(
      .uniform, .reals(Array(repeating: first, count: count)), .reals(Array(repeating: second, count: count)),
      stream: &stream)
    #expect(space.contains(child))
    return if case .reals(let values) = child { values } else { [] }
  }

  @Test("Far from bounds the spread is Deb's: ½ β^(η+1) below 1, 1 − ½ β^−(η+1) above, on either side of the middle")
  func spread() {
    let count = 40_000
    let mixed = children(0.4, 0.6, bounds: -1e3...1e3, count: count).filter { $0 != 0.4 }
    #expect(abs(Double(mixed.count) / Double(count) - 0.5) < 0.015)
    #expect(abs(Double(mixed.count { $0 < 0.5 }) / Double(mixed.count) - 0.5) < 0.02)
    let spreads = mixed.map { abs($0 - 0.5) / 0.1 }.sorted()
    var distance = 0.0
    for (index, spread) in spreads.enumerated() {
      var power = 1.0
      for _ in 0..<16 { power *= spread }
      let expected = spread <= 1 ? 0.5 * power : 1 - 0.5 / power
      distance = max(distance, abs(expected - (Double(index) + 0.5) / Double(spreads.count)))
    }
    // Kolmogorov's bound at one in ten thousand: 2.23/√n.
    #expect(distance < 2.23 / Double(spreads.count).squareRoot(), "\(distance)")
  }

  @Test("Near a bound no child lies beyond it, none piles up on it, and the spread is pymoo's")
  func bounded() {
    let count = 40_000
    let mixed = children(0.01, 0.5, bounds: 0...1, count: count).filter { $0 != 0.01 }
    #expect(mixed.allSatisfy { (0...1).contains($0) })
    #expect(mixed.count { $0 == 0 || $0 == 1 } == 0)
    // Quantiles of four million genes by `cross_sbx` of pymoo 0.6.2.
    let quantiles = [
      (0.05, 0.00390), (0.1, 0.00698), (0.25, 0.01464), (0.4, 0.02802), (0.6, 0.48636), (0.75, 0.50000), (0.9, 0.51443),
      (0.95, 0.52591),
    ]
    for (share, gene) in quantiles {
      let found = Double(mixed.count { $0 < gene }) / Double(mixed.count)
      let deviation = (share * (1 - share) / Double(mixed.count)).squareRoot()
      #expect(abs(found - share) < 4 * deviation, "\(share) \(found)")
    }
  }
}
