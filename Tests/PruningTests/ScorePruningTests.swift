import Models
import Pruning
import Randomness
import Testing

/// Masks from scores: exact counts, nothing pruned above anything kept, ties to the lower position.
@Suite struct ScorePruningTests {
  /// Scores of few levels, so that most of them tie; zero of either sign is one level.
  private func tied(_ count: Int, seed: UInt64) -> [Float] {
    var stream = RandomStream(seed: seed, .test, UInt64(count))
    let levels: [Float] = [-.infinity, -2, -0.5, -0.0, 0, 1e-30, 1, 3, .infinity]
    return (0..<count).map { _ in levels[stream.below(levels.count)] }
  }

  /// The obvious selection: all positions of a range sorted by score and then by position.
  private func sorted(_ kept: Int, _ scores: [Float], in range: Range<Int>) -> [Int] {
    Array(range.sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }.prefix(kept)).sorted()
  }

  @Test("Global pruning keeps exactly the budget, the highest scores, and of equals the lower positions")
  func global() throws {
    for count in [1, 2, 63, 64, 65, 500] {
      let layout = try oneTensor(count)
      for kept in Set([1, 2, count / 3, count - 1, count]).filter({ (1...count).contains($0) }).sorted() {
        for seed in 0..<6 as Range<UInt64> {
          let scores = seed < 3 ? tied(count, seed: seed) : normals(count, seed: seed)
          let mask = ScorePruning.global(scores: scores, budget: try Budget(kept: kept, layout: layout))
          #expect(mask.count == count && mask.population == kept)
          #expect(mask.keptPositions == sorted(kept, scores, in: 0..<count), "\(kept) of \(count), seed \(seed)")
          let lowestKept = mask.keptPositions.map { scores[$0] }.min()!
          #expect((0..<count).allSatisfy { mask[$0] || scores[$0] <= lowestKept })
        }
      }
    }
  }

  @Test("All scores equal: the first positions are kept")
  func equal() throws {
    let budget = try Budget(kept: 70, layout: try oneTensor(200))
    let mask = ScorePruning.global(scores: Array(repeating: 0.25, count: 200), budget: budget)
    #expect(mask.keptPositions == Array(0..<70))
  }

  @Test(
    "Layerwise pruning keeps the exact total and the same fraction of each tensor", arguments: 0..<10 as Range<UInt64>)
  func perLayer(seed: UInt64) throws {
    let layout = try someTensors(seed: seed)
    var stream = RandomStream(seed: seed, .test, 4)
    let least = layout.prunable.count
    let kept = least + stream.below(layout.prunableCount - least + 1)
    let scores = normals(layout.prunableCount, seed: seed)
    let mask = ScorePruning.perLayer(scores: scores, budget: try Budget(kept: kept, layout: layout), layout: layout)
    #expect(mask.population == kept)
    for range in layout.prunable.compactMap(\.maskRange) {
      let here = mask.population(in: range)
      #expect(abs(here * layout.prunableCount - kept * range.count) < layout.prunableCount, "\(range)")
      #expect(mask.keptPositions.filter(range.contains) == sorted(here, scores, in: range))
    }
  }

  @Test("Random pruning keeps exactly the budget, by its stream alone")
  func random() throws {
    for count in [1, 64, 65, 300] {
      for kept in Set([1, count / 2, count]).filter({ $0 > 0 }).sorted() {
        let budget = try Budget(kept: kept, layout: try oneTensor(count))
        for seed in 0..<10 as Range<UInt64> {
          var first = RandomStream(seed: seed, .test)
          var second = first
          let mask = ScorePruning.random(count: count, budget: budget, stream: &first)
          #expect(mask.count == count && mask.population == kept)
          #expect(mask == ScorePruning.random(count: count, budget: budget, stream: &second))
        }
      }
    }
  }

  @Test("Random pruning favours no position")
  func fair() throws {
    let budget = try Budget(kept: 5, layout: try oneTensor(20))
    var stream = RandomStream(seed: 8, .test)
    var counts = Array(repeating: 0, count: 20)
    for _ in 0..<4000 {
      ScorePruning.random(count: 20, budget: budget, stream: &stream).forEachKept { counts[$0] += 1 }
    }
    // 19 degrees of freedom: 52 is exceeded once in 20,000 times.
    #expect(chiSquare(counts, Array(repeating: 0.05, count: 20)) < 52)
  }
}
