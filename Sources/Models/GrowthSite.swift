/// A place where a network can get more neurons: a layer that makes channels, and the layers that read them.
package struct GrowthSite: Hashable, Sendable {
  /// The dense layer or convolution whose outputs become more.
  package let producer: Int
  /// The layers between, which hand channels on or treat each by itself: normalisation, functions, pools, depthwise
  /// convolutions. Ascending.
  package let between: [Int]
  /// The dense layers and convolutions that read the channels. Ascending.
  package let readers: [Int]

  /// The places of what a channel of the producer reads: [inputs · window].
  package func incoming(_ channel: Int, _ layout: ParameterLayout) -> Range<Int> {
    let tensor = layout[producer, .weight]!
    let row = tensor.shape[1...].reduce(1, *)
    return tensor.range.lowerBound + channel * row..<tensor.range.lowerBound + (channel + 1) * row
  }

  /// The places of the weights that read a channel of the producer: reader by reader, output by output.
  package func outgoing(_ channel: Int, _ layout: ParameterLayout) -> [Range<Int>] {
    let channels = layout[producer, .weight]!.shape[0]
    return readers.flatMap { reader in
      let tensor = layout[reader, .weight]!
      let row = tensor.shape[1...].reduce(1, *)
      // Behind a flattening a channel is several features.
      let width = row / channels
      return (0..<tensor.shape[0]).map { output in
        let first = tensor.range.lowerBound + output * row + channel * width
        return first..<first + width
      }
    }
  }
}

extension NetworkDescription {
  /// All places where neurons can be added without touching the network's inputs, outputs, or sums.
  ///
  /// Channels of a sum are those of several layers at once; growing all of them would change what reads the others, so
  /// of a residual network the layers inside its blocks can grow. The classes cannot.
  ///
  /// - Complexity: nearly linear in the number of channels.
  package var growthSites: [GrowthSite] {
    let ties = ChannelTies(self)
    var members: [Int: Set<Int>] = [:]
    for node in nodes.indices {
      for channel in ties.channels(node) { members[ties.roots[channel], default: []].insert(node) }
    }
    return nodes.indices.compactMap { producer in
      guard isProducer(producer) else { return nil }
      var own: Set<Int> = []
      for channel in ties.channels(producer) { own.formUnion(members[ties.roots[channel]]!) }
      let between = own.subtracting([producer]).sorted()
      guard !own.contains(nodes.count - 1), between.allSatisfy({ handsChannelsOn(nodes[$0].layer, of: $0) }) else {
        return nil
      }
      let readers = nodes.indices.filter { !own.contains($0) && nodes[$0].inputs.contains(where: own.contains) }
      guard !readers.isEmpty, readers.allSatisfy(isProducer) else { return nil }
      return GrowthSite(producer: producer, between: between, readers: readers)
    }
  }

  /// Whether a layer makes each of its channels from all that it reads; with groups, more channels would move the others
  /// to other groups.
  private func isProducer(_ node: Int) -> Bool {
    switch nodes[node].layer {
    case .dense: true
    case .convolution(let convolution): convolution.groups == 1
    default: false
    }
  }

  private func handsChannelsOn(_ layer: Layer, of node: Int) -> Bool {
    switch layer {
    case .batchNorm, .activation, .maxPool, .averagePool, .globalAveragePool, .dropout, .flatten: true
    case .convolution(let convolution): convolution.groups == shapes[nodes[node].inputs[0]][0]
    case .input, .dense, .softmax, .add, .concatenate: false
    }
  }
}
