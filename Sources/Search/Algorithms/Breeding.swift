/// How children are made of a population: selection, crossover and mutation with their rates.
package struct Breeding: Hashable, Sendable {
  package var selection: Selection
  /// The chance that a child has two parents.
  package var crossoverRate: Double
  /// Crossovers with their shares; one is drawn for each child of two parents.
  package var crossovers: [Share<Crossover>]
  /// The chance that a child is mutated.
  package var mutationRate: Double
  /// Mutations with their shares; one is drawn for each mutated child.
  package var mutations: [Share<Mutation>]
  /// The range of the fraction that one mutation changes (of the kept units or of the genes), drawn log-uniformly.
  package var mutationAmount: ClosedRange<Double>
  /// How the amount follows success; nil leaves it alone.
  package var successRule: SuccessRule?

  package init(
    selection: Selection = .tournament(size: 3), crossoverRate: Double = 0.7,
    crossovers: [Share<Crossover>] = [Share(.uniform, 0.7), Share(.neuron, 0.3)], mutationRate: Double = 0.9,
    mutations: [Share<Mutation>] = [Share(.magnitude, 1)], mutationAmount: ClosedRange<Double> = 0.0005...0.02,
    successRule: SuccessRule? = nil
  ) {
    self.selection = selection
    self.crossoverRate = crossoverRate
    self.crossovers = crossovers
    self.mutationRate = mutationRate
    self.mutations = mutations
    self.mutationAmount = mutationAmount
    self.successRule = successRule
  }

  var isValid: Bool {
    selection.isValid && (0...1).contains(crossoverRate) && (0...1).contains(mutationRate)
      && Self.isValid(crossovers) && Self.isValid(mutations) && mutationAmount.lowerBound > 0
      && mutationAmount.upperBound <= 1 && successRule?.isValid ?? true
  }

  private static func isValid<Operator>(_ shares: [Share<Operator>]) -> Bool {
    shares.allSatisfy { $0.share >= 0 && $0.share.isFinite } && shares.contains { $0.share > 0 }
  }
}

/// Makes mutations larger while they succeed often, and smaller while they seldom do.
///
/// Source: Rechenberg's 1/5 success rule, "Evolutionsstrategie", 1973; a child succeeds that is better than its best
/// parent.
package struct SuccessRule: Hashable, Sendable {
  /// The share of successes that leaves the factor as it is.
  package var target: Double
  /// What the factor is multiplied or divided by after a generation; above 1.
  package var step: Double
  /// The bounds of the factor; 1 is among them.
  package var range: ClosedRange<Double>

  package init(target: Double = 0.2, step: Double = 1.22, range: ClosedRange<Double> = 0.05...20) {
    self.target = target
    self.step = step
    self.range = range
  }

  var isValid: Bool {
    (0...1).contains(target) && step > 1 && step.isFinite && range.lowerBound > 0 && range.upperBound.isFinite
      && range.contains(1)
  }

  /// The factor after a generation of `children`.
  package func factor(after factor: Double, successes: Int, of children: Int) -> Double {
    let expected = target * Double(children)
    if Double(successes) > expected { return min(factor * step, range.upperBound) }
    if Double(successes) < expected { return max(factor / step, range.lowerBound) }
    return factor
  }
}
