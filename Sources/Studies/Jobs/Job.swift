package import Digests
package import Models
internal import Pruning

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

/// Everything that a worker can be asked to do, as a value that names its inputs by digest.
package enum Job: Hashable, Sendable {
  case split(SplitJob)
  case train(TrainingSegment)
  case score(Scoring)
  case grow(Growing)
  case evaluate(Evaluation<FitnessUse>)
  /// Asked for by the report alone; its outcome is of a type that no planner can observe.
  case test(Evaluation<TestUse>)

  /// The kind, as stored beside each fact.
  package var kind: String {
    switch self {
    case .split: "split"
    case .train: "train"
    case .score: "score"
    case .grow: "grow"
    case .evaluate: "evaluate"
    case .test: "test"
    }
  }

  /// The digests of the blobs that a worker must hold to do the job.
  package var inputs: [Digest] {
    switch self {
    case .split(let job): [job.dataset]
    case .train(let job): [job.slice.digest] + (job.start.blob.map { [$0] } ?? [])
    case .score(let job): [job.parameters, job.slice.digest]
    case .grow(let job): [job.state, job.slice.digest]
    case .evaluate(let job): job.inputs
    case .test(let job): job.inputs
    }
  }

  /// Whether both are evaluations without retraining of masks of one network with the same weights on the same slice, which a
  /// worker can do as one; of how many samples and with what threshold may differ.
  package func shares(inputsOf other: Job) -> Bool {
    guard case .evaluate(let one) = self, case .evaluate(let other) = other else { return false }
    return one.retraining == nil && other.retraining == nil && one.parameters == other.parameters
      && one.slice == other.slice && one.scope == other.scope && one.network.digest == other.network.digest
  }

  /// The numerics class that a worker must have; nil where any worker gives the same bits.
  package var numerics: NumericsClass? {
    switch self {
    case .split: nil
    case .train(let job): job.numerics
    case .score(let job): job.numerics
    case .grow(let job): job.numerics
    case .evaluate(let job): job.retraining?.numerics
    case .test(let job): job.retraining?.numerics
    }
  }

  /// The identity: SHA-256 over canonical bytes with a seed only where the outcome depends on it.
  package var digest: Digest {
    switch self {
    case .split(let job):
      var bytes = CanonicalBytes(kind: "split", version: 2)
      bytes.append(job.dataset)
      job.sizes.append(to: &bytes)
      bytes.append(job.seed)
      return bytes.digest
    case .train(let job): return job.digest
    case .score(let job): return job.digest
    case .grow(let job): return job.digest
    case .evaluate(let job): return job.digest("evaluate", version: 4)
    case .test(let job): return job.digest("test", version: 5)
    }
  }
}

extension Evaluation {
  fileprivate var inputs: [Digest] {
    (parameters.map { [$0] } ?? []) + [slice.digest] + (retraining.map { [$0.slice.digest] } ?? [])
  }
}
