/// Why a branch of a study of methods ended without what it is for.
package enum BranchEnding: Hashable, Sendable {
  /// Training left the finite numbers in this step.
  case diverged(step: Int)
  /// No loss on `validation` was finite.
  case noFiniteLoss
  /// Training ended before the step whose weights retraining begins with.
  case noEarlyWeights(step: Int)
  case scoresNotFinite
  /// Weights that make up for removed ones, or other ones that are made without training.
  case weightsNotFinite
  /// A search found no mask, or could not go on.
  case searchFailed

  /// For the history, whose digest is taken over it.
  package var code: String {
    switch self {
    case .diverged(let step): "diverged step=\(step)"
    case .noFiniteLoss: "no_finite_loss"
    case .noEarlyWeights(let step): "no_early_weights step=\(step)"
    case .scoresNotFinite: "scores_not_finite"
    case .weightsNotFinite: "weights_not_finite"
    case .searchFailed: "search_failed"
    }
  }

  /// For people.
  package var words: String {
    switch self {
    case .diverged(let step): "training diverged in step \(step); its learning rate is too high"
    case .noFiniteLoss: "no loss on validation was finite; the learning rate is too high"
    case .noEarlyWeights(let step): "training ended before step \(step), whose weights retraining begins with"
    case .scoresNotFinite: "the scores of the weights are not finite"
    case .weightsNotFinite: "weights that were made without training are not finite"
    case .searchFailed: "the search found no mask"
    }
  }
}
