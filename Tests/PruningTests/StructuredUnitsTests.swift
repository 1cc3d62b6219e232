import Models
import Pruning
import Randomness
import Testing

/// Neurons and filters: what goes with them, and what it costs.
@Suite struct StructuredUnitsTests {
  /// A random mask that keeps one unit of each layer at least.
  private func someMask(_ units: Units, seed: UInt64) -> Mask {
    var stream = RandomStream(seed: seed, .test, 3)
    let density = stream.uniform()
    var mask = Mask(count: units.count)
    for layer in units.layers {
      for unit in layer.range where stream.chance(density) { mask[unit] = true }
      mask[layer.range.lowerBound + stream.below(layer.range.count)] = true
    }
    return mask
  }

  @Test("Units are what can be removed together", arguments: try sampleNetworks())
  func layers(sample: Sample) throws {
    let units = try Units(.neurons, of: sample.network)
    #expect(units.layers.map(\.range.count) == sample.neurons)
    #expect(units.count == sample.neurons.reduce(0, +))
    #expect(Set(units.layers.map(\.name)).count == sample.neurons.count)
  }

  @Test("The weights that go are those that can no longer matter", arguments: try sampleNetworks())
  func weights(sample: Sample) throws {
    let units = try Units(.neurons, of: sample.network)
    #expect(units.weightMask(Mask(count: units.count, keeping: true)).population == units.layout.prunableCount)
    for unit in 0..<min(units.count, 60) {
      var mask = Mask(count: units.count, keeping: true)
      mask[unit] = false
      let weights = units.weightMask(mask)
      let zeros = Zeros(sample.network, units.layout, removedRowsOf: weights)
      #expect(zeros.count > 0, "unit \(unit)")
      #expect(weights == zeros.weightsThatMatter(), "unit \(unit)")
    }
    for seed in 0..<10 as Range<UInt64> {
      let weights = units.weightMask(someMask(units, seed: seed))
      #expect(
        weights == Zeros(sample.network, units.layout, removedRowsOf: weights).weightsThatMatter(), "seed \(seed)")
    }
  }

  @Test("The cost is that of the network built anew without the units", arguments: try sampleNetworks())
  func costs(sample: Sample) throws {
    let units = try Units(.neurons, of: sample.network)
    let size = units.cost(.keptWeights)
    let flops = units.cost(.multiplyAdds)
    #expect(size.whole == units.layout.trainableCount && flops.whole == units.layout.multiplyAdds)
    for seed in 0..<20 as Range<UInt64> {
      let mask = someMask(units, seed: seed)
      let zeros = Zeros(sample.network, units.layout, removedRowsOf: units.weightMask(mask))
      let layout = ParameterLayout(try zeros.smallerNetwork())
      #expect(size.cost(of: mask) == layout.trainableCount, "seed \(seed)")
      #expect(flops.cost(of: mask) == layout.multiplyAdds, "seed \(seed)")
    }
  }

  @Test("A unit's score is the norm of the weights that make it")
  func scores() throws {
    let network = try NetworkDescription(name: "mlp", widths: [2, 2, 1])
    let units = try Units(.neurons, of: network)
    #expect(units.scores([3, 4, -5, 12, 9, 9, 9, 9, 9]) == [5, 13])
    #expect(units.scores([3, 4, -5, 12, 9, 9, 9, 9, 9], norm: .l1) == [7, 17])
  }

  @Test("Excluded layers keep their neurons, and so does what is tied to them")
  func exclusion() throws {
    let sample = try sampleNetworks()[6]
    let units = try Units(.neurons, of: sample.network, excluding: ["left"])
    #expect(units.layers.map(\.range.count) == [5])
    #expect(throws: UnitsError.self) { try Units(.neurons, of: sample.network, excluding: ["left", "right"]) }
    let error = #expect(throws: UnitsError.self) { try Units(.neurons, of: sample.network, excluding: ["wrong"]) }
    #expect(error?.description == "no layer with weights is called wrong; there are whole, left, right, classes")
    // Weights between an excluded layer and removable neurons still go with those.
    let mlp = try sampleNetworks()[0].network
    let some = try Units(.neurons, of: mlp, excluding: [mlp.nodes[1].name])
    #expect(some.weightMask(Mask(count: 6)).population == 35)
    #expect(some.cost(.keptWeights).constant == 35 + 5 + 3)
  }
}

