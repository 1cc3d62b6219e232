/// How many units every layer keeps at least, so that no search can close a layer.
package struct LayerFloor: Hashable, Sendable {
  package var units: Int
  /// Of the units of a layer, rounded up.
  package var fraction: Double

  package init(units: Int = 1, fraction: Double = 0) {
    precondition(units >= 0 && (0...1).contains(fraction))
    self.units = units
    self.fraction = fraction
  }

  /// The floor of a layer of `size` units; never more than there are.
  package func minimum(of size: Int) -> Int {
    min(size, max(units, Int((fraction * Double(size)).rounded(.up))))
  }
}
