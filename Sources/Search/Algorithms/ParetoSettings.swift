/// The knobs of NSGA-II, by the field's names.
package struct ParetoSettings: Hashable, Sendable {
  /// Trials a generation; at least 2.
  package var populationSize: Int
  /// The chance that a child has two parents.
  package var crossoverRate: Double
  /// Crossovers with their shares; one is drawn for each child of two parents.
  package var crossovers: [Share<Crossover>]
  /// The chance that a child is mutated.
  package var mutationRate: Double
  /// Mutations with their shares; one is drawn for each child that is mutated.
  package var mutations: [Share<Mutation>]
  /// The range of the fraction of the kept units that one mutation changes, drawn log-uniformly.
  package var mutationAmount: ClosedRange<Double>
  package var initial: InitialPopulation
  /// How many of the non-dominated trials found so far are remembered; at least 2.
  package var archiveSize: Int
  /// The point above which the hypervolume is measured, a value for each objective. Without one, the lowest value in each
  /// objective among the feasible trials of the first generation that has any.
  package var reference: [Double]?

  package init(
    populationSize: Int = 100, crossoverRate: Double = 0.9,
    crossovers: [Share<Crossover>] = [Share(.uniform, 0.7), Share(.neuron, 0.3)], mutationRate: Double = 0.9,
    mutations: [Share<Mutation>] = [Share(.magnitude, 0.5), Share(.resize, 0.5)],
    mutationAmount: ClosedRange<Double> = 0.0005...0.05, initial: InitialPopulation = InitialPopulation(spread: true),
    archiveSize: Int = 200, reference: [Double]? = nil
  ) {
    self.populationSize = populationSize
    self.crossoverRate = crossoverRate
    self.crossovers = crossovers
    self.mutationRate = mutationRate
    self.mutations = mutations
    self.mutationAmount = mutationAmount
    self.initial = initial
    self.archiveSize = archiveSize
    self.reference = reference
  }
}
