import Models
import Pruning
import Randomness
import Search
import Testing

/// Budgets of every kind: whatever makes a mask keeps the budget, fills it, and keeps the floors.
@Suite struct MaskSizeTests {
  /// Units of a small network and what a mask of them may keep.
  struct Case: Sendable, CustomTestStringConvertible {
    let granularity: Granularity
    /// Nil for a pattern.
    let budget: (CostMeasure, compression: Double)?
    var floor = LayerFloor()

    var testDescription: String {
      "\(granularity), \(budget.map { "\($0.0) / \($0.compression)" } ?? "pattern"), \(floor)"
    }

    func space(seed: UInt64) throws -> MaskSpace {
      let units = try Units(granularity, of: try MaskSizeTests.network())
      let size: MaskSpace.Size =
        if let budget { try .init(compression: budget.compression, budget.0, units: units) } else {
          .pattern(units.pattern!)
        }
      return try MaskSpace(
        units: units, parameters: weights(of: units.layout, seed: seed), size: size, floor: floor, seed: seed)
    }
  }

  static let cases: [Case] = [
    Case(granularity: .weights, budget: (.keptWeights, 3)),
    Case(granularity: .weights, budget: (.keptWeights, 6), floor: LayerFloor(fraction: 0.1)),
    Case(granularity: .weights, budget: (.multiplyAdds, 3)),
    Case(granularity: .weights, budget: (.multiplyAdds, 20), floor: LayerFloor(fraction: 0.02)),
    Case(granularity: .blocks(rows: 4, columns: 4), budget: (.keptWeights, 4)),
    Case(granularity: .blocks(rows: 3, columns: 8), budget: (.multiplyAdds, 4), floor: LayerFloor(units: 2)),
    Case(granularity: .neurons, budget: (.keptWeights, 2)),
    Case(granularity: .neurons, budget: (.keptWeights, 6), floor: LayerFloor(units: 2)),
    Case(granularity: .neurons, budget: (.multiplyAdds, 2)),
    Case(granularity: .neurons, budget: (.multiplyAdds, 5), floor: LayerFloor(fraction: 0.2)),
    Case(granularity: .pattern(kept: 2, of: 4), budget: nil),
    Case(granularity: .pattern(kept: 1, of: 8), budget: nil),
  ]

  /// A residual block, a depthwise convolution and dense layers; every size of edges.
  static func network() throws -> NetworkDescription {
    var builder = NetworkBuilder(input: [3, 6, 6])
    let entry = builder.convolution(10, kernel: 3, padding: 1, bias: false)
    builder.batchNorm()
    builder.convolution(9, kernel: 3, padding: 1)
    builder.relu()
    builder.convolution(10, kernel: 3, padding: 1)
    builder.add(.add, to: [builder.last, entry])
    builder.convolution(10, kernel: 3, padding: 1, groups: 10)
    builder.maxPool(2, stride: 2)
    builder.flatten()
    builder.dense(13)
    builder.relu()
    builder.dense(5)
    return try builder.network(name: "small")
  }

  /// Recounts without the space's own bookkeeping.
  private func check(_ mask: Mask, _ test: Case, _ space: MaskSpace, _ what: @autoclosure () -> String) throws {
    #expect(space.contains(mask), "\(what())")
    for (layer, range) in space.layers.enumerated() {
      #expect(mask.population(in: range) >= space.floors[layer], "\(what())")
    }
    switch space.size {
    case .exactly(let kept): #expect(mask.population == kept, "\(what())")
    case .within: Issue.record("no case has a range")
    case .atMost(let cap):
      #expect(cap.model.cost(of: mask) <= cap.limit, "\(what())")
      for run in cap.model.runs {
        guard let unit = run.units.first(where: { !mask[$0] }) else { continue }
        var more = mask
        more[unit] = true
        #expect(cap.model.cost(of: more) > cap.limit, "\(what()): unit \(unit) still fits")
      }
    case .pattern(let pattern):
      for index in 0..<pattern.count {
        let group = pattern.group(index)
        #expect(mask.population(in: group) == min(pattern.kept, group.count), "\(what())")
      }
    }
  }

  @Test("Founders, samples, crossovers and mutations", arguments: cases)
  func operators(test: Case) throws {
    let population = InitialPopulation(magnitude: 1, random: 1, equal: 1, exponential: 1)
    for seed in 1..<4 as Range<UInt64> {
      let space = try test.space(seed: seed)
      var stream = RandomStream(seed: seed, .test)
      var masks = (0..<8).map { population.founder($0, of: 8, in: space) }
      for (index, mask) in masks.enumerated() { try check(mask, test, space, "founder \(index), seed \(seed)") }
      guard case .mask(let sample) = SearchSpace.masks(space).sample(noise: 1, stream: &stream) else { return }
      try check(sample, test, space, "sample, seed \(seed)")
      for step in 0..<60 {
        let first = masks[stream.below(masks.count)]
        let second = masks[stream.below(masks.count)]
        let crossover = Crossover.allCases[step % Crossover.allCases.count]
        let child = space.crossover(crossover, first, second, stream: &stream)
        try check(child, test, space, "\(crossover), step \(step), seed \(seed)")
        let mutation = Mutation.allCases[step % 2]
        let amount = [0.001, 0.05, 0.5, 1][stream.below(4)]
        let changed = space.mutation(mutation, of: child, amount: amount, stream: &stream)
        try check(changed, test, space, "\(mutation) \(amount), step \(step), seed \(seed)")
        masks[stream.below(masks.count)] = changed
      }
      #expect(Set(masks).count > 1, "seed \(seed): all masks became one")
    }
  }

