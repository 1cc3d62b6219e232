/// Which channels and features of a network can only be kept or removed together.
///
/// Dense layers and convolutions of one group make channels of their own; every other layer hands channels on, so its
/// channels are tied to those that it reads: by name in elementwise layers, pools and sums, by offset behind a
/// concatenation, each channel to its features behind a flatten. A group of a grouped convolution ties all that it reads
/// to all that it makes, so that groups stay of one size.
package struct ChannelTies: Sendable {
  /// The number of each node's first channel among all channels of the network; one more entry than nodes.
  package let starts: [Int]
  /// For each channel the first one that it is tied to, itself if that is the first.
  package let roots: [Int]

  /// - Complexity: nearly linear in the number of channels.
  package init(_ network: NetworkDescription) {
    var starts = [0]
    for shape in network.shapes { starts.append(starts.last! + shape[0]) }
    self.starts = starts
    var forest = Forest(count: starts.last!)
    for node in network.nodes.indices { forest.tie(node, of: network, starts) }
    roots = (0..<starts.last!).map { forest.root($0) }
  }

  /// The channels of a node among all channels of the network.
  package func channels(_ node: Int) -> Range<Int> { starts[node]..<starts[node + 1] }
}

/// Disjoint sets of channels; the lowest of a set stands for it.
private struct Forest {
  private var parents: [Int]

  init(count: Int) { parents = Array(0..<count) }

  mutating func root(_ channel: Int) -> Int {
    var channel = channel
    while parents[channel] != channel {
      parents[channel] = parents[parents[channel]]
      channel = parents[channel]
    }
    return channel
  }

  private mutating func tie(_ first: Int, _ second: Int) {
    let (first, second) = (root(first), root(second))
    parents[max(first, second)] = min(first, second)
  }

  /// Ties what one node hands on or groups.
  mutating func tie(_ index: Int, of network: NetworkDescription, _ starts: [Int]) {
    let node = network.nodes[index]
    let own = starts[index]
    switch node.layer {
    case .input, .dense: break
    case .convolution(let convolution):
      guard convolution.groups > 1 else { break }
      let inputs = network.inputShape(of: index)[0] / convolution.groups
      let outputs = convolution.outputs / convolution.groups
      for group in 0..<convolution.groups {
        let first = starts[node.inputs[0]] + group * inputs
        for input in 1..<max(inputs, 1) { tie(first, first + input) }
        for output in 0..<outputs { tie(first, own + group * outputs + output) }
      }
    case .maxPool, .averagePool, .globalAveragePool, .batchNorm, .activation, .softmax, .dropout, .add:
      for input in node.inputs {
        for channel in 0..<network.shapes[index][0] { tie(starts[input] + channel, own + channel) }
      }
    case .flatten:
      let size = network.inputShape(of: index).dropFirst().reduce(1, *)
      for feature in 0..<network.shapes[index][0] { tie(starts[node.inputs[0]] + feature / size, own + feature) }
    case .concatenate:
      var offset = own
      for input in node.inputs {
        for channel in 0..<network.shapes[input][0] { tie(starts[input] + channel, offset + channel) }
        offset += network.shapes[input][0]
      }
    }
  }
}
