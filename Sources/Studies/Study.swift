package import Digests
package import Models
internal import Pruning
package import Search

/// Everything that decides a history: what a study file says, with all defaults filled in.
///
/// Budgets (generations) and operation (workers, paths, addresses) are not part of it, but for the budget of cycles: a
/// round depends on how long the one before searched.
package struct Study: Hashable, Sendable {
  package var name: String
  package var seed: UInt64
  /// The content of the data set.
  package var dataset: Digest
  package var splits: SplitSizes
  /// Applied to the samples before the network sees them.
  package var normalization: LabelledData.Normalization?
  /// Where architectures are searched, the largest of them.
  package var network: NetworkDescription
  /// The networks to search, instead of masks of one. Each is trained from fresh weights, as ``fitness`` says.
  package var architecture: CappedTemplate?
  /// Weights that the study starts from instead of fresh ones.
  package var pretrained: Digest?
  /// 0 epochs take the weights as they are: those of ``pretrained``, or fresh ones.
  package var training: TrainingRecipe
  package var segment: SegmentLength
  /// Nil trains through all epochs.
  package var earlyStopping: EarlyStopping?
  /// Whether the classifier's weights belong to masks; always so where neurons are removed.
  package var scope: PruningScope
  package var units: UnitsPlan
  package var objective: Objective
  /// Candidates keep so many weights that the whole network is that much smaller; a single number is an exact budget.
  package var compression: ClosedRange<Double>
  package var fitness: FitnessMode
  /// Nil searches once.
  package var cycles: Cycles?
  /// Nil ends with the searches; not beside ``cycles``.
  package var population: PopulationCycles?
  /// Trials of each search where more is built on what they found, by cycles or a population; else nil.
  package var trialsOfRound: Int?
  /// The rivals, which all get the same number of trials; the first one carries the study.
  package var searches: [SearchPlan]
  package var baselines: Baselines
  package var numerics: NumericsClass

  package init(
    name: String, seed: UInt64, dataset: Digest, splits: SplitSizes,
    normalization: LabelledData.Normalization? = nil, network: NetworkDescription,
    architecture: CappedTemplate? = nil, pretrained: Digest? = nil,
    training: TrainingRecipe, segment: SegmentLength, earlyStopping: EarlyStopping? = nil, scope: PruningScope,
    units: UnitsPlan = UnitsPlan(),
    objective: Objective, compression: ClosedRange<Double>, fitness: FitnessMode = FitnessMode(), cycles: Cycles? = nil,
    population: PopulationCycles? = nil, trialsOfRound: Int? = nil, searches: [SearchPlan],
    baselines: Baselines = Baselines(),
    numerics: NumericsClass = .portable
  ) {
    self.name = name
    self.seed = seed
    self.dataset = dataset
    self.splits = splits
    self.normalization = normalization
    self.network = network
    self.architecture = architecture
    self.pretrained = pretrained
    self.training = training
    self.segment = segment
    self.earlyStopping = earlyStopping
    self.scope = units.granularity == .neurons ? PruningScope(prunesClassifier: true) : scope
    self.units = units
    self.objective = objective
    self.compression = compression
    self.fitness = fitness
    self.cycles = cycles
    self.population = population
    self.trialsOfRound = trialsOfRound
    self.searches = searches
    self.baselines = baselines
    self.numerics = numerics
  }

  /// The digest of the canonical study: two files that mean the same have the same one.
  package var digest: Digest {
    var bytes = CanonicalBytes(kind: "study", version: 4)
    bytes.append(seed)
    bytes.append(dataset)
    splits.append(to: &bytes)
    Parameters.append(normalization?.mean ?? [], to: &bytes)
    Parameters.append(normalization?.deviation ?? [], to: &bytes)
    bytes.append(network.digest)
    bytes.append(list: architecture.map { [$0] } ?? []) { $1.append(to: &$0) }
    bytes.append(list: pretrained.map { [$0] } ?? []) { $0.append($1) }
    training.append(to: &bytes)
    segment.append(to: &bytes)
    bytes.append(list: earlyStopping.map { [$0] } ?? []) { $1.append(to: &$0) }
    bytes.append(scope.prunesClassifier)
    units.append(to: &bytes)
    objective.append(to: &bytes)
    bytes.append(compression.lowerBound)
    bytes.append(compression.upperBound)
    fitness.append(to: &bytes)
    bytes.append(list: cycles.map { [$0] } ?? []) { $1.append(to: &$0) }
    bytes.append(trialsOfRound ?? 0)
    bytes.append(list: searches) { $1.append(to: &$0) }
    bytes.append(numerics.name)
    baselines.append(to: &bytes)
    // Behind everything, so that studies without it keep their digests.
    if let population {
      bytes.append("population")
      population.append(to: &bytes)
    }
    return bytes.digest
  }
}

/// How much one training job does; a killed worker loses at most this.
package enum SegmentLength: Hashable, Sendable {
  case epochs(Int)
  case steps(Int)

  /// The length in optimizer steps.
  package func steps(perEpoch: Int) -> Int {
    switch self {
    case .epochs(let epochs): epochs * perEpoch
    case .steps(let steps): steps
    }
  }

  func append(to bytes: inout CanonicalBytes) {
    switch self {
    case .epochs(let epochs):
      bytes.append(0)
      bytes.append(epochs)
    case .steps(let steps):
      bytes.append(1)
      bytes.append(steps)
    }
  }
}
