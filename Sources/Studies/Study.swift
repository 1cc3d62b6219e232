package import Digests
package import Models
internal import Pruning
package import Search

/// Everything that decides a history: what a study file says, with all defaults filled in.
///
/// Budgets (generations) and operation (workers, paths, addresses) are not part of it.
package struct Study: Hashable, Sendable {
  package var name: String
  package var seed: UInt64
  package var dataset: String
  package var splits: SplitSizes
  package var network: NetworkDescription
  package var training: TrainingRecipe
  /// Epochs that one training job runs; a killed worker loses at most these.
  package var epochsPerSegment: Int
  package var scope: PruningScope
  package var objective: Objective
  package var compression: Double
  package var genetic: GeneticSettings
  /// Whether random search runs beside the genetic algorithm, at the same number of evaluations.
  package var randomSearch: Bool
  package var numerics: NumericsClass

  package init(
    name: String, seed: UInt64, dataset: String, splits: SplitSizes, network: NetworkDescription,
    training: TrainingRecipe, epochsPerSegment: Int, scope: PruningScope, objective: Objective, compression: Double,
    genetic: GeneticSettings, randomSearch: Bool = true, numerics: NumericsClass = .portable
  ) {
    self.name = name
    self.seed = seed
    self.dataset = dataset
    self.splits = splits
    self.network = network
    self.training = training
    self.epochsPerSegment = epochsPerSegment
    self.scope = scope
    self.objective = objective
    self.compression = compression
    self.genetic = genetic
    self.randomSearch = randomSearch
    self.numerics = numerics
  }

  /// The digest of the canonical study: two files that mean the same have the same one.
  package var digest: Digest {
    var bytes = CanonicalBytes(kind: "study", version: 1)
    bytes.append(seed)
    bytes.append(dataset)
    splits.append(to: &bytes)
    bytes.append(network.digest)
    training.append(to: &bytes)
    bytes.append(epochsPerSegment)
    bytes.append(scope.prunesClassifier)
    bytes.append(objective.rawValue)
    bytes.append(compression)
    bytes.append(genetic.populationSize)
    bytes.append(genetic.eliteSize)
    bytes.append(genetic.tournamentSize)
    bytes.append(genetic.crossoverRate)
    bytes.append(genetic.neuronCrossover)
    bytes.append(genetic.mutationRate)
    bytes.append(genetic.swapFraction.lowerBound)
    bytes.append(genetic.swapFraction.upperBound)
    bytes.append(genetic.initial.magnitude)
    bytes.append(genetic.initial.random)
    bytes.append(genetic.initial.equal)
    bytes.append(genetic.initial.exponential)
    bytes.append(genetic.initial.noise)
    bytes.append(randomSearch)
    bytes.append(numerics.name)
    return bytes.digest
  }
}
