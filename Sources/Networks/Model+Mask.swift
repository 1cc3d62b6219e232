package import Models
package import Pruning

extension Model {
  /// The model with zero for each weight that the mask removes.
  ///
  /// - Complexity: linear in the number of parameters.
  package func masked(by mask: Mask, scope: PruningScope) -> Model {
    let layout = ParameterLayout(network, scope: scope)
    precondition(mask.count == layout.prunableCount, "a mask of \(mask.count) for \(layout.prunableCount) weights")
    var values = parameters
    for tensor in layout.prunable {
      for (position, bit) in zip(tensor.range, tensor.maskRange!) where !mask[bit] { values[position] = 0 }
    }
    guard let model = try? Model(network: network, parameters: values) else {
      preconditionFailure("zeros keep a model possible")
    }
    return model
  }
}