  @Test("A mutation changes something", arguments: cases)
  func mutations(test: Case) throws {
    let space = try test.space(seed: 1)
    let mask = space.selected(space.tables.magnitudes)
    for kind in Mutation.allCases {
      var unchanged = 0
      for seed in 0..<50 as Range<UInt64> {
        var stream = RandomStream(seed: seed, .test)
        if space.mutation(kind, of: mask, amount: 0.001, stream: &stream) == mask { unchanged += 1 }
      }
      // A dear unit that comes in may have to go again where floors hold all others.
      #expect(unchanged <= 10, "\(kind)")
    }
  }

  @Test("Genetic search keeps its laws", arguments: cases)
  func laws(test: Case) throws {
    try checkLaws(trials: 24) { seed in
      GeneticSearch(
        settings: GeneticSettings(populationSize: 6, eliteSize: 3), space: .masks(try test.space(seed: seed)))
    }
  }

  @Test("Ranges of sizes keep floors too", arguments: 0..<20 as Range<UInt64>)
  func ranges(seed: UInt64) throws {
    let space = MaskSpace(
      scores: weights(of: try oneHiddenLayer(), seed: seed).prefix(60).map { abs($0) },
      layers: [0..<5, 5..<20, 20..<60], neurons: (0..<60).map { $0..<$0 + 1 }, size: .within(9...30),
      floors: [2, 3, 3], seed: seed)
    let population = InitialPopulation(magnitude: 1, random: 1)
    var stream = RandomStream(seed: seed, .test)
    var masks = (0..<6).map { population.founder($0, of: 6, in: space) }
    for step in 0..<60 {
      let kind = Crossover.allCases[step % Crossover.allCases.count]
      let child = space.crossover(kind, masks[stream.below(6)], masks[stream.below(6)], stream: &stream)
      let changed = space.mutation(Mutation.allCases[step % 2], of: child, amount: 0.5, stream: &stream)
      #expect(space.contains(child) && space.contains(changed), "step \(step)")
      masks[step % 6] = changed
    }
    #expect(masks.allSatisfy { space.contains($0) })
  }

  @Test("A crossover of patterns takes whole groups", arguments: Crossover.allCases)
  func wholeGroups(kind: Crossover) throws {
    let space = try Case(granularity: .pattern(kept: 2, of: 4), budget: nil).space(seed: 1)
    guard case .pattern(let pattern) = space.size else { return }
    var sides: Set<Bool> = []
    for seed in 0..<20 as Range<UInt64> {
      var stream = RandomStream(seed: seed, .test)
      let parents = (0..<2).map { InitialPopulation(magnitude: 0, random: 1).founder($0, of: 2, in: space) }
      let child = space.crossover(kind, parents[0], parents[1], stream: &stream)
      for index in 0..<pattern.count {
        let group = pattern.group(index)
        let found = parents.map { parent in group.allSatisfy { child[$0] == parent[$0] } }
        #expect(found.contains(true), "seed \(seed), group \(index)")
        if found[0] != found[1] { sides.insert(found[0]) }
      }
    }
    #expect(sides.count == 2, "one parent alone gave everything")
  }

  @Test("Single weights counted by weights are an exact count; the compression is that of the budget")
  func exact() throws {
    let network = try Zoo.network(named: "mlp-30-20", inputs: 64, classes: 10)
    let units = try Units(.weights, of: network)
    let budget = try Budget(compression: 10, layout: units.layout)
    #expect(try MaskSpace.Size(compression: 10, .keptWeights, units: units) == .exactly(budget.kept))
  }

  @Test("Budgets below the floors or below what is never pruned are refused")
  func refused() throws {
    let units = try Units(.neurons, of: try Self.network())
    let model = units.cost(.keptWeights)
    #expect(throws: BudgetError.self) { try MaskSpace.Size(compression: 1, .keptWeights, units: units) }
    #expect(throws: BudgetError.self) { try MaskSpace.Size(compression: 1e6, .keptWeights, units: units) }
    let ones = model.cost([Int](repeating: 1, count: model.linear.count))
    let values = weights(of: units.layout, seed: 1)
    #expect(throws: BudgetError.self) {
      try MaskSpace(
        units: units, parameters: values, size: .init(limit: ones - 1, .keptWeights, units: units), seed: 1)
    }
    let least = try MaskSpace(
      units: units, parameters: values, size: .init(limit: ones, .keptWeights, units: units), seed: 1)
    #expect(least.selected(least.tables.magnitudes).population == units.layers.count)
  }

  @Test("The units of the highest scores that fit: known answer")
  func knownAnswer() throws {
    // A layer of 4 neurons; neuron i costs 2 weights, a bias and 1 weight behind it: 4. The output's bias is 1.
    let units = try Units(.neurons, of: try NetworkDescription(name: "mlp", widths: [2, 4, 1]))
    let values: [Float] = [1, 1, 4, 4, 2, 2, 3, 3] + Array(repeating: 0, count: 9)
    let space = try MaskSpace(
      units: units, parameters: values, size: .init(limit: 12, .keptWeights, units: units), seed: 1)
    #expect(space.selected(space.tables.magnitudes).keptPositions == [1, 3])
    #expect(units.weightMask(Mask(count: 4, keeping: [1, 3])).keptPositions == [2, 3, 6, 7, 9, 11])
  }
}
