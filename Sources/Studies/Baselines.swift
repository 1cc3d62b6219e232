internal import Digests
package import Models

/// What a search takes for the worth of a unit: founders and biased mutations favour units with large scores.
package enum UnitScores: String, Hashable, Sendable, CaseIterable {
  /// |w|.
  case magnitude
  /// |w · ∂L/∂w|.
  case gradient
  /// |w| · ‖x‖₂, x what the weight is multiplied with.
  case activation
}

/// The masks without a search that a study compares with, besides random and magnitude pruning, which cost nothing.
package struct Baselines: Hashable, Sendable {
  /// Whether pruning by |w · ∂L/∂w| is among them.
  package var gradient: Bool
  /// The training of edge-popup's scores; nil leaves it out.
  package var edgePopup: TrainingRecipe?

  package init(gradient: Bool = false, edgePopup: TrainingRecipe? = nil) {
    self.gradient = gradient
    self.edgePopup = edgePopup
  }

  func append(to bytes: inout CanonicalBytes) {
    bytes.append(gradient)
    bytes.append(list: edgePopup.map { [$0] } ?? []) { $1.append(to: &$0) }
  }
}
