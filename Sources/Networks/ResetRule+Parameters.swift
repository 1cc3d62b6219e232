package import Models
package import Pruning
internal import Randomness

extension ResetRule {
  /// The parameters of a network with other values for the weights that a mask keeps; all else stays.
  ///
  /// - Parameters:
  ///   - initial: all values of the network's layout.
  ///   - mask: over the prunable weights of the scope.
  /// - Complexity: linear in the number of parameters.
  package func parameters(
    from initial: [Float], keeping mask: Mask, of network: NetworkDescription, scope: PruningScope
  ) -> [Float] {
    let layout = ParameterLayout(network, scope: scope)
    precondition(initial.count == layout.count && mask.count == layout.prunableCount)
    var values = initial
    let fresh = magnitudes == .fresh ? initialParameters(network, seed: seed) : []
    for (number, tensor) in layout.prunable.enumerated() {
      var stream = RandomStream(seed: seed, .resetting, UInt64(number))
      let toBit = tensor.maskRange!.lowerBound - tensor.range.lowerBound
      let kept = tensor.range.filter { mask[$0 + toBit] }
      let new: [Float]
      switch magnitudes {
      case .fresh: new = kept.map { fresh[$0] }
      case .shuffled:
        var order = kept
        stream.shuffle(&order)
        new = order.map { initial[$0] }
      case .constant:
        let squares = tensor.range.reduce(0.0) { $0 + Double(initial[$1]) * Double(initial[$1]) }
        let size = Float((squares / Double(max(tensor.range.count, 1))).squareRoot())
        new = kept.map { _ in stream.chance(0.5) ? size : -size }
      }
      for (index, value) in zip(kept, new) {
        values[index] = keepsSigns ? (initial[index] < 0 ? -abs(value) : abs(value)) : value
      }
    }
    return values
  }
}
