package import Digests
package import Models
package import Pruning

/// What is worked out from weights in one go: a score for each prunable one from data of `train`, or other weights.
package struct Scoring: Hashable, Sendable {
  /// What a score says; `Networks` defines each.
  package enum Criterion: Hashable, Sendable {
    /// |w · ∂L/∂w|.
    case gradient
    /// |∂L/∂w|, of removed weights too: where one would learn the most if it came back.
    case gradientMagnitude
    /// |w| · ‖x‖₂, x what the weight is multiplied with.
    case activation
    /// ½ · w² · mean (∂Lᵢ/∂w)².
    case fisher
    /// ½ · w² · h, h on the diagonal of the loss's Gauss–Newton matrix.
    case optimalBrainDamage
    /// w² / (2 · [F⁻¹]ₖₖ), F the Fisher matrix in blocks of so many weights, damped by a part of its mean diagonal.
    case optimalBrainSurgeon(block: Int, damping: Double)
    /// |s| after training of scores s by edge-popup.
    case edgePopup(PopupTraining)
    /// Other parameters instead of scores.
    case rewriting(Rewriting)
    /// ‖∂L/∂θ‖ over all parameters, one number; with the derivative of ReLU at 0 that
    /// ``TrainingRecipe/zerosLearn`` says.
    case gradientNorm(zerosLearn: Bool)

    /// Whether the outcome is a blob of values.
    var isOfWeights: Bool { if case .gradientNorm = self { false } else { true } }
  }

  /// Ways to make parameters from those that a mask keeps, without training.
  package enum Rewriting: Hashable, Sendable {
    /// Biases take in what neurons without inputs give, once the mask is this smaller one.
    case folding(to: Mask)
    /// The kept weights of each block move to where the loss, as the Fisher matrix sees it, is least (optimal brain
    /// surgeon).
    case compensation(block: Int, damping: Double)
    /// The kept weights get other values than the initial ones that are given.
    case resetting(ResetRule)
  }

  /// The training of edge-popup.
  package struct PopupTraining: Hashable, Sendable {
    package let recipe: TrainingRecipe
    /// How many weights each layer in the scope keeps, in mask order.
    package let kept: [Int]
    package let seed: UInt64

    package init(recipe: TrainingRecipe, kept: [Int], seed: UInt64) {
      self.recipe = recipe
      self.kept = kept
      self.seed = seed
    }
  }

  package let network: NetworkDescription
  package let scope: PruningScope
  package let parameters: Digest
  /// What is left of the network; the other weights count as zero. Nil for all of it.
  package let mask: Mask?
  package let slice: Slice<TrainingUse>
  /// Only the first so many samples of the slice; nil: all.
  package let samples: Int?
  package let criterion: Criterion
  package let numerics: NumericsClass

  package init(
    network: NetworkDescription, scope: PruningScope, parameters: Digest, mask: Mask? = nil, slice: Slice<TrainingUse>,
    samples: Int?, criterion: Criterion, numerics: NumericsClass
  ) {
    self.network = network
    self.scope = scope
    self.parameters = parameters
    self.mask = mask
    self.slice = slice
    self.samples = samples
    self.criterion = criterion
    self.numerics = numerics
  }

  /// How many samples are looked at.
  package var sampleCount: Int { min(samples ?? slice.count, slice.count) }

  /// The steps in which the scores can leave the finite numbers; the other criteria do everything in one.
  var steps: Range<Int> {
    guard case .edgePopup(let training) = criterion else { return 0..<1 }
    return 0..<training.recipe.epochs * training.recipe.stepsPerEpoch(samples: sampleCount)
  }

  var digest: Digest {
    var bytes = CanonicalBytes(kind: "score", version: 1)
    bytes.append(network.digest)
    bytes.append(scope.prunesClassifier)
    bytes.append(parameters)
    bytes.append(slice.digest)
    bytes.append(sampleCount)
    switch criterion {
    case .gradient: bytes.append(1)
    case .activation: bytes.append(2)
    case .fisher: bytes.append(4)
    case .optimalBrainDamage: bytes.append(5)
    case .optimalBrainSurgeon(let block, let damping):
      bytes.append(6)
      bytes.append(block)
      bytes.append(damping)
    case .edgePopup(let training):
      bytes.append(3)
      training.recipe.append(to: &bytes)
      bytes.append(list: training.kept) { $0.append($1) }
      bytes.append(training.seed)
    case .rewriting(let rewriting): rewriting.append(to: &bytes)
    case .gradientNorm(let zerosLearn):
      bytes.append(10)
      bytes.append(zerosLearn)
    case .gradientMagnitude: bytes.append(11)
    }
    bytes.append(numerics.name)
    // Behind everything, so that scores of whole networks keep their digests.
    if let mask { bytes.append(mask.digest) }
    return bytes.digest
  }
}

extension Scoring.Rewriting {
  fileprivate func append(to bytes: inout CanonicalBytes) {
    switch self {
    case .folding(let smaller):
      bytes.append(7)
      bytes.append(smaller.digest)
    case .compensation(let block, let damping):
      bytes.append(8)
      bytes.append(block)
      bytes.append(damping)
    case .resetting(let rule):
      bytes.append(9)
      bytes.append(rule.magnitudes.rawValue)
      bytes.append(rule.keepsSigns)
      bytes.append(rule.seed)
    }
  }
}
