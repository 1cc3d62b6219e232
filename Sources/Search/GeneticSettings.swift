/// The knobs of the genetic algorithm, by the field's names.
package struct GeneticSettings: Hashable, Sendable {
  /// Trials a generation; at least 2.
  package var populationSize: Int
  /// How many of the best parents compete with the children for the next population (0: none, all: (μ + λ)).
  package var eliteSize: Int
  /// How many members are drawn for each parent; the best of them breeds.
  package var tournamentSize: Int
  /// The chance that a child has two parents.
  package var crossoverRate: Double
  /// The chance that a crossover swaps whole neurons instead of single weights.
  package var neuronCrossover: Double
  /// The chance that a child is mutated.
  package var mutationRate: Double
  /// The range of the fraction of kept weights that one mutation exchanges, drawn log-uniformly.
  package var swapFraction: ClosedRange<Double>
  package var initial: InitialPopulation

  package init(
    populationSize: Int = 64, eliteSize: Int = 16, tournamentSize: Int = 3, crossoverRate: Double = 0.7,
    neuronCrossover: Double = 0.3, mutationRate: Double = 0.9, swapFraction: ClosedRange<Double> = 0.0005...0.02,
    initial: InitialPopulation = InitialPopulation()
  ) {
    self.populationSize = populationSize
    self.eliteSize = eliteSize
    self.tournamentSize = tournamentSize
    self.crossoverRate = crossoverRate
    self.neuronCrossover = neuronCrossover
    self.mutationRate = mutationRate
    self.swapFraction = swapFraction
    self.initial = initial
  }
}