/// Channels that are zero once rows of weights are, found by following values through the layers: slow and obvious.
private struct Zeros {
  let network: NetworkDescription
  let layout: ParameterLayout
  /// For each node which channels are zero.
  private var isZero: [[Bool]] = []

  /// Channels whose weights are all removed are taken to have neither bias nor shift.
  init(_ network: NetworkDescription, _ layout: ParameterLayout, removedRowsOf mask: Mask) {
    self.network = network
    self.layout = layout
    for (index, node) in network.nodes.enumerated() {
      let inputs = node.inputs.map { isZero[$0] }
      switch node.layer {
      case .input(let shape): isZero.append(Array(repeating: false, count: shape[0]))
      case .dense, .convolution:
        let tensor = layout[index, .weight]!
        let width = tensor.range.count / tensor.shape[0]
        isZero.append(
          (0..<tensor.shape[0]).map { row in
            let start = tensor.maskRange!.lowerBound + row * width
            return mask.population(in: start..<start + width) == 0
          })
      case .add: isZero.append(inputs[0].indices.map { channel in inputs.allSatisfy { $0[channel] } })
      case .concatenate: isZero.append(inputs.flatMap { $0 })
      case .flatten:
        let size = network.inputShape(of: index).dropFirst().reduce(1, *)
        isZero.append(inputs[0].flatMap { Array(repeating: $0, count: size) })
      case .softmax: isZero.append(inputs[0].map { _ in false })
      case .maxPool, .averagePool, .globalAveragePool, .batchNorm, .activation, .dropout: isZero.append(inputs[0])
      }
    }
  }

  var count: Int { isZero.reduce(0) { $0 + $1.count { $0 } } }

  /// The first of the channels that a row of a node's weights reads.
  private func firstInput(_ node: Int, row: Int) -> Int {
    guard case .convolution(let convolution) = network.nodes[node].layer else { return 0 }
    return row / (convolution.outputs / convolution.groups) * layout[node, .weight]!.shape[1]
  }

  /// Weights that neither read nor make zeros.
  func weightsThatMatter() -> Mask {
    var mask = Mask(count: layout.prunableCount)
    for tensor in layout.prunable {
      let taps = tensor.shape[2...].reduce(1, *)
      var position = tensor.maskRange!.lowerBound
      for row in 0..<tensor.shape[0] {
        for input in 0..<tensor.shape[1] {
          let channel = firstInput(tensor.node, row: row) + input
          let matters = !isZero[tensor.node][row] && !isZero[network.nodes[tensor.node].inputs[0]][channel]
          for _ in 0..<taps {
            mask[position] = matters
            position += 1
          }
        }
      }
    }
    return mask
  }

  /// The network with fewer channels.
  func smallerNetwork() throws -> NetworkDescription {
    let nodes = network.nodes.enumerated().map { index, node in
      let left = isZero[index].count { !$0 }
      switch node.layer {
      case .dense(_, let bias):
        return NetworkDescription.Node(name: node.name, layer: .dense(outputs: left, bias: bias), inputs: node.inputs)
      case .convolution(var convolution):
        if convolution.groups > 1 { convolution.groups = convolution.groups * left / convolution.outputs }
        convolution.outputs = left
        return NetworkDescription.Node(name: node.name, layer: .convolution(convolution), inputs: node.inputs)
      default: return node
      }
    }
    return try NetworkDescription(name: network.name, nodes: nodes)
  }
}
