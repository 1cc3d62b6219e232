package import Models
package import Pruning

/// What every mask search knows of the network: its weights, its neurons, the budget and the seed.
package struct SearchSpace: Sendable {
  package let tables: MagnitudeTables
  /// The mask positions of each neuron's incoming weights.
  package let neurons: [Range<Int>]
  package let budget: Budget
  package let seed: UInt64
  /// |w| of the smallest weight that global magnitude pruning would keep.
  let threshold: Float

  /// - Complexity: linear in the number of weights.
  package init(layout: ParameterLayout, parameters: [Float], budget: Budget, seed: UInt64) {
    tables = MagnitudeTables(layout.prunableValues(of: parameters))
    var neurons: [Range<Int>] = []
    for tensor in layout.prunable {
      guard let range = tensor.maskRange else { continue }
      let inputs = range.count / tensor.shape[0]
      for row in 0..<tensor.shape[0] {
        let start = range.lowerBound + row * inputs
        neurons.append(start..<start + inputs)
      }
    }
    self.neurons = neurons
    self.budget = budget
    self.seed = seed
    let kept = ScorePruning.global(scores: tables.magnitudes, budget: budget)
    var smallest = Float.infinity
    kept.forEachKept { [magnitudes = tables.magnitudes] in smallest = min(smallest, magnitudes[$0]) }
    threshold = smallest
  }
}

extension SearchSpace {
  /// The chance that a kept weight which was drawn is let go: in proportion to 1 / max(|w|, τ) with τ half the magnitude
  /// threshold, so that nothing small is certain to go and nothing large is safe.
  func chanceToLeave(_ position: Int) -> Double {
    let floor = max(threshold / 2, .leastNormalMagnitude)
    return Double(floor / max(tables.magnitudes[position], floor))
  }

  /// The chance that a removed weight which was drawn comes back: in proportion to |w|, up to twice the threshold.
  func chanceToReturn(_ position: Int) -> Double {
    let ceiling = max(threshold * 2, .leastNormalMagnitude)
    return Double(min(tables.magnitudes[position], ceiling) / ceiling)
  }
}
