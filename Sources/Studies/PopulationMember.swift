internal import Digests
internal import Pruning
internal import Search

/// A network of a population, as it stands between two jobs.
struct PopulationMember: Hashable, Sendable {
  /// Over units.
  var mask: Mask
  /// The weights that the mask keeps.
  var kept: Mask
  var learningRate: Double
  /// What its last training left; the trained weights before the first.
  var parameters: Digest
  /// The optimizer's state behind ``parameters``; nil before the first training.
  var state: Digest?
  /// That of the present round, once it is known.
  var fitness: Fitness?
  /// Where mask, weights and learning rate of the present round come from: the same place of the round before, or that of
  /// the one it was copied from.
  var parents: [TrialID] = []
  /// Whether its training or its score left the finite numbers; it is then trained no more, but may be replaced.
  var isLost = false

  /// The blobs that its next job reads.
  var blobs: [Digest] { isLost ? [] : [parameters] + (state.map { [$0] } ?? []) }

  /// How the next training begins.
  var start: TrainingSegment.Start { state.map { .state($0) } ?? .weights(parameters) }
}
