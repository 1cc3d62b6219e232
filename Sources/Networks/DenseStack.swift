internal import Models

/// A network as the arithmetic sees it: dense layers, each with or without a ReLU behind it, and where their parameters
/// lie.
struct DenseStack: Sendable {
  /// One dense layer. Weights: [outputs, inputs], row by row.
  struct Stage: Sendable {
    let inputs: Int
    let outputs: Int
    let relu: Bool
    /// Where the weights begin in the parameter buffer.
    let weight: Int
    /// Where the bias begins in the parameter buffer.
    let bias: Int
    /// Where the bits of the weights lie in a mask; nil if a mask has none for them.
    let maskRange: Range<Int>?

    var weightCount: Int { inputs * outputs }
  }

  let stages: [Stage]
  let parameterCount: Int
  let prunableCount: Int

  /// - Complexity: linear in the number of layers.
  init(_ network: NetworkDescription, scope: PruningScope) {
    let layout = ParameterLayout(network, scope: scope)
    var stages: [Stage] = []
    for (index, layer) in network.layers.enumerated() {
      guard case .dense(let inputs, let outputs) = layer else { continue }
      let tensors = layout.dense[stages.count]
      var relu = false
      // A second ReLU in a row changes nothing.
      if index + 1 < network.layers.count, case .relu = network.layers[index + 1] { relu = true }
      stages.append(
        Stage(
          inputs: inputs, outputs: outputs, relu: relu, weight: tensors.weight.range.lowerBound,
          bias: tensors.bias.range.lowerBound, maskRange: tensors.weight.maskRange))
    }
    self.stages = stages
    parameterCount = layout.count
    prunableCount = layout.prunableCount
  }

  /// The classes.
  var outputCount: Int { stages[stages.count - 1].outputs }

  /// The largest number of values between two layers.
  var widest: Int { stages.reduce(0) { max($0, $1.outputs) } }
}

extension NetworkDescription {
  /// Checks that data and parameters belong to this network.
  ///
  /// - Throws: ``NetworkError`` that names both sizes.
  func check(features: Int, classes: Int, parameters: Int?) throws(NetworkError) {
    guard features == inputCount else {
      throw NetworkError("\(name) takes \(inputCount) inputs, a sample of the data has \(features)")
    }
    guard classes == outputCount else {
      throw NetworkError("\(name) has \(outputCount) classes, the data \(classes)")
    }
    let expected = ParameterLayout(self).count
    if let parameters, parameters != expected {
      throw NetworkError("\(name) has \(expected) parameters, found \(parameters)")
    }
  }
}
