package import Models
package import Pruning

extension Model {
  /// The same model with zeros for the weights that a mask removes.
  ///
  /// - Precondition: the mask has a bit for each prunable weight of `scope`.
  package func masked(by mask: Mask, scope: PruningScope) -> Model {
    let layout = ParameterLayout(network, scope: scope)
    precondition(mask.count == layout.prunableCount)
    var values = parameters
    for tensor in layout.tensors {
      guard let range = tensor.maskRange else { continue }
      for (position, index) in zip(range, tensor.range) where !mask[position] { values[index] = 0 }
    }
    guard let model = try? Model(network: network, parameters: values) else { preconditionFailure("zeros are finite") }
    return model
  }

  /// The mask over all weights, the last layer's included, that keeps those other than zero.
  ///
  /// - Complexity: linear in the number of weights.
  package var nonzeroWeights: Mask {
    let layout = ParameterLayout(network, scope: PruningScope(prunesClassifier: true))
    var mask = Mask(count: layout.prunableCount)
    for tensor in layout.prunable {
      for (position, index) in zip(tensor.maskRange!, tensor.range) where parameters[index] != 0 {
        mask[position] = true
      }
    }
    return mask
  }
}
