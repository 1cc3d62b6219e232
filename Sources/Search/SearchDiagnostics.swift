/// What a search says of its own course, for people; no search looks at it.
///
/// Part of each algorithm's state, so that it is the same after any kill.
package struct SearchDiagnostics: Hashable, Sendable {
  /// Moves that were proposed and accepted: by blocks of steps where one chain cools, by temperatures where each has its
  /// own.
  package var acceptance: [AcceptanceCount]
  /// Exchanges of each temperature with the next higher one.
  package var exchanges: [AcceptanceCount]
  /// The hypervolume of the living front after each generation.
  package var hypervolumes: [Double]
  /// The point above which hypervolumes are measured; nil while it is unknown, or where there are none.
  package var reference: [Double]?

  package init(
    acceptance: [AcceptanceCount] = [], exchanges: [AcceptanceCount] = [], hypervolumes: [Double] = [],
    reference: [Double]? = nil
  ) {
    self.acceptance = acceptance
    self.exchanges = exchanges
    self.hypervolumes = hypervolumes
    self.reference = reference
  }
}
