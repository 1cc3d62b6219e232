package import Digests
internal import Search

/// A study of any kind.
package enum AnyStudy: Hashable, Sendable {
  case search(Study)
  case methods(MethodStudy)

  /// The digest of the canonical study.
  package var digest: Digest {
    switch self {
    case .search(let study): study.digest
    case .methods(let study): study.digest
    }
  }

  /// How its data sets are cut, in order.
  package var splits: [SplitJob] {
    switch self {
    case .search(let study): [SplitJob(dataset: study.dataset, sizes: study.splits, seed: study.seed)]
    case .methods(let study):
      study.subjects.flatMap { subject in
        (0..<study.replicates).map { replicate in
          SplitJob(dataset: subject.dataset, sizes: subject.splits, seed: study.seed(ofReplicate: replicate))
        }
      }
    }
  }

  /// Weights that come from outside.
  package var pretrained: [Digest] {
    switch self {
    case .search(let study): study.pretrained.map { [$0] } ?? []
    case .methods(let study): study.subjects.compactMap(\.pretrained)
    }
  }
}
