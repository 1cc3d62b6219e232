package import Models
package import Pruning
package import Search

extension UnitsPlan {
  /// The space of a study's masks.
  ///
  /// - Parameters:
  ///   - compression: of the whole network; a pattern brings its own and looks at none.
  ///   - isDrawnFrom: whether masks are drawn or mutated in it, or only the best selected.
  /// - Throws: `BudgetError` where no mask can meet the compression and the floors, or the network has no such units.
  package func space(
    of network: NetworkDescription, scope: PruningScope, parameters: [Float], compression: ClosedRange<Double>,
    seed: UInt64, isDrawnFrom: Bool = true
  ) throws(BudgetError) -> (units: Units, space: MaskSpace) {
    let units: Units
    do { units = try self.units(of: network, scope: scope) } catch { throw BudgetError(description: error.description) }
    let space = try MaskSpace(
      units: units, parameters: parameters, size: try size(compression, of: units), floor: floor, seed: seed,
      isDrawnFrom: isDrawnFrom)
    return (units, space)
  }

  private func size(
    _ compression: ClosedRange<Double>, of units: Units
  ) throws(BudgetError) -> MaskSpace.Size {
    if let pattern = units.pattern { return .pattern(pattern) }
    let least = try MaskSpace.Size(compression: compression.upperBound, measure, units: units)
    guard compression.lowerBound < compression.upperBound else { return least }
    let most = try MaskSpace.Size(compression: compression.lowerBound, measure, units: units)
    guard case .exactly(let low) = least, case .exactly(let high) = most else {
      throw BudgetError(
        description: "a range of sizes takes granularity weights and budget kept_weights; expected at_compression")
    }
    return .within(low...high)
  }
}
