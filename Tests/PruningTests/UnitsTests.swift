import Models
import Pruning
import Randomness
import Testing

/// Weights, blocks and patterns: which weights a mask over units means, and what it costs.
@Suite struct UnitsTests {
  private func network() throws -> NetworkDescription {
    var builder = NetworkBuilder(input: [3, 6, 6])
    builder.convolution(5, kernel: 3, name: "one")
    builder.maxPool(2, stride: 2)
    builder.flatten()
    builder.dense(7, name: "two")
    builder.dense(2, name: "classes")
    return try builder.network(name: "small")
  }

  private func someMask(_ count: Int, seed: UInt64) -> Mask {
    var stream = RandomStream(seed: seed, .test, 4)
    let density = stream.uniform()
    return Mask(count: count, keeping: (0..<count).filter { _ in stream.chance(density) })
  }

  private static let granularities: [Granularity] = [
    .weights, .blocks(rows: 2, columns: 4), .blocks(rows: 1, columns: 1), .blocks(rows: 100, columns: 100),
    .pattern(kept: 2, of: 4),
  ]

  @Test("Costs are those of the weight mask", arguments: granularities)
  func costs(granularity: Granularity) throws {
    for excluded in [[], ["one"], ["two"]] as [Set<String>] {
      let units = try Units(granularity, of: try network(), excluding: excluded)
      #expect(units.weightMask(Mask(count: units.count, keeping: true)).population == units.layout.prunableCount)
      for seed in 0..<20 as Range<UInt64> {
        let mask = someMask(units.count, seed: seed)
        let metrics = SizeMetrics(units.layout, mask: units.weightMask(mask))
        #expect(units.cost(.keptWeights).cost(of: mask) == metrics.sizeNonzero, "seed \(seed)")
        #expect(units.cost(.multiplyAdds).cost(of: mask) == metrics.flopsNonzero, "seed \(seed)")
      }
    }
  }

  @Test("Each weight is of one unit, and its score is of that unit's weights alone", arguments: granularities)
  func scores(granularity: Granularity) throws {
    let units = try Units(granularity, of: try network(), scope: PruningScope(prunesClassifier: true))
    let values = normals(units.layout.count, seed: 1)
    let weights = units.layout.prunableValues(of: values)
    let scores = units.scores(values)
    let sums = units.scores(values, norm: .l1)
    var covered = Mask(count: units.layout.prunableCount)
    for unit in 0..<units.count {
      var mask = Mask(count: units.count, keeping: true)
      mask[unit] = false
      let own = Mask(count: covered.count, keeping: true).subtracting(units.weightMask(mask))
      #expect(own.population > 0 && own.intersection(covered).population == 0)
      own.forEachKept { covered[$0] = true }
      let squares = own.keptPositions.reduce(0.0) { $0 + Double(weights[$1]) * Double(weights[$1]) }
      #expect(abs(Double(scores[unit]) - squares.squareRoot()) < 1e-6)
      #expect(abs(Double(sums[unit]) - own.keptPositions.reduce(0.0) { $0 + Double(abs(weights[$1])) }) < 1e-5)
    }
    #expect(covered.population == covered.count)
  }

  @Test("Blocks are rectangles; edges are smaller")
  func blocks() throws {
    let units = try Units(
      .blocks(rows: 2, columns: 3), of: try NetworkDescription(name: "one", widths: [5, 3, 2]))
    // 3 × 5 weights: blocks of 6, 4, 3 and 2.
    #expect(units.count == 4)
    #expect(units.weightMask(Mask(count: 4, keeping: [0])).keptPositions == [0, 1, 2, 5, 6, 7])
    #expect(units.weightMask(Mask(count: 4, keeping: [1])).keptPositions == [3, 4, 8, 9])
    #expect(units.weightMask(Mask(count: 4, keeping: [2])).keptPositions == [10, 11, 12])
    #expect(units.weightMask(Mask(count: 4, keeping: [3])).keptPositions == [13, 14])
    #expect(units.neurons == [0..<2, 2..<4])
    #expect(throws: UnitsError.self) { try Units(.blocks(rows: 0, columns: 1), of: try network()) }
  }

  @Test("Groups of a pattern are inputs of one output, in a convolution channels at one place")
  func pattern() throws {
    let units = try Units(.pattern(kept: 1, of: 2), of: try network())
    let pattern = try #require(units.pattern)
    // 5 · 9 rows of 3 channels, 7 rows of 20 inputs.
    #expect(pattern.count == 45 * 2 + 7 * 10)
    #expect(pattern.population == 45 * 2 + 7 * 10)
    var next = 0
    for index in 0..<pattern.count {
      let group = pattern.group(index)
      #expect(group.lowerBound == next)
      next = group.upperBound
    }
    #expect(next == units.count)
    // The second place of the first output's window: weights 1, 10 and 19.
    #expect(pattern.group(2) == 3..<5 && pattern.group(3) == 5..<6)
    #expect(units.weightMask(Mask(count: units.count, keeping: 3..<6)).keptPositions == [1, 10, 19])
    #expect(throws: UnitsError.self) { try Units(.pattern(kept: 5, of: 4), of: try network()) }
    #expect(throws: UnitsError.self) { try Units(.pattern(kept: 0, of: 4), of: try network()) }
  }

  @Test("Weights are themselves, but for excluded layers, which stay")
  func weights() throws {
    let all = try Units(.weights, of: try network())
    let mask = someMask(all.count, seed: 1)
    #expect(all.weightMask(mask) == mask)
    let second = try Units(.weights, of: try network(), excluding: ["one"])
    #expect(second.layers.map(\.name) == ["two"] && second.count == 140)
    #expect(second.weightMask(Mask(count: 140, keeping: [3])).keptPositions == Array(0..<135) + [138])
  }

  @Test("A floor is at least its fraction, and at most the layer")
  func floors() {
    #expect([0, 1, 10].map { LayerFloor().minimum(of: $0) } == [0, 1, 1])
    #expect(LayerFloor(units: 3).minimum(of: 2) == 2)
    #expect(LayerFloor(units: 1, fraction: 0.25).minimum(of: 10) == 3)
    #expect(LayerFloor(units: 0).minimum(of: 10) == 0)
  }

  @Test("A tally follows the cost unit by unit, and knows when no unit fits")
  func tallies() throws {
    let units = try Units(.neurons, of: try network())
    let model = units.cost(.multiplyAdds)
    for seed in 0..<20 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test)
      let cap = CostCap(model, limit: model.constant + stream.below(model.whole - model.constant))
      var mask = someMask(units.count, seed: seed)
      var tally = CostTally(cap, mask)
      for _ in 0..<50 {
        let unit = stream.below(units.count)
        mask[unit] ? tally.remove(model.kind(of: unit)) : tally.add(model.kind(of: unit))
        mask[unit].toggle()
        #expect(tally.cost == model.cost(of: mask) && tally.isOver == (tally.cost > cap.limit), "seed \(seed)")
        let fits = (0..<units.count).contains { unit in
          var more = mask
          more[unit] = true
          return !mask[unit] && model.cost(of: more) <= cap.limit
        }
        #expect(tally.isFull == !fits, "seed \(seed)")
        #expect(cap.isMet(by: mask) == (!fits && !tally.isOver))
      }
    }
  }
}
