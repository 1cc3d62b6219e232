package import Digests
internal import Models
internal import Pruning
internal import Search

/// A network of a template, for people and histories.
package struct Architecture: Hashable, Sendable {
  /// The digest of the choices.
  package let digest: Digest
  /// The choices, for example `1.width=64,1.activation=relu`.
  package let words: String
}

/// How choices of a template become jobs: each is a network of its own, trained from fresh weights and then judged.
struct ArchitectureJudge: Sendable {
  let template: CappedTemplate
  let objective: Objective
  let retraining: FitnessMode.Retraining
  let seed: UInt64
  let numerics: NumericsClass
  let splits: Splits

  /// The network of some choices.
  ///
  /// - Precondition: they are within the template's limits.
  func network(_ choices: [Int]) -> NetworkDescription {
    guard let network = try? template.template.network(choices) else {
      preconditionFailure("choices that make no network are in no space")
    }
    return network
  }

  func name(_ choices: [Int]) -> Architecture {
    Architecture(digest: Genome.choices(choices).digest, words: template.template.words(choices))
  }

  /// The network's cost beside that of the largest one.
  func metrics(_ choices: [Int]) -> SizeMetrics {
    let own = SizeMetrics(ParameterLayout(network(choices)), mask: nil)
    let largest = SizeMetrics(ParameterLayout(network(template.template.largest)), mask: nil)
    return SizeMetrics(
      size: largest.size, sizeNonzero: own.size, flops: largest.flops, flopsNonzero: own.flops)
  }

  /// One job a draw.
  func evaluations<Use>(
    _ choices: [Int], on slice: Slice<Use>, atTheEnd: Bool, share: Double = 1
  ) -> [Evaluation<Use>] {
    let network = network(choices)
    return retraining.draws(atTheEnd: atTheEnd).map { draw in
      Evaluation(
        network: network, scope: PruningScope(), parameters: nil, mask: nil, slice: slice,
        samples: slice.samples(share),
        retraining: retraining.job(draw: draw, splits: splits, seed: seed, numerics: numerics))
    }
  }
}
