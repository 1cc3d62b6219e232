package import Digests
package import Models
internal import Pruning

/// A network with its data and its training: what methods of pruning are tried on.
package struct MethodSubject: Hashable, Sendable {
  /// For people, such as `lenet-5-caffe/mnist`.
  package var name: String
  /// The content of the data set.
  package var dataset: Digest
  package var splits: SplitSizes
  package var normalization: LabelledData.Normalization?
  package var network: NetworkDescription
  /// Weights to start from instead of fresh ones.
  package var pretrained: Digest?
  package var training: TrainingRecipe
  package var segment: SegmentLength
  package var earlyStopping: EarlyStopping?
  package var scope: PruningScope
  package var units: UnitsPlan
  /// The training behind each round of pruning.
  package var retraining: MethodRetraining

  package init(
    name: String, dataset: Digest, splits: SplitSizes, normalization: LabelledData.Normalization? = nil,
    network: NetworkDescription, pretrained: Digest? = nil, training: TrainingRecipe, segment: SegmentLength,
    earlyStopping: EarlyStopping? = nil, scope: PruningScope = PruningScope(), units: UnitsPlan = UnitsPlan(),
    retraining: MethodRetraining
  ) {
    self.name = name
    self.dataset = dataset
    self.splits = splits
    self.normalization = normalization
    self.network = network
    self.pretrained = pretrained
    self.training = training
    self.segment = segment
    self.earlyStopping = earlyStopping
    self.scope = units.granularity == .neurons ? PruningScope(prunesClassifier: true) : scope
    self.units = units
    self.retraining = retraining
  }

  func append(to bytes: inout CanonicalBytes) {
    bytes.append(name)
    bytes.append(dataset)
    splits.append(to: &bytes)
    Parameters.append(normalization?.mean ?? [], to: &bytes)
    Parameters.append(normalization?.deviation ?? [], to: &bytes)
    bytes.append(network.digest)
    bytes.append(list: pretrained.map { [$0] } ?? []) { $0.append($1) }
    training.append(to: &bytes)
    segment.append(to: &bytes)
    bytes.append(list: earlyStopping.map { [$0] } ?? []) { $1.append(to: &$0) }
    bytes.append(scope.prunesClassifier)
    units.append(to: &bytes)
    retraining.append(to: &bytes)
  }
}

/// The training behind a round of pruning.
package struct MethodRetraining: Hashable, Sendable {
  /// Which weights it begins with.
  package enum Start: Hashable, Sendable {
    /// The trained ones that were pruned.
    case finetune
    /// Those behind so much of the first training, from where its recipe goes on: none resets to the initial weights.
    case rewind(SegmentLength)
  }

  package var start: Start
  package var recipe: TrainingRecipe
  package var segment: SegmentLength
  /// Whether dropout becomes less as a layer does.
  package var scalesDropout: Bool
  /// Whether dense layers are pruned and trained first, with all others fixed, and then the others.
  package var alternates: Bool

  package init(
    start: Start, recipe: TrainingRecipe, segment: SegmentLength, scalesDropout: Bool = false, alternates: Bool = false
  ) {
    self.start = start
    self.recipe = recipe
    self.segment = segment
    self.scalesDropout = scalesDropout
    self.alternates = alternates
  }

  func append(to bytes: inout CanonicalBytes) {
    switch start {
    case .finetune: bytes.append(0)
    case .rewind(let point):
      bytes.append(1)
      point.append(to: &bytes)
    }
    recipe.append(to: &bytes)
    segment.append(to: &bytes)
  }
}

/// Ways to prune side by side, on the same networks and data: everything that decides the history, and what is reported
/// of it.
package struct MethodStudy: Hashable, Sendable {
  package var name: String
  package var seed: UInt64
  /// Repetitions under other seeds: each is another split, another first training and other draws.
  package var replicates: Int
  package var subjects: [MethodSubject]
  /// What is done with each subject in each replicate.
  package var procedures: [Procedure]
  /// How layers are asked what they bear, where a procedure wants to know.
  package var sensitivity: SensitivityPlan
  /// Whether single weights of neurons without inputs or readers go with the others.
  package var removesDeadNeurons: Bool
  package var numerics: NumericsClass
  /// Whether the report judges its networks on samples of `train`, too. It decides nothing, so it is no part of the
  /// digest: a run that has ended may be asked for it later.
  package var reportsTrainAccuracy: Bool

  package init(
    name: String, seed: UInt64, replicates: Int = 1, subjects: [MethodSubject], procedures: [Procedure],
    sensitivity: SensitivityPlan = SensitivityPlan(), removesDeadNeurons: Bool = false,
    numerics: NumericsClass = .portable, reportsTrainAccuracy: Bool = false
  ) {
    self.name = name
    self.seed = seed
    self.replicates = replicates
    self.subjects = subjects
    self.procedures = procedures
    self.sensitivity = sensitivity
    self.removesDeadNeurons = removesDeadNeurons
    self.numerics = numerics
    self.reportsTrainAccuracy = reportsTrainAccuracy
  }

  /// The seed of a replicate, counted from 0.
  package func seed(ofReplicate replicate: Int) -> UInt64 { seed &+ UInt64(replicate) }

  /// The digest of the canonical study: two files that mean the same have the same one.
  package var digest: Digest {
    var bytes = CanonicalBytes(kind: "method-study", version: 1)
    bytes.append(seed)
    bytes.append(replicates)
    bytes.append(list: subjects) { $1.append(to: &$0) }
    bytes.append(list: procedures) { $1.append(to: &$0) }
    bytes.append(numerics.name)
    // Behind everything and only where it is so, so that studies without it keep their digests.
    if removesDeadNeurons { bytes.append("removes_dead_neurons") }
    if sensitivity != SensitivityPlan() {
      bytes.append("sensitivity")
      sensitivity.append(to: &bytes)
    }
    for (index, subject) in subjects.enumerated() {
      if subject.retraining.scalesDropout { bytes.append("scales_dropout/\(index)") }
      if subject.retraining.alternates { bytes.append("alternates/\(index)") }
    }
    return bytes.digest
  }
}
