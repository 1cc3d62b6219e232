internal import Digests
internal import Elementary
package import Pruning

/// How the layers of a network are asked what they bear.
package struct SensitivityPlan: Hashable, Sendable {
  /// Shares of a layer that are kept while all others stay whole, descending, between 0 and 1.
  package var densities: [Double]
  /// What accuracy on `validation` may fall by, as a fraction.
  package var tolerance: Double

  package init(
    densities: [Double] = [0.8, 0.6, 0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01], tolerance: Double = 0.01
  ) {
    self.densities = densities
    self.tolerance = tolerance
  }

  func append(to bytes: inout CanonicalBytes) {
    bytes.append(list: densities) { $0.append($1) }
    bytes.append(tolerance)
  }
}

/// What a network is worth with each layer alone pruned by magnitude, without retraining.
///
/// Source: Han, Pool, Tran, Dally, "Learning both weights and connections for efficient neural networks", NIPS 2015,
/// section 5 and figure 6.
package struct SensitivityScan: Hashable, Sendable {
  package struct Layer: Hashable, Sendable {
    package let name: String
    /// On `validation`, for each density of the plan.
    package let scores: [Score]

    package init(name: String, scores: [Score]) { (self.name, self.scores) = (name, scores) }
  }

  package let plan: SensitivityPlan
  /// The whole network's.
  package let whole: Score
  package let layers: [Layer]

  package init(plan: SensitivityPlan, whole: Score, layers: [Layer]) {
    self.plan = plan
    self.whole = whole
    self.layers = layers
  }

  /// The share of a layer that has to stay for the accuracy to fall by no more than the tolerance: between two densities
  /// by interpolation over its logarithm; the least density where all are borne.
  package func leastDensity(ofLayer layer: Int) -> Double {
    let line = whole.accuracy - plan.tolerance
    var last = (density: 1.0, accuracy: whole.accuracy)
    for (density, score) in zip(plan.densities, layers[layer].scores) {
      guard score.accuracy < line else {
        last = (density, score.accuracy)
        continue
      }
      let share = (last.accuracy - line) / (last.accuracy - score.accuracy)
      let (from, to) = (Elementary.log(last.density), Elementary.log(density))
      return Elementary.exp(from + share * (to - from))
    }
    return last.density
  }
}
