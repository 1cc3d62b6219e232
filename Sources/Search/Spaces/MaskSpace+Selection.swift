internal import Elementary
package import Pruning
package import Randomness

extension MaskSpace.Size {
  /// The size of a budget: an exact count of single weights where weights are counted, else a cap.
  ///
  /// - Parameter limit: what the whole network may cost, unpruned layers and biases included.
  /// - Precondition: the units have no pattern, which is a budget by itself.
  package init(limit: Int, _ measure: CostMeasure, units: Units) {
    precondition(units.pattern == nil, "N:M keeps what it keeps")
    let model = units.cost(measure)
    if case .weights = units.granularity, measure == .keptWeights {
      self = .exactly(min(max(limit - model.constant, 0), units.count))
    } else {
      self = .atMost(CostCap(model, limit: limit))
    }
  }

  /// The size that brings the whole network nearest below whole / compression.
  ///
  /// - Throws: `BudgetError` for a compression not above 1, or one that what is never pruned exceeds alone.
  /// - Precondition: the units have no pattern.
  package init(compression: Double, _ measure: CostMeasure, units: Units) throws(BudgetError) {
    let cap = try CostCap(units.cost(measure), compression: compression)
    guard cap.limit >= cap.model.constant else {
      throw BudgetError(
        description: "compression \(compression): of \(cap.model.whole) \(measure.rawValue) \(cap.model.constant) are "
          + "never pruned; ask for less compression")
    }
    self.init(limit: cap.limit, measure, units: units)
  }
}

extension MaskSpace {
  /// What is wrong with floors under a size; nil if nothing is.
  static func shortage(of size: Size, _ layers: [Range<Int>], _ floors: [Int]) -> BudgetError? {
    let floor = floors.reduce(0, +)
    switch size {
    case .exactly(let kept):
      let all = layers.last?.upperBound ?? 0
      guard kept < floor || kept > all else { return nil }
      return BudgetError(description: "the budget keeps \(kept) of \(all) units, but the layers keep \(floor) at least")
    case .within(let range):
      guard range.upperBound < floor else { return nil }
      return BudgetError(
        description: "the budget keeps \(range.upperBound) units at most, but the layers keep \(floor) at least")
    case .atMost(let cap):
      let least = dearestFloor(cap.model, layers, floors)
      guard cap.limit < least else { return nil }
      return BudgetError(
        description: "the budget allows \(cap.limit), but the least that the layers keep costs up to \(least)")
    case .pattern: return nil
    }
  }

  /// What the floors cost at most: with the dearest kinds of each layer, so that any mask can be brought below a cap
  /// that is no less.
  private static func dearestFloor(_ model: CostModel, _ layers: [Range<Int>], _ floors: [Int]) -> Int {
    var counts = [Int](repeating: 0, count: model.linear.count)
    for (layer, floor) in zip(layers, floors) {
      var kinds: [Int: Int] = [:]
      for run in model.runs where run.units.overlaps(layer) {
        kinds[run.kind, default: 0] += run.units.clamped(to: layer).count
      }
      var open = floor
      let dearest = kinds.sorted { (model.linear[$1.key], $0.key) < (model.linear[$0.key], $1.key) }
      for (kind, available) in dearest {
        counts[kind] += min(open, available)
        open -= min(open, available)
      }
    }
    return model.cost(counts)
  }

  /// The mask of the best units by a ranking: floors first, then the highest that fit.
  package func selected(_ ranking: [Float]) -> Mask {
    switch size {
    case .exactly, .within:
      let mask = Mask(count: count, keeping: TopSelection.positions(usual, of: ranking, in: 0..<count))
      guard layers.indices.contains(where: { lack($0, mask) > 0 }) else { return mask }
      return selectedAboveFloors(ranking)
    case .atMost(let cap):
      var mask = CappedMask(base(ranking), cap, self)
      mask.fill(byRanking: ranking)
      return mask.mask
    case .pattern(let pattern):
      var mask = Mask(count: count)
      for index in 0..<pattern.count {
        let group = pattern.group(index)
        for unit in best(pattern.kept(in: group), of: group, by: ranking) { mask[unit] = true }
      }
      return mask
    }
  }

  /// The highest of a small group; of equals the lower.
  private func best(_ kept: Int, of group: Range<Int>, by ranking: [Float]) -> some Sequence<Int> {
    // Counting who is better needs no memory; thousands of groups are small.
    group.lazy.filter { unit in
      var better = 0
      for other in group where ranking[other] > ranking[unit] || (ranking[other] == ranking[unit] && other < unit) {
        better += 1
      }
      return better < kept
    }
  }

  /// The best of each layer, as many as its floor.
  private func base(_ ranking: [Float]) -> Mask {
    var mask = Mask(count: count)
    for (layer, floor) in zip(layers, floors) where floor > 0 {
      for unit in TopSelection.positions(floor, of: ranking, in: layer) { mask[unit] = true }
    }
    return mask
  }

  private func selectedAboveFloors(_ ranking: [Float]) -> Mask {
    var mask = base(ranking)
    for unit in TopSelection.descending(0..<count, by: ranking) where mask.population < usual {
      mask[unit] = true
    }
    return mask
  }

  /// A random mask: each of an exact size equally likely, but for floors.
  package func random(_ stream: inout RandomStream) -> Mask {
    switch size {
    case .exactly, .within:
      let mask = ScorePruning.random(count: count, budget: Budget(exactly: usual), stream: &stream)
      return floored(mask, within: nil, stream: &stream)
    case .atMost, .pattern: return selected((0..<count).map { _ in Float(stream.uniform()) })
    }
  }

  /// Brings each layer to its floor, at an allowed size.
  ///
  /// - Parameter area: where units may change; nil means anywhere. Two parents that keep the floors and the size differ
  ///   in enough units for any mixture of them.
  func floored(_ mask: Mask, within area: Mask?, stream: inout RandomStream) -> Mask {
    let short = layers.indices.filter { lack($0, mask) > 0 }
    guard !short.isEmpty else { return mask }
    var child = mask
    for layer in short {
      let pool = layers[layer].filter { !child[$0] && area?[$0] != false }
      for unit in drawn(pool, stream: &stream, by: { coming[$0] }).prefix(lack(layer, child)) { child[unit] = true }
    }
    var surplus = child.population - allowed(child.population)
    guard surplus > 0 else { return child }
    var spare = layers.indices.map { floors[$0] == 0 ? Int.max : -lack($0, child) }
    let owners = layers.indices.filter { spare[$0] > 0 }
    var pool: [(unit: Int, layer: Int)] = []
    for layer in owners {
      for unit in layers[layer] where child[unit] && area?[unit] != false { pool.append((unit, layer)) }
    }
    for place in drawn(Array(pool.indices), stream: &stream, by: { leaving[pool[$0].unit] }) where surplus > 0 {
      let (unit, layer) = pool[place]
      guard spare[layer] > 0 else { continue }
      spare[layer] -= 1
      child[unit] = false
      surplus -= 1
    }
    return child
  }

  /// A pool in the order in which it is drawn without replacement in proportion to a chance.
  ///
  /// Source: Efraimidis, Spirakis, "Weighted random sampling with a reservoir", 2006, with exponential numbers.
  func drawn(_ pool: [Int], stream: inout RandomStream, by chance: (Int) -> Double) -> [Int] {
    let keys = pool.map { (-Elementary.log(stream.openUniform()) / max(chance($0), 1e-30), $0) }
    return keys.sorted { $0 < $1 }.map(\.1)
  }
}
