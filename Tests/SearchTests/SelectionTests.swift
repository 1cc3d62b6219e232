import Randomness
import Search
import Testing

/// How often each selection chooses each place, against its formula.
@Suite struct SelectionTests {
  /// Ten members whose values are 10, 9, … 1, best first.
  private var ladder: [Individual] { members((1...10).reversed().map { Fitness([Double($0)]) }) }

  private func members(_ fitnesses: [Fitness]) -> [Individual] {
    fitnesses.enumerated().map { index, fitness in
      let trial = Trial(id: TrialID(generation: 0, index: index), genome: .choices([index]))
      return Individual(trial: trial, fitness: fitness)
    }
  }

  private func frequencies(_ selection: Selection, _ members: [Individual], seed: UInt64, draws: Int) -> [Int] {
    var counts = Array(repeating: 0, count: members.count)
    var stream = RandomStream(seed: seed, .test, 5)
    for _ in 0..<draws { counts[selection.place(among: members, stream: &stream)] += 1 }
    return counts
  }

  /// χ² of 10 classes stays below 33.7 but for one time in 10 000.
  private func check(_ selection: Selection, _ members: [Individual], _ chances: [Double]) {
    #expect(abs(chances.reduce(0, +) - 1) < 1e-12)
    for seed in 0..<5 as Range<UInt64> {
      let counts = frequencies(selection, members, seed: seed, draws: 20_000)
      var square = 0.0
      for (count, chance) in zip(counts, chances) {
        let expected = 20_000 * chance
        if expected == 0 {
          #expect(count == 0, "seed \(seed)")
        } else {
          square += (Double(count) - expected) * (Double(count) - expected) / expected
        }
      }
      #expect(square < 33.7, "\(selection), seed \(seed): \(counts)")
    }
  }

  @Test("Tournament: place i with chance ((n − i)^t − (n − i − 1)^t) / n^t", arguments: [1, 2, 3, 7])
  func tournament(size: Int) {
    func power(_ base: Int) -> Double { (0..<size).reduce(1.0) { product, _ in product * Double(base) / 10 } }
    check(.tournament(size: size), ladder, (0..<10).map { power(10 - $0) - power(9 - $0) })
  }

  @Test("Rank: place i with chance (s − 2 (s − 1) i / (n − 1)) / n", arguments: [1, 1.3, 1.8, 2])
  func rank(pressure: Double) {
    check(.rank(pressure: pressure), ladder, (0..<10).map { (pressure - 2 * (pressure - 1) * Double($0) / 9) / 10 })
  }

  @Test("Truncation: the best fraction alike, the others never", arguments: [0.01, 0.3, 0.5, 1])
  func truncation(fraction: Double) {
    let count = max(1, Int(fraction * 10))
    check(.truncation(fraction: fraction), ladder, (0..<10).map { $0 < count ? 1 / Double(count) : 0 })
  }

  @Test("Roulette: in proportion to the value above the worst, wherever the values lie")
  func roulette() {
    let chances = (0..<10).map { Double(9 - $0) / 45 }
    check(.roulette, ladder, chances)
    check(.roulette, members((1...10).reversed().map { Fitness([Double($0) - 1e6]) }), chances)
    check(.roulette, members((1...10).reversed().map { Fitness([Double($0) * 1e-300]) }), chances)
    check(.roulette, members((-4...5).reversed().map { Fitness([Double($0) * 3e307]) }), chances)
  }

  @Test("Roulette without a difference, or without anything finite, is uniform")
  func rouletteWithoutDifference() {
    let uniform = Array(repeating: 0.1, count: 10)
    check(.roulette, members(Array(repeating: Fitness([3]), count: 10)), uniform)
    check(.roulette, members(Array(repeating: Fitness.worst(values: 2), count: 10)), uniform)
  }

  @Test("Roulette: what is not finite or not feasible has no chance beside what is; else violations decide")
  func rouletteAtLimits() {
    let some = [6.0, 4, 1].map { Fitness([$0]) } + [Fitness([9], violation: 1)]
    let none = Array(repeating: Fitness.worst(values: 1), count: 6)
    check(.roulette, members(some + none), [0.625, 0.375, 0, 0, 0, 0, 0, 0, 0, 0])
    check(
      .roulette, members((0..<10).map { Fitness([0], violation: Double($0 + 1)) }), (0..<10).map { Double(9 - $0) / 45 }
    )
  }
}
