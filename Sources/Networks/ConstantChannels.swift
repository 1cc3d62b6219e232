internal import Elementary
internal import Models

extension Model {
  /// For each channel or feature of each layer, the value that it has everywhere and for every sample, if there is one.
  ///
  /// Weights of zero decide: a channel without any is its bias, and what later layers make of that. Where zeros of a
  /// padding meet another constant, the border differs, so nothing is constant behind it. A value beyond `Float` is
  /// none, because no bias could hold it.
  ///
  /// - Complexity: linear in the number of parameters.
  func constantChannels() -> [[Double?]] {
    let layout = ParameterLayout(network)
    var constants: [[Double?]] = []
    for (index, node) in network.nodes.enumerated() {
      let inputs = node.inputs.map { constants[$0] }
      switch node.layer {
      case .input(let shape): constants.append(Array(repeating: nil, count: shape[0]))
      case .dense, .convolution:
        let blocks = TapBlocks(network, layout, node: index)!
        constants.append((0..<blocks.outputs).map { sum(blocks, $0, inputs[0]) })
      case .batchNorm(let norm): constants.append(normalized(index, norm, layout, inputs[0]))
      case .activation(let activation): constants.append(inputs[0].map { $0.map(activation.value) })
      case .averagePool(let window, let countsPadding):
        let isExact = !countsPadding || window.padding == Window.Padding(top: 0, left: 0, bottom: 0, right: 0)
        constants.append(inputs[0].map { isExact || $0 == 0 ? $0 : nil })
      case .maxPool, .globalAveragePool, .dropout: constants.append(inputs[0])
      case .softmax: constants.append(Array(repeating: nil, count: inputs[0].count))
      case .flatten:
        let size = network.inputShape(of: index).dropFirst().reduce(1, *)
        constants.append(inputs[0].flatMap { Array(repeating: $0, count: size) })
      case .add:
        constants.append(
          inputs[0].indices.map { channel in
            inputs.reduce(0 as Double?) { sum, input in sum.flatMap { sum in input[channel].map { sum + $0 } } }
          })
      case .concatenate: constants.append(inputs.flatMap { $0 })
      }
      for (channel, constant) in constants[index].enumerated() {
        if let constant, !Float(constant).isFinite { constants[index][channel] = nil }
      }
    }
    return constants
  }

  private func sum(_ blocks: TapBlocks, _ output: Int, _ constants: [Double?]) -> Double? {
    var sum = blocks.bias.map { Double(parameters[$0 + output]) } ?? 0
    for input in 0..<blocks.inputs {
      let weights = parameters[blocks.range(output, input)]
      guard weights.contains(where: { $0 != 0 }) else { continue }
      guard let constant = constants[blocks.channel(output, input)], constant == 0 || !blocks.isPadded else {
        return nil
      }
      sum += constant * weights.reduce(0) { $0 + Double($1) }
    }
    return sum
  }

  private func normalized(
    _ node: Int, _ norm: BatchNorm, _ layout: ParameterLayout, _ constants: [Double?]
  ) -> [Double?] {
    func value(_ role: ParameterRole, _ channel: Int) -> Double {
      Double(parameters[layout[node, role]!.range.lowerBound + channel])
    }
    return constants.indices.map { channel in
      let scale = value(.scale, channel) / (value(.runningVariance, channel) + norm.epsilon).squareRoot()
      if scale == 0 { return value(.shift, channel) }
      return constants[channel].map { scale * ($0 - value(.runningMean, channel)) + value(.shift, channel) }
    }
  }
}

extension Activation {
  fileprivate func value(_ x: Double) -> Double {
    switch self {
    case .relu: max(x, 0)
    case .leakyRelu(let slope): x > 0 ? x : Double(slope) * x
    case .sigmoid: Elementary.sigmoid(x)
    case .tanh: Elementary.tanh(x)
    case .clip(let low, let high): min(max(x, Double(low)), Double(high))
    }
  }
}
