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

  /// - Throws: ``NetworkError`` if the network is no chain of dense layers and ReLUs.
  /// - Complexity: linear in the number of layers.
  init(_ network: NetworkDescription, scope: PruningScope) throws(NetworkError) {
    let layout = ParameterLayout(network, scope: scope)
    var stages: [Stage] = []
    for (index, node) in network.nodes.enumerated().dropFirst() {
      guard node.inputs == [index - 1] else { throw NetworkError("only chains of layers yet") }
      switch node.layer {
      case .flatten: continue
      case .activation(.relu) where !stages.isEmpty:
        let last = stages.removeLast()
        stages.append(
          Stage(
            inputs: last.inputs, outputs: last.outputs, relu: true, weight: last.weight, bias: last.bias,
            maskRange: last.maskRange))
      case .dense(let outputs, true):
        let weight = layout[index, .weight]!
        stages.append(
          Stage(
            inputs: weight.shape[1], outputs: outputs, relu: false, weight: weight.range.lowerBound,
            bias: layout[index, .bias]!.range.lowerBound, maskRange: weight.maskRange))
      default: throw NetworkError("only dense layers and ReLU yet")
      }
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
