/// The weights of a dense or convolutional layer, seen as one block of taps for each output and input channel.
package struct TapBlocks {
  package let outputs: Int
  /// Input channels that one output sees.
  package let inputs: Int
  package let groups: Int
  /// Weights of one block: 1 in a dense layer, the window's size in a convolution.
  package let taps: Int
  package let isPadded: Bool
  /// Where the weights and biases begin in the parameter buffer.
  package let weights: Int
  package let bias: Int?

  /// Nil for a layer without weights.
  package init?(_ network: NetworkDescription, _ layout: ParameterLayout, node: Int) {
    guard let weight = layout[node, .weight] else { return nil }
    outputs = weight.shape[0]
    inputs = weight.shape[1]
    taps = weight.shape[2...].reduce(1, *)
    weights = weight.range.lowerBound
    bias = layout[node, .bias]?.range.lowerBound
    if case .convolution(let convolution) = network.nodes[node].layer {
      groups = convolution.groups
      let padding = convolution.window.padding
      isPadded = padding != Window.Padding(top: 0, left: 0, bottom: 0, right: 0)
    } else {
      groups = 1
      isPadded = false
    }
  }

  /// Whether the biases can take in what constant inputs give: zeros of a padding are none.
  package var takesConstants: Bool { bias != nil && !isPadded }

  /// The places of a block's weights in the buffer.
  package func range(_ output: Int, _ input: Int) -> Range<Int> {
    let start = weights + (output * inputs + input) * taps
    return start..<start + taps
  }

  /// The number among all input channels of one that an output sees.
  package func channel(_ output: Int, _ input: Int) -> Int { output / (outputs / groups) * inputs + input }
}
