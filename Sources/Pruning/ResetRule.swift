/// What the kept weights of a ticket are reset to instead of their initial values: which of the initial values matter is
/// asked by taking some away.
///
/// Source: Zhou, Lan, Liu, Yosinski, "Deconstructing lottery tickets: zeros, signs, and the supermask", NeurIPS 2019,
/// section 3.
package struct ResetRule: Hashable, Sendable {
  package enum Magnitudes: Int, Hashable, Sendable, CaseIterable {
    /// Those of other fresh weights.
    case fresh = 0
    /// Those of the layer's other kept weights.
    case shuffled = 1
    /// One for all weights of a layer: the root of the mean square of its initial weights.
    case constant = 2
  }

  package var magnitudes: Magnitudes
  /// Whether each weight has the sign of its initial value; else signs come with the magnitudes, or by chance.
  package var keepsSigns: Bool
  package var seed: UInt64

  package init(_ magnitudes: Magnitudes, keepsSigns: Bool, seed: UInt64) {
    self.magnitudes = magnitudes
    self.keepsSigns = keepsSigns
    self.seed = seed
  }
}
