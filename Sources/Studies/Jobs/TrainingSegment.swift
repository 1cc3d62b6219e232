package import Digests
package import Models
package import Pruning

/// Some steps of training: from fresh weights, from given ones, or from a stored state.
package struct TrainingSegment: Hashable, Sendable {
  /// What the first step of a segment begins with.
  package enum Start: Hashable, Sendable {
    /// The initial weights of the seed.
    case fresh
    /// Weights, and an optimizer that remembers nothing.
    case weights(Digest)
    /// The state that the segment before left.
    case state(Digest)

    /// The blob that it needs.
    package var blob: Digest? {
      switch self {
      case .fresh: nil
      case .weights(let digest), .state(let digest): digest
      }
    }

    func append(to bytes: inout CanonicalBytes) {
      switch self {
      case .fresh: bytes.append(0)
      case .weights: bytes.append(1)
      case .state: bytes.append(2)
      }
      if let blob { bytes.append(blob) }
    }
  }

  package let network: NetworkDescription
  package let recipe: TrainingRecipe
  package let seed: UInt64
  package let slice: Slice<TrainingUse>
  package let start: Start
  /// Trains what the mask keeps. Removed weights count as zero meanwhile and have their old values again at the end, so
  /// that a later mask can bring them back.
  package let mask: Mask?
  package let maskDigest: Digest?
  package let scope: PruningScope
  /// Optimizer steps, counted from the start of the whole training; none at all gives the weights of the start.
  package let steps: Range<Int>
  package let numerics: NumericsClass

  package init(
    network: NetworkDescription, recipe: TrainingRecipe, seed: UInt64, slice: Slice<TrainingUse>, start: Start,
    mask: Mask? = nil, scope: PruningScope = PruningScope(), steps: Range<Int>, numerics: NumericsClass
  ) {
    self.network = network
    self.recipe = recipe
    self.seed = seed
    self.slice = slice
    self.start = start
    self.mask = mask
    maskDigest = mask?.digest
    self.scope = scope
    self.steps = steps
    self.numerics = numerics
  }

  var digest: Digest {
    var bytes = CanonicalBytes(kind: "train", version: recipe.zerosLearn ? 5 : recipe.part == .all ? 3 : 4)
    bytes.append(network.digest)
    recipe.append(to: &bytes)
    bytes.append(seed)
    bytes.append(slice.digest)
    start.append(to: &bytes)
    bytes.append(list: maskDigest.map { [$0] } ?? []) { $0.append($1) }
    // The scope says what the bits of the mask are about.
    bytes.append(mask != nil && scope.prunesClassifier)
    bytes.append(steps.lowerBound)
    bytes.append(steps.upperBound)
    bytes.append(numerics.name)
    return bytes.digest
  }
}
