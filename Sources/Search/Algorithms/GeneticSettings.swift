/// The knobs of the generational genetic algorithm, by the field's names.
package struct GeneticSettings: Hashable, Sendable {
  /// Trials a generation; at least 2.
  package var populationSize: Int
  /// How many of the best parents compete with the children for the next population (0: none, all: (μ + λ)).
  package var eliteSize: Int
  package var breeding: Breeding
  package var initial: InitialPopulation
  /// How many of the best different genomes of all the search are kept; at least 1.
  package var hallOfFameSize: Int

  package init(
    populationSize: Int = 64, eliteSize: Int = 16, breeding: Breeding = Breeding(),
    initial: InitialPopulation = InitialPopulation(), hallOfFameSize: Int = 10
  ) {
    self.populationSize = populationSize
    self.eliteSize = eliteSize
    self.breeding = breeding
    self.initial = initial
    self.hallOfFameSize = hallOfFameSize
  }

  /// Whether a search can run on them.
  package var isValid: Bool {
    populationSize >= 2 && (0...populationSize).contains(eliteSize) && hallOfFameSize >= 1 && breeding.isValid
  }
}

/// An operator and how often it is drawn, in proportion to all shares.
package struct Share<Operator: Hashable & Sendable>: Hashable, Sendable {
  package let kind: Operator
  package let share: Double

  package init(_ kind: Operator, _ share: Double) {
    self.kind = kind
    self.share = share
  }
}
