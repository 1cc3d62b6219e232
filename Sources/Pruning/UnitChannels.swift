internal import Models

/// Neurons and filters as units: which channels each one is, and which weights go with it.
///
/// A unit is a set of tied channels (``ChannelTies``). Sets with a channel of the input, of a softmax, of the output or of an
/// excluded layer always stay. A layer of units is all that are tied alike: as many channels of the same nodes. So a
/// floor for each layer of units is one for each layer of the network.
struct UnitChannels: Sendable {
  let layers: [Units.Layer]
  /// For each layer of units how many channels one unit has in each node.
  private let channels: [[Int]]
  /// For each weight tensor, which units its weights belong to.
  private let weights: [WeightUnits]
  /// For each other tensor, its node: one value a channel.
  private let vectors: [Int]

  /// The units that the outputs and inputs of one weight tensor belong to; nil for what always stays.
  private struct WeightUnits: Sendable {
    let tensor: ParameterTensor
    let outputs: [Int?]
    /// Empty where groups tie inputs and outputs, so that outputs decide.
    let inputs: [Int?]
    /// The node that is read.
    let source: Int
    /// Weights of one output and input.
    var taps: Int { tensor.shape[2...].reduce(1, *) }
  }

  var count: Int { layers.last?.range.upperBound ?? 0 }

  init(_ network: NetworkDescription, _ layout: ParameterLayout, excluding excluded: Set<String>) {
    let ties = ChannelTies(network)
    let stays = Self.staying(network, layout, ties, excluded)
    var counts: [[Int: Int]] = Array(repeating: [:], count: ties.roots.count)
    for node in network.nodes.indices {
      for channel in ties.channels(node) { counts[ties.roots[channel]][node, default: 0] += 1 }
    }
    // Layers in the order of their first channel; the lowest channel of a set is in the node that makes it.
    var places: [[Int: Int]: Int] = [:]
    var members: [[Int]] = []
    var owners: [Int] = []
    for node in network.nodes.indices {
      for channel in ties.channels(node) where ties.roots[channel] == channel && !stays[channel] {
        let place = places[counts[channel], default: members.count]
        if place == members.count {
          places[counts[channel]] = place
          members.append([])
          owners.append(node)
        }
        members[place].append(channel)
      }
    }
    var layers: [Units.Layer] = []
    var units = [Int?](repeating: nil, count: ties.roots.count)
    var next = 0
    for (place, roots) in members.enumerated() {
      let twins = owners[..<place].count { $0 == owners[place] }
      let name = network.nodes[owners[place]].name + (twins == 0 ? "" : "#\(twins + 1)")
      layers.append(Units.Layer(name: name, range: next..<next + roots.count))
      for root in roots {
        units[root] = next
        next += 1
      }
    }
    self.layers = layers
    channels = members.map { roots in network.nodes.indices.map { counts[roots[0]][$0] ?? 0 } }
    func unitsOfChannels(_ node: Int) -> [Int?] { ties.channels(node).map { units[ties.roots[$0]] } }
    weights = layout.tensors.filter { $0.role == .weight }.map { tensor in
      let source = network.nodes[tensor.node].inputs[0]
      var isGrouped = false
      if case .convolution(let convolution) = network.nodes[tensor.node].layer { isGrouped = convolution.groups > 1 }
      return WeightUnits(
        tensor: tensor, outputs: unitsOfChannels(tensor.node), inputs: isGrouped ? [] : unitsOfChannels(source),
        source: source)
    }
    vectors = layout.tensors.filter { $0.role != .weight && $0.role.isTrainable }.map(\.node)
  }

  /// For each set of tied channels, by its first one, whether it can never go.
  private static func staying(
    _ network: NetworkDescription, _ layout: ParameterLayout, _ ties: ChannelTies, _ excluded: Set<String>
  ) -> [Bool] {
    var stays = [Bool](repeating: false, count: ties.roots.count)
    for (index, node) in network.nodes.enumerated() {
      let isFixed =
        switch node.layer {
        case .input, .softmax: true
        default: index == network.nodes.count - 1 || excluded.contains(node.name)
        }
      if isFixed { for channel in ties.channels(index) { stays[ties.roots[channel]] = true } }
    }
    return stays
  }

