package import Models

/// Which weights of a pruned network no longer matter: those of channels and neurons without inputs or without readers.
///
/// A channel without inputs is the same number everywhere. What it gives to a layer behind it can go into that layer's
/// biases, so the weights that read it may go, unless the layer has no biases, or zeros of a padding make the number
/// another one at the border. Whoever removes them has to move the numbers (`Model.folding`, in `Networks`).
///
/// Source: Han, Pool, Tran, Dally, "Learning both weights and connections for efficient neural networks", NIPS 2015,
/// section 3.5.
package struct DeadChannels: Sendable {
  private let network: NetworkDescription
  private let layout: ParameterLayout

  package init(_ network: NetworkDescription, scope: PruningScope) {
    self.network = network
    layout = ParameterLayout(network, scope: scope)
  }

  /// A mask without the weights into channels that nothing reads and out of those that have no inputs, to a fixed point.
  ///
  /// - Parameters:
  ///   - mask: over the prunable weights of the scope.
  ///   - allowed: the weights that may go.
  /// - Complexity: linear in the number of weights, for each layer that a removal has to pass.
  package func removed(from mask: Mask, within allowed: Mask) -> Mask {
    precondition(mask.count == layout.prunableCount && allowed.count == mask.count)
    var mask = mask
    while true {
      let before = mask
      let (constant, isRead) = (constantChannels(mask), readChannels(mask))
      for tensor in layout.prunable {
        let node = tensor.node
        let blocks = TapBlocks(network, layout, node: node)!
        let source = network.nodes[node].inputs[0]
        for output in 0..<blocks.outputs {
          for input in 0..<blocks.inputs {
            let channel = blocks.channel(output, input)
            guard !isRead[node][output] || (constant[source][channel] && blocks.takesConstants) else { continue }
            for bit in tensor.bits(of: blocks.range(output, input))! where allowed[bit] { mask[bit] = false }
          }
        }
      }
      if mask == before { return mask }
    }
  }

  /// For each channel of each node, whether it is the same number for every sample, by its structure alone.
  private func constantChannels(_ mask: Mask) -> [[Bool]] {
    var out: [[Bool]] = []
    for (index, node) in network.nodes.enumerated() {
      let inputs = node.inputs.map { out[$0] }
      switch node.layer {
      case .input(let shape): out.append(Array(repeating: false, count: shape[0]))
      case .dense, .convolution:
        let tensor = layout[index, .weight]!
        let blocks = TapBlocks(network, layout, node: index)!
        out.append(
          (0..<blocks.outputs).map { output in
            (0..<blocks.inputs).allSatisfy { input in
              !isKept(blocks, output, input, tensor, mask)
                || (inputs[0][blocks.channel(output, input)] && blocks.takesConstants)
            }
          })
      case .maxPool, .globalAveragePool, .batchNorm, .activation, .dropout: out.append(inputs[0])
      case .averagePool(let window, let countsPadding):
        let isPadded = window.padding != Window.Padding(top: 0, left: 0, bottom: 0, right: 0)
        out.append(isPadded && countsPadding ? inputs[0].map { _ in false } : inputs[0])
      case .softmax: out.append(inputs[0].map { _ in false })
      case .flatten:
        let size = network.inputShape(of: index).dropFirst().reduce(1, *)
        out.append(inputs[0].flatMap { Array(repeating: $0, count: size) })
      case .add: out.append(inputs[0].indices.map { channel in inputs.allSatisfy { $0[channel] } })
      case .concatenate: out.append(inputs.flatMap { $0 })
      }
    }
    return out
  }

  /// For each channel of each node, whether anything that the output depends on reads it.
  private func readChannels(_ mask: Mask) -> [[Bool]] {
    var out = network.shapes.map { [Bool](repeating: false, count: $0[0]) }
    out[network.nodes.count - 1] = out[network.nodes.count - 1].map { _ in true }
    for (index, node) in network.nodes.enumerated().reversed() {
      switch node.layer {
      case .input: break
      case .dense, .convolution:
        let tensor = layout[index, .weight]!
        let blocks = TapBlocks(network, layout, node: index)!
        for output in 0..<blocks.outputs where out[index][output] {
          for input in 0..<blocks.inputs where isKept(blocks, output, input, tensor, mask) {
            out[node.inputs[0]][blocks.channel(output, input)] = true
          }
        }
      case .softmax:
        for channel in out[node.inputs[0]].indices { out[node.inputs[0]][channel] = true }
      case .maxPool, .averagePool, .globalAveragePool, .batchNorm, .activation, .dropout, .add:
        for source in node.inputs {
          for channel in out[index].indices where out[index][channel] { out[source][channel] = true }
        }
      case .flatten:
        let size = network.inputShape(of: index).dropFirst().reduce(1, *)
        for feature in out[index].indices where out[index][feature] { out[node.inputs[0]][feature / size] = true }
      case .concatenate:
        var offset = 0
        for source in node.inputs {
          for channel in out[source].indices where out[index][offset + channel] { out[source][channel] = true }
          offset += network.shapes[source][0]
        }
      }
    }
    return out
  }

  private func isKept(
    _ blocks: TapBlocks, _ output: Int, _ input: Int, _ tensor: ParameterTensor, _ mask: Mask
  ) -> Bool {
    tensor.bits(of: blocks.range(output, input)).map { mask.population(in: $0) > 0 } ?? true
  }
}

extension ParameterTensor {
  /// The bits of a mask for some places of the buffer; nil for what is never pruned.
  fileprivate func bits(of places: Range<Int>) -> Range<Int>? {
    maskRange.map { bits in
      let first = bits.lowerBound + places.lowerBound - range.lowerBound
      return first..<first + places.count
    }
  }
}
