internal import Digests
package import Models

/// Search, train what the best mask keeps, search again from those weights: ever smaller, or at one size.
package struct Cycles: Hashable, Sendable {
  /// How often at most.
  package var rounds: Int
  /// By what the compression is multiplied from one round to the next; 1 stays at one size.
  package var compressionStep: Double
  /// The training of the best mask behind each search.
  package var recipe: TrainingRecipe
  /// The accuracy on `validation` below which a round is the last, and does not count.
  package var leastAccuracy: Double?

  package init(rounds: Int, compressionStep: Double, recipe: TrainingRecipe, leastAccuracy: Double? = nil) {
    self.rounds = rounds
    self.compressionStep = compressionStep
    self.recipe = recipe
    self.leastAccuracy = leastAccuracy
  }

  func append(to bytes: inout CanonicalBytes) {
    bytes.append(rounds)
    bytes.append(compressionStep)
    recipe.append(to: &bytes)
    bytes.append(list: leastAccuracy.map { [$0] } ?? []) { $0.append($1) }
  }
}

extension ClosedRange<Double> {
  /// Both bounds times the product of so many equal steps.
  func scaled(by step: Double, times count: Int) -> ClosedRange<Double> {
    var factor = 1.0
    for _ in 0..<count { factor *= step }
    return lowerBound * factor...upperBound * factor
  }
}