  func weightMask(_ units: Mask, _ layout: ParameterLayout) -> Mask {
    var mask = Mask(count: layout.prunableCount, keeping: true)
    for weight in weights {
      let width = weight.tensor.shape[1] * weight.taps
      // Runs of inputs that go are the same for each output.
      var gaps: [Range<Int>] = []
      for (input, unit) in weight.inputs.enumerated() {
        guard let unit, !units[unit] else { continue }
        let gap = input * weight.taps..<(input + 1) * weight.taps
        if let last = gaps.last, last.upperBound == gap.lowerBound {
          gaps[gaps.count - 1] = last.lowerBound..<gap.upperBound
        } else {
          gaps.append(gap)
        }
      }
      for (output, unit) in weight.outputs.enumerated() {
        let start = weight.tensor.maskRange!.lowerBound + output * width
        if let unit, !units[unit] {
          mask.set(start..<start + width, to: false)
        } else {
          for gap in gaps { mask.set(start + gap.lowerBound..<start + gap.upperBound, to: false) }
        }
      }
    }
    return mask
  }

  func scores(_ parameters: [Float], _ layout: ParameterLayout, _ norm: Norm) -> [Float] {
    var sums = [Double](repeating: 0, count: count)
    for weight in weights {
      let width = weight.tensor.shape[1] * weight.taps
      for (output, unit) in weight.outputs.enumerated() {
        guard let unit else { continue }
        let start = weight.tensor.range.lowerBound + output * width
        sums[unit] += norm.sum(parameters[start..<start + width])
      }
    }
    return sums.map { norm.score($0) }
  }

  /// The weights of a layer are a product: (outputs that stay + Σ those of kept units) · (the same of its inputs).
  func cost(_ measure: CostMeasure, _ layout: ParameterLayout) -> CostModel {
    var constant = 0
    var linear = [Int](repeating: 0, count: layers.count)
    var pairs = [Int](repeating: 0, count: layers.count * layers.count)
    for weight in weights {
      let node = weight.tensor.node
      let factor = weight.taps * (measure == .keptWeights ? 1 : weight.tensor.multiplyAdds)
      let fixedOutputs = weight.outputs.count { $0 == nil }
      if weight.inputs.isEmpty {
        let perOutput = factor * weight.tensor.shape[1]
        constant += perOutput * fixedOutputs
        for kind in layers.indices { linear[kind] += perOutput * channels[kind][node] }
        continue
      }
      let fixedInputs = weight.inputs.count { $0 == nil }
      constant += factor * fixedOutputs * fixedInputs
      for kind in layers.indices {
        let (outputs, inputs) = (channels[kind][node], channels[kind][weight.source])
        linear[kind] += factor * (outputs * fixedInputs + inputs * fixedOutputs)
        guard outputs > 0 else { continue }
        for other in layers.indices {
          pairs[min(kind, other) * layers.count + max(kind, other)] += factor * outputs * channels[other][weight.source]
        }
      }
    }
    if measure == .keptWeights {
      for node in vectors {
        for kind in layers.indices { linear[kind] += channels[kind][node] }
        constant += layout.tensors.first { $0.node == node && $0.role != .weight }!.range.count
        for (kind, layer) in layers.enumerated() { constant -= channels[kind][node] * layer.range.count }
      }
    }
    var products: [CostModel.Product] = []
    for (place, factor) in pairs.enumerated() where factor > 0 {
      let (first, second) = place.quotientAndRemainder(dividingBy: layers.count)
      products.append(CostModel.Product(first: first, second: second, factor: factor))
    }
    return CostModel(
      constant: constant, linear: linear, products: products,
      runs: layers.enumerated().map { CostModel.Run(units: $1.range, kind: $0) })
  }
}
