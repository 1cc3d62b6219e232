internal import Models

/// The layers of a network that is nothing but dense layers, one behind the other, with or without a ReLU.
struct DenseChain {
  struct Layer {
    let weight: ParameterTensor
    /// Nil for a layer without bias.
    let bias: ParameterTensor?
    var relu = false

    var inputs: Int { weight.shape[1] }
    var outputs: Int { weight.shape[0] }
  }

  private(set) var layers: [Layer] = []

  /// Nil for any other network, and for one with far more neurons than anybody prunes together.
  init?(_ network: NetworkDescription, _ layout: ParameterLayout) {
    for (index, node) in network.nodes[...network.logits].enumerated().dropFirst() {
      guard node.inputs == [index - 1] else { return nil }
      switch node.layer {
      case .dense:
        layers.append(Layer(weight: layout[index, .weight]!, bias: layout[index, .bias]))
      case .activation(.relu):
        guard !layers.isEmpty else { return nil }
        layers[layers.count - 1].relu = true
      case .dropout: break
      // Only the input is an image, and its values lie in the order in which they are flattened.
      case .flatten: break
      case .input, .convolution, .maxPool, .averagePool, .globalAveragePool, .batchNorm, .activation, .softmax, .add,
        .concatenate:
        return nil
      }
    }
    // Each sum has a row of its own; a description that nobody means could make more than memory holds.
    guard !layers.isEmpty, layers.reduce(0, { $0 + $1.outputs }) <= Self.mostOutputs else { return nil }
  }

  private static let mostOutputs = 1 << 18
}
