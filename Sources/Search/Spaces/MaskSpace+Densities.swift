internal import Elementary
package import Pruning

/// Masks from one sparsity a layer and the scores within each layer.
extension MaskSpace {
  /// The space of vectors that ``mask(genes:)`` reads. Its founders are the same sparsity in all layers, and the
  /// sparsities that global magnitude has.
  ///
  /// - Complexity: linear in the number of units.
  package var sparsitySpace: RealSpace {
    let uniform = 1 - Double(usual) / Double(count)
    let best = selected(tables.magnitudes)
    let magnitude = layers.map { $0.isEmpty ? 0 : 1 - Double(best.population(in: $0)) / Double($0.count) }
    let middle = sizes == nil ? [] : [0.5]
    return RealSpace(
      bounds: (layers.map { _ in 0 } + middle).map { _ in 0...1 },
      founders: [layers.map { _ in uniform } + middle, magnitude + middle], seed: seed)
  }

  /// The mask of a vector: one sparsity a layer and, where a range of sizes is allowed, one number more that says which:
  /// from 0 for the fewest units to 1 for the most, in equal ratios.
  ///
  /// - Precondition: the vector is of ``sparsitySpace``; the size is no pattern.
  /// - Complexity: that of ``mask(sparsities:)``.
  package func mask(genes: [Double]) -> Mask {
    guard let sizes else { return mask(sparsities: genes) }
    let (low, high) = (Double(max(sizes.lowerBound, 1)), Double(max(sizes.upperBound, 1)))
    let wanted = low * Elementary.exp(genes[layers.count] * Elementary.log(high / low))
    return mask(sparsities: Array(genes.dropLast()), keeping: allowed(Int(wanted.rounded())))
  }

  /// The range of sizes, if there is one.
  private var sizes: ClosedRange<Int>? { if case .within(let range) = size { range } else { nil } }

  /// The mask that keeps the best units of each layer, in the proportions that a vector asks for, at the exact budget.
  ///
  ///   1. A layer of n units with sparsity s asks for (1 − s) · n units.
  ///   2. One factor m, found by bisection on exact counts, scales all of them: the largest with which
  ///      m · (1 − s) · n, rounded, between the layer's floor and its size, is within the budget.
  ///   3. What is left where several layers round up at once goes to the largest remainders, lower layers first among
  ///      equals, a unit each.
  ///   4. Under a cap, the best units of all that still fit fill it.
  ///
  /// So vectors that differ by a factor in their densities alone mean one mask. A layer of sparsity 1 gets more than its
  /// floor only after all others are full.
  ///
  /// - Precondition: as many numbers from 0 to 1 as layers; the size is no pattern.
  /// - Complexity: linear in the number of units, O(n log n) under a cap.
  package func mask(sparsities: [Double]) -> Mask { mask(sparsities: sparsities, keeping: nil) }

  /// - Parameter wanted: how many units, if a range of sizes is allowed; nil: as many as the vector asks for.
  private func mask(sparsities: [Double], keeping wanted: Int?) -> Mask {
    precondition(sparsities.count == layers.count && sparsities.allSatisfy { (0...1).contains($0) })
    let wishes = zip(sparsities, layers).map { max(1 - $0, 1e-6) * Double($1.count) }
    let scores = tables.magnitudes
    switch size {
    case .exactly, .within:
      let asked = wishes.reduce(0) { $0 + Int($1.rounded()) }
      let kept = allowed(max(wanted ?? asked, floors.reduce(0, +)))
      return best(counts(wishes, adding: kept) { $0.reduce(0, +) <= kept })
    case .atMost(let cap):
      let kinds = layers.map { LayerKinds($0, cap.model, scores) }
      var mask = CappedMask(
        best(
          counts(wishes, adding: nil) { counts in
            var total = [Int](repeating: 0, count: cap.model.linear.count)
            for (layer, kept) in zip(kinds, counts) { layer.count(kept, in: &total) }
            return cap.model.cost(total) <= cap.limit
          }), cap, self)
      mask.fill(byRanking: scores)
      return mask.mask
    case .pattern: preconditionFailure("N:M has the same sparsity everywhere")
    }
  }

  private func best(_ counts: [Int]) -> Mask {
    var mask = Mask(count: count)
    for (layer, kept) in zip(layers, counts) {
      for unit in TopSelection.positions(kept, of: tables.magnitudes, in: layer) { mask[unit] = true }
    }
    return mask
  }

  /// Counts of each layer in the proportions of wishes.
  ///
  /// - Parameters:
  ///   - total: what the counts add up to; nil where only `fits` decides.
  ///   - fits: whether counts are within the budget; more never fit where fewer do not, and the floors always fit.
  private func counts(_ wishes: [Double], adding total: Int?, _ fits: ([Int]) -> Bool) -> [Int] {
    func scaled(_ factor: Double) -> [Int] {
      layers.indices.map { min(max(Int((factor * wishes[$0]).rounded()), floors[$0]), layers[$0].count) }
    }
    // The wishes are at least a millionth of a layer, so this factor fills all of them.
    var (low, high) = (0.0, 2e6)
    // 2e6 / 2⁸⁰ is far below one unit of any layer: both ends are neighbours then, or as good as that.
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if fits(scaled(middle)) { low = middle } else { high = middle }
    }
    var counts = scaled(low)
    let remainders = layers.indices.map { high * wishes[$0] - Double(counts[$0]) }
    let order = layers.indices.sorted { (remainders[$1], $0) < (remainders[$0], $1) }
    var isStuck = false
    while !isStuck, total.map({ counts.reduce(0, +) < $0 }) ?? true {
      isStuck = true
      for layer in order where counts[layer] < layers[layer].count {
        counts[layer] += 1
        if fits(counts) { isStuck = false } else { counts[layer] -= 1 }
      }
      // Under a cap one round of remainders; what then fits is chosen by score.
      if total == nil { break }
    }
    return counts
  }
}

/// What the best units of a layer are in a cost model, for each number of them.
private struct LayerKinds {
  private let only: Int?
  /// The kinds of the units from the best to the worst, where a layer has several.
  private let ranked: [Int]

  init(_ layer: Range<Int>, _ model: CostModel, _ scores: [Float]) {
    let kinds = Set(model.runs.filter { $0.units.overlaps(layer) }.map(\.kind))
    only = kinds.count == 1 ? kinds.first : nil
    ranked = only == nil ? TopSelection.descending(layer, by: scores).map { model.kind(of: $0) } : []
  }

  func count(_ kept: Int, in counts: inout [Int]) {
    if let only { counts[only] += kept } else { for kind in ranked.prefix(kept) { counts[kind] += 1 } }
  }
}
