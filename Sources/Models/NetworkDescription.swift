package import Digests

/// A network as a value: a graph of layers, without any weights.
///
/// Nodes stand in an order in which each comes behind its inputs; node 0 is the input, the last one the output.
package struct NetworkDescription: Hashable, Sendable {
  /// One layer and where its inputs come from.
  package struct Node: Hashable, Sendable {
    /// For example `conv1`; its parameters are `conv1.weight` and `conv1.bias`. Not part of the identity.
    package let name: String
    package let layer: Layer
    /// The numbers of earlier nodes.
    package let inputs: [Int]

    package init(name: String, layer: Layer, inputs: [Int]) {
      self.name = name
      self.layer = layer
      self.inputs = inputs
    }
  }

  /// The name in reports, for example `lenet-300-100`; not part of the identity.
  package let name: String
  package let nodes: [Node]
  /// What each node gives for one sample: [features] or [channels, height, width].
  package let shapes: [[Int]]
  /// The node whose values are the class scores: the last one, or what a softmax at the end reads.
  package let logits: Int
  /// The identity: that of the structure alone, so that two names of one structure are one network.
  package let digest: Digest

  /// The most nodes that are accepted.
  package static let maximumNodes = 4096
  /// The most parameters that are accepted.
  package static let maximumParameters = 1 << 28

  /// A checked description.
  ///
  /// - Throws: ``NetworkError`` that names the node, if shapes do not meet, sizes are out of bounds, names are missing
  ///   or used twice, a node is of no use, there is nothing to learn, or the output is no vector of class scores.
  package init(name: String, nodes: [Node]) throws(NetworkError) {
    guard nodes.count <= Self.maximumNodes else { throw NetworkError("more than \(Self.maximumNodes) layers") }
    guard case .input = nodes.first?.layer else { throw NetworkError("the first layer must be the input") }
    guard name.utf8.count <= 256 else { throw NetworkError("a network's name has at most 256 bytes") }
    self.name = name
    self.nodes = nodes
    shapes = try Self.shapes(of: nodes)
    try Self.checkUse(nodes)
    var logits = nodes.count - 1
    if case .softmax = nodes[logits].layer { logits = nodes[logits].inputs[0] }
    guard shapes[logits].count == 1 else {
      throw NetworkError("the last layer gives \(shapes[logits]); class scores are [classes], so flatten it")
    }
    self.logits = logits
    var bytes = CanonicalBytes(kind: "network", version: 2)
    bytes.append(list: nodes) { bytes, node in node.layer.append(to: &bytes, inputs: node.inputs) }
    digest = bytes.digest
  }

  private static func shapes(of nodes: [Node]) throws(NetworkError) -> [[Int]] {
    var shapes: [[Int]] = []
    var names: Set<String> = []
    var parameters = 0
    for (index, node) in nodes.enumerated() {
      let place = "layer \(index) (\(node.name))"
      guard !node.name.isEmpty, node.name.utf8.count <= 256, names.insert(node.name).inserted else {
        throw NetworkError("\(place): names are of 1 to 256 bytes and stand once")
      }
      if index > 0, case .input = node.layer { throw NetworkError("\(place): there is one input, the first layer") }
      guard node.inputs.allSatisfy({ (0..<index).contains($0) }) else {
        throw NetworkError("\(place): inputs are earlier layers, found \(node.inputs)")
      }
      let inputs = node.inputs.map { shapes[$0] }
      do {
        shapes.append(try node.layer.outputShape(inputs))
      } catch { throw NetworkError("\(place): \(error.description)") }
      // Widths are bounded by now, so this cannot overflow.
      for tensor in node.layer.parameters(inputs.first ?? []) { parameters += tensor.shape.reduce(1, *) }
      guard parameters <= maximumParameters else {
        throw NetworkError("\(place): more than \(maximumParameters) parameters")
      }
    }
    guard parameters > 0 else { throw NetworkError("the network has no parameters") }
    return shapes
  }

  /// Every node but the last is read by a later one.
  private static func checkUse(_ nodes: [Node]) throws(NetworkError) {
    var used = [Bool](repeating: false, count: nodes.count)
    for node in nodes { for input in node.inputs { used[input] = true } }
    if let idle = used.dropLast().firstIndex(of: false) {
      throw NetworkError("layer \(idle) (\(nodes[idle].name)) is read by none")
    }
  }

  /// Dense layers of the given widths (inputs first, classes last) with ReLU between them.
  ///
  /// - Throws: ``NetworkError`` for fewer than two widths or widths out of bounds.
  package init(name: String, widths: [Int]) throws(NetworkError) {
    guard widths.count >= 2 else { throw NetworkError("a network needs at least two widths, found \(widths.count)") }
    var builder = NetworkBuilder(input: [widths[0]])
    for (index, width) in widths.dropFirst().enumerated() {
      if index > 0 { builder.relu() }
      builder.dense(width)
    }
    self = try builder.network(name: name)
  }

  /// The shape of a sample.
  package var inputShape: [Int] { shapes[0] }

  /// The number of values that one sample has.
  package var inputCount: Int { shapes[0].reduce(1, *) }

  /// The number of classes.
  package var outputCount: Int { shapes[logits][0] }

  /// Whether samples of a shape can be evaluated; a network of [features] takes images too, flattened.
  package func accepts(shape: [Int]) -> Bool { shape == inputShape || inputShape == [shape.reduce(1, *)] }

  /// The shape of the only input of a node that has one.
  package func inputShape(of node: Int) -> [Int] { shapes[nodes[node].inputs[0]] }
}
