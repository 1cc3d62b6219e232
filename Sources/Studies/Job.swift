package import Digests
package import Models
package import Pruning

/// Cutting a data set into slices; done by the coordinator, which alone has the data folder.
package struct SplitJob: Hashable, Sendable {
  package let dataset: Digest
  package let sizes: SplitSizes
  package let seed: UInt64

  package init(dataset: Digest, sizes: SplitSizes, seed: UInt64) {
    self.dataset = dataset
    self.sizes = sizes
    self.seed = seed
  }
}

/// Some steps of training, from the initial weights or from a stored state.
package struct TrainingSegment: Hashable, Sendable {
  package let network: NetworkDescription
  package let recipe: TrainingRecipe
  package let seed: UInt64
  package let slice: Slice<TrainingUse>
  /// The state that the segment before left; nil at the start.
  package let from: Digest?
  /// Optimizer steps, counted from the start of the whole training.
  package let steps: Range<Int>
  package let numerics: NumericsClass

  package init(
    network: NetworkDescription, recipe: TrainingRecipe, seed: UInt64, slice: Slice<TrainingUse>, from: Digest?,
    steps: Range<Int>, numerics: NumericsClass
  ) {
    self.network = network
    self.recipe = recipe
    self.seed = seed
    self.slice = slice
    self.from = from
    self.steps = steps
    self.numerics = numerics
  }
}

/// The score of one mask, or of the dense network, on one slice.
package struct Evaluation<Use: Sendable>: Hashable, Sendable {
  package let network: NetworkDescription
  package let scope: PruningScope
  package let parameters: Digest
  /// Nil evaluates the dense network.
  package let mask: Mask?
  package let maskDigest: Digest?
  package let slice: Slice<Use>

  package init(
    network: NetworkDescription, scope: PruningScope, parameters: Digest, mask: Mask?, slice: Slice<Use>
  ) {
    self.network = network
    self.scope = scope
    self.parameters = parameters
    self.mask = mask
    maskDigest = mask?.digest
    self.slice = slice
  }
}

/// Everything that a worker can be asked to do, as a value that names its inputs by digest.
package enum Job: Hashable, Sendable {
  case split(SplitJob)
  case train(TrainingSegment)
  case evaluate(Evaluation<FitnessUse>)
  /// Asked for by the report alone; its outcome is of a type that no planner can observe.
  case test(Evaluation<TestUse>)

  /// The kind, as stored beside each fact.
  package var kind: String {
    switch self {
    case .split: "split"
    case .train: "train"
    case .evaluate: "evaluate"
    case .test: "test"
    }
  }

  /// The digests of the blobs that a worker must hold to do the job.
  package var inputs: [Digest] {
    switch self {
    case .split(let job): [job.dataset]
    case .train(let job): [job.slice.digest] + (job.from.map { [$0] } ?? [])
    case .evaluate(let job): [job.parameters, job.slice.digest]
    case .test(let job): [job.parameters, job.slice.digest]
    }
  }

  /// The numerics class that a worker must have; nil where any worker gives the same bits.
  package var numerics: NumericsClass? {
    if case .train(let job) = self { job.numerics } else { nil }
  }

  /// The identity: SHA-256 over canonical bytes with a seed only where the outcome depends on it.
  package var digest: Digest {
    switch self {
    case .split(let job):
      var bytes = CanonicalBytes(kind: "split", version: 1)
      bytes.append(job.dataset)
      job.sizes.append(to: &bytes)
      bytes.append(job.seed)
      return bytes.digest
    case .train(let job):
      var bytes = CanonicalBytes(kind: "train", version: 2)
      bytes.append(job.network.digest)
      job.recipe.append(to: &bytes)
      bytes.append(job.seed)
      bytes.append(job.slice.digest)
      bytes.append(list: job.from.map { [$0] } ?? []) { $0.append($1) }
      bytes.append(job.steps.lowerBound)
      bytes.append(job.steps.upperBound)
      bytes.append(job.numerics.name)
      return bytes.digest
    case .evaluate(let job):
      return job.digest(CanonicalBytes(kind: "evaluate", version: 2))
    case .test(let job):
      return job.digest(CanonicalBytes(kind: "test", version: 2))
    }
  }
}

extension Evaluation {
  fileprivate func digest(_ heading: CanonicalBytes) -> Digest {
    var bytes = heading
    bytes.append(network.digest)
    bytes.append(scope.prunesClassifier)
    bytes.append(parameters)
    bytes.append(list: maskDigest.map { [$0] } ?? []) { $0.append($1) }
    bytes.append(slice.digest)
    return bytes.digest
  }
}
