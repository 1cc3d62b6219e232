package import Models
package import Pruning

extension Model {
  /// The model whose biases hold what removed weights gave that read the same number from everywhere and for every sample.
  ///
  /// Under the smaller mask it gives what the model gave under the larger one, up to rounding, where the smaller one lacks
  /// what ``DeadChannels`` removes. What it lacks becomes 0, so that nothing brings it back beside the biases; other weights
  /// keep their values. A bias that would leave `Float` stays as it is.
  ///
  /// - Parameters:
  ///   - mask: what was left.
  ///   - smaller: what is left of that, over the same scope.
  /// - Complexity: linear in the number of parameters.
  package func folding(from mask: Mask, to smaller: Mask, scope: PruningScope) -> Model {
    let layout = ParameterLayout(network, scope: scope)
    let constants = masked(by: mask, scope: scope).constantChannels()
    var values = parameters
    for tensor in layout.prunable {
      for (index, bit) in zip(tensor.range, tensor.maskRange!) where mask[bit] && !smaller[bit] { values[index] = 0 }
      guard let blocks = TapBlocks(network, layout, node: tensor.node), blocks.takesConstants, let bias = blocks.bias
      else {
        continue
      }
      let inputs = constants[network.nodes[tensor.node].inputs[0]]
      let toBit = tensor.maskRange!.lowerBound - tensor.range.lowerBound
      for output in 0..<blocks.outputs {
        var sum = Double(values[bias + output])
        for input in 0..<blocks.inputs {
          guard let constant = inputs[blocks.channel(output, input)] else { continue }
          for index in blocks.range(output, input) where mask[index + toBit] && !smaller[index + toBit] {
            sum += constant * Double(parameters[index])
          }
        }
        if Float(sum).isFinite { values[bias + output] = Float(sum) }
      }
    }
    guard let model = try? Model(network: network, parameters: values) else {
      preconditionFailure("only biases and zeros are new")
    }
    return model
  }
}
