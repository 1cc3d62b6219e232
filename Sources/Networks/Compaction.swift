package import Models
package import Pruning

/// The smaller model that a mask leaves: see ``compacted(_:)``.
package func compacted(_ model: Model, mask: Mask, scope: PruningScope) -> Model {
  compacted(model.masked(by: mask, scope: scope))
}

/// The model without the channels and neurons that no longer matter, for inference.
///
/// A channel goes if nothing that reaches the output reads it through a weight other than zero, or if it is the same
/// number everywhere and for every sample, and that number can go into the biases behind it. So what is removed is not
/// approximated: outputs agree up to rounding. Channels that an addition, an elementwise layer or a group of a convolution
/// ties together go together or stay together. Zero weights between channels that stay are kept as zeros. Each layer
/// keeps one channel at least; a layer without bias gets one where a constant goes into it.
///
/// - Complexity: linear in the number of parameters and channels, in each of a few passes.
package func compacted(_ model: Model) -> Model {
  var current = model
  while true {
    let next = Shrinking(current, NeededChannels(current).requiredChannels()).model()
    // One pass finds all that follows from the outputs. Only where a whole layer is dead does another find more, because
    // of which channel the first one chose to keep.
    guard next.network.digest != current.network.digest else { return next }
    current = next
  }
}

/// Which channels are needed, where tied ones go together.
private struct NeededChannels {
  private let model: Model
  private let network: NetworkDescription
  private let ties: ChannelTies
  private let blocks: [TapBlocks?]
  private let constants: [[Double?]]

  init(_ model: Model) {
    self.model = model
    network = model.network
    ties = ChannelTies(network)
    let layout = ParameterLayout(network)
    blocks = network.nodes.indices.map { TapBlocks(model.network, layout, node: $0) }
    constants = model.constantChannels()
  }

  /// Whether an output's bias stays a `Float` with any of the constants in front of it taken in.
  private func biasFits(_ blocks: TapBlocks, _ output: Int, _ constants: [Double?]) -> Bool {
    var sum = blocks.bias.map { Double(model.parameters[$0 + output]).magnitude } ?? 0
    for (index, constant) in constants.enumerated() {
      guard let constant, constant != 0 else { continue }
      let weights = model.parameters[blocks.range(output, index)]
      sum += (constant * weights.reduce(0) { $0 + Double($1) }).magnitude
    }
    return Float(sum).isFinite
  }

  /// The channels that each node keeps, ascending.
  func requiredChannels() -> [[Int]] {
    let (roots, starts) = (ties.roots, ties.starts)
    var members = [[Int]](repeating: [], count: roots.count)
    for (channel, root) in roots.enumerated() { members[root].append(channel) }
    var owners = [Int](repeating: 0, count: roots.count)
    for node in network.nodes.indices { for channel in ties.channels(node) { owners[channel] = node } }

    var isRequired = [Bool](repeating: false, count: roots.count)
    var open: [Int] = []
    func require(_ channel: Int) {
      guard !isRequired[roots[channel]] else { return }
      isRequired[roots[channel]] = true
      open.append(roots[channel])
    }
    func settle() {
      while let root = open.popLast() {
        for channel in members[root] {
          let node = owners[channel]
          guard let blocks = blocks[node], blocks.groups == 1 else { continue }
          let input = network.nodes[node].inputs[0]
          let output = channel - starts[node]
          let takesConstants = !blocks.isPadded && biasFits(blocks, output, constants[input])
          for index in 0..<blocks.inputs where !isRequired[roots[starts[input] + index]] {
            if let constant = constants[input][index], constant == 0 || takesConstants { continue }
            let weights = model.parameters[blocks.range(output, index)]
            if weights.contains(where: { $0 != 0 }) { require(starts[input] + index) }
          }
        }
      }
    }

    for (index, node) in network.nodes.enumerated() {
      switch node.layer {
      case .input, .softmax: ties.channels(index).forEach(require)
      default: if index == network.nodes.count - 1 { ties.channels(index).forEach(require) }
      }
    }
    settle()
    // From the last, because what one layer keeps may already be enough for those in front of it.
    for node in network.nodes.indices.reversed() where !ties.channels(node).contains(where: { isRequired[roots[$0]] }) {
      // A constant needs nothing in front of it.
      let constant = constants[node].firstIndex { $0 != nil } ?? 0
      require(starts[node] + constant)
      settle()
    }
    return network.nodes.indices.map { node in
      ties.channels(node).filter { isRequired[roots[$0]] }.map { $0 - starts[node] }
    }
  }
}

/// Copies what is kept into a smaller network.
private struct Shrinking {
  let old: Model
  let layout: ParameterLayout
  let constants: [[Double?]]
  /// The kept channels of each node.
  let kept: [[Int]]

  init(_ model: Model, _ kept: [[Int]]) {
    old = model
    layout = ParameterLayout(model.network)
    constants = model.constantChannels()
    self.kept = kept
  }

  func model() -> Model {
    let network = old.network
    var nodes: [NetworkDescription.Node] = []
    var values: [[ParameterRole: [Float]]] = []
    for (index, node) in network.nodes.enumerated() {
      var layer = node.layer
      var parameters: [ParameterRole: [Float]] = [:]
      switch node.layer {
      case .dense, .convolution:
        let blocks = TapBlocks(network, layout, node: index)!
        parameters = products(blocks, index)
        let bias = parameters[.bias] != nil
        if case .convolution(var convolution) = layer {
          convolution.outputs = kept[index].count
          if convolution.groups > 1 { convolution.groups = kept[node.inputs[0]].count / blocks.inputs }
          convolution.bias = bias
          layer = .convolution(convolution)
        } else {
          layer = .dense(outputs: kept[index].count, bias: bias)
        }
      case .batchNorm:
        for role in [ParameterRole.scale, .shift, .runningMean, .runningVariance] {
          parameters[role] = kept[index].map { old.parameters[layout[index, role]!.range.lowerBound + $0] }
        }
      case .input, .maxPool, .averagePool, .globalAveragePool, .activation, .softmax, .dropout, .flatten, .add,
        .concatenate:
        break
      }
      nodes.append(NetworkDescription.Node(name: node.name, layer: layer, inputs: node.inputs))
      values.append(parameters)
    }
    do {
      let smaller = try NetworkDescription(name: network.name, nodes: nodes)
      return try Model(
        network: smaller,
        parameters: ParameterLayout(smaller).tensors.flatMap { values[$0.node][$0.role]! })
    } catch { preconditionFailure("a part of a possible model is possible: \(error)") }
  }

  /// Weights between kept channels, and biases with the constants that were removed in front.
  private func products(_ blocks: TapBlocks, _ node: Int) -> [ParameterRole: [Float]] {
    let input = old.network.nodes[node].inputs[0]
    var isKept = [Bool](repeating: false, count: constants[input].count)
    for channel in kept[input] { isKept[channel] = true }
    var weights: [Float] = []
    var biases: [Float] = []
    var hasBias = blocks.bias != nil
    for output in kept[node] {
      var bias = blocks.bias.map { Double(old.parameters[$0 + output]) } ?? 0
      for index in 0..<blocks.inputs {
        let taps = old.parameters[blocks.range(output, index)]
        let channel = blocks.channel(output, index)
        if isKept[channel] {
          weights += taps
        } else if taps.contains(where: { $0 != 0 }) {
          bias += constants[input][channel]! * taps.reduce(0) { $0 + Double($1) }
        }
      }
      biases.append(Float(bias))
      if bias != 0 { hasBias = true }
    }
    return hasBias ? [.weight: weights, .bias: biases] : [.weight: weights]
  }
}
