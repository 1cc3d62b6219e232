package import Digests
package import Models
package import Pruning

/// The score of one mask, or of the dense network, on one slice; as it is, or after some training of what is left.
package struct Evaluation<Use: Sendable>: Hashable, Sendable {
  package let network: NetworkDescription
  package let scope: PruningScope
  /// The weights; nil for fresh ones, which the seed and the draw of the retraining decide.
  package let parameters: Digest?
  /// Nil evaluates the dense network.
  package let mask: Mask?
  package let maskDigest: Digest?
  package let slice: Slice<Use>
  /// Only the first so many samples of the slice; nil: all.
  package let samples: Int?
  /// Training of what the mask keeps, before it is judged.
  package let retraining: Retraining?
  /// A score worse than this need not be known.
  package let threshold: Threshold?

  /// - Precondition: there are weights, or a training that gives some.
  package init(
    network: NetworkDescription, scope: PruningScope, parameters: Digest?, mask: Mask?, slice: Slice<Use>,
    samples: Int? = nil, retraining: Retraining? = nil, threshold: Threshold? = nil
  ) {
    precondition(parameters != nil || retraining != nil)
    self.network = network
    self.scope = scope
    self.parameters = parameters
    self.mask = mask
    maskDigest = mask?.digest
    self.slice = slice
    self.samples = samples
    self.retraining = retraining
    self.threshold = threshold
  }

  /// How many samples are judged.
  package var sampleCount: Int { min(samples ?? slice.count, slice.count) }

  func digest(_ kind: StaticString, version: Int) -> Digest {
    var bytes = CanonicalBytes(kind: kind, version: version)
    bytes.append(network.digest)
    bytes.append(scope.prunesClassifier)
    bytes.append(list: parameters.map { [$0] } ?? []) { $0.append($1) }
    bytes.append(list: maskDigest.map { [$0] } ?? []) { $0.append($1) }
    bytes.append(slice.digest)
    bytes.append(sampleCount)
    bytes.append(list: retraining.map { [$0] } ?? []) { $1.append(to: &$0) }
    bytes.append(list: threshold.map { [$0] } ?? []) { $1.append(to: &$0) }
    return bytes.digest
  }
}

/// Training of a candidate before it is judged. It is a function of this value, of the weights and of the mask, so that
/// candidates are compared on the same images in the same order.
package struct Retraining: Hashable, Sendable {
  package let recipe: TrainingRecipe
  /// The optimizer step that it goes on from: where rewound weights were, else 0.
  package let firstStep: Int
  package let slice: Slice<TrainingUse>
  /// Images of each class, drawn by ``draw``; nil trains on the whole slice.
  package let samplesPerClass: Int?
  /// Which draw of the few images, of the batches' order and of dropout.
  package let draw: Int
  package let seed: UInt64
  package let numerics: NumericsClass

  package init(
    recipe: TrainingRecipe, firstStep: Int = 0, slice: Slice<TrainingUse>, samplesPerClass: Int?, draw: Int,
    seed: UInt64, numerics: NumericsClass
  ) {
    self.recipe = recipe
    self.firstStep = firstStep
    self.slice = slice
    self.samplesPerClass = samplesPerClass
    self.draw = draw
    self.seed = seed
    self.numerics = numerics
  }

  func append(to bytes: inout CanonicalBytes) {
    recipe.append(to: &bytes)
    bytes.append(firstStep)
    bytes.append(slice.digest)
    bytes.append(samplesPerClass ?? 0)
    bytes.append(draw)
    bytes.append(seed)
    bytes.append(numerics.name)
  }
}
