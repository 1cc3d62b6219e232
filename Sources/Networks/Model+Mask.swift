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
}
