internal import Digests

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
  /// Crossovers with their shares; one is drawn for each child of two parents.
  package var crossovers: [Share<Crossover>]
  /// The chance that a child is mutated.
  package var mutationRate: Double
  package var mutation: Mutation
  /// The range of the fraction of the kept units that one mutation changes, drawn log-uniformly.
  package var mutationAmount: ClosedRange<Double>
  package var initial: InitialPopulation

  package init(
    populationSize: Int = 64, eliteSize: Int = 16, tournamentSize: Int = 3, crossoverRate: Double = 0.7,
    crossovers: [Share<Crossover>] = [Share(.uniform, 0.7), Share(.neuron, 0.3)], mutationRate: Double = 0.9,
    mutation: Mutation = .magnitude, mutationAmount: ClosedRange<Double> = 0.0005...0.02,
    initial: InitialPopulation = InitialPopulation()
  ) {
    self.populationSize = populationSize
    self.eliteSize = eliteSize
    self.tournamentSize = tournamentSize
    self.crossoverRate = crossoverRate
    self.crossovers = crossovers
    self.mutationRate = mutationRate
    self.mutation = mutation
    self.mutationAmount = mutationAmount
    self.initial = initial
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

extension GeneticSettings {
  func append(to bytes: inout CanonicalBytes) {
    bytes.append(populationSize)
    bytes.append(eliteSize)
    bytes.append(tournamentSize)
    bytes.append(crossoverRate)
    bytes.append(list: crossovers) { $1.append($1.kind.rawValue, to: &$0) }
    bytes.append(mutationRate)
    bytes.append(mutation.rawValue)
    bytes.append(mutationAmount.lowerBound)
    bytes.append(mutationAmount.upperBound)
    initial.append(to: &bytes)
  }
}

extension Share {
  func append(_ name: String, to bytes: inout CanonicalBytes) {
    bytes.append(name)
    bytes.append(share)
  }
}
