package import Digests

/// A network with one more layer that changes nothing yet, and where the values of the smaller one lie in it.
package struct Deepening: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// A layer that hands on what it reads, and the function in front of it once more.
    ///
    /// Source: Chen, Goodfellow, Shlens, "Net2Net: accelerating learning via knowledge transfer", ICLR 2016, section 2.4.
    case identity
    /// x + B·relu(A·x), with B zero and A of so many channels.
    case residual(channels: Int)

    package func append(to bytes: inout CanonicalBytes) {
      switch self {
      case .identity: bytes.append(0)
      case .residual(let channels): bytes.append(channels)
      }
    }

    init(from reader: inout CanonicalReader) throws(CanonicalError) {
      let channels = try reader.int()
      guard (0...1 << 20).contains(channels) else { throw CanonicalError("a residual of \(channels) channels") }
      self = channels == 0 ? .identity : .residual(channels: channels)
    }
  }

  package let before: NetworkDescription
  package let after: NetworkDescription
  package let kind: Kind
  /// The number of the first new node; the others follow.
  package let first: Int
  private let count: Int

  /// - Throws: ``NetworkError`` where there is no such node, nothing reads it, or an identity would not stand behind a
  ///   function that changes nothing when it is applied again.
  package init(_ network: NetworkDescription, behind node: Int, _ kind: Kind) throws(NetworkError) {
    guard network.nodes.indices.contains(node), node < network.logits else {
      throw NetworkError("\(network.name): no new layer can stand behind layer \(node)")
    }
    let source = network.nodes[node]
    let shape = network.shapes[node]
    (before, self.kind, first) = (network, kind, node + 1)
    func layer(_ outputs: Int) -> Layer {
      shape.count == 1
        ? .dense(outputs: outputs, bias: true)
        : .convolution(Convolution(outputs: outputs, window: Window(3, padding: 1), groups: 1, bias: true))
    }
    let name = Self.name(behind: source.name, in: network)
    let new: [NetworkDescription.Node]
    switch kind {
    case .identity:
      guard case .activation(let activation) = source.layer, activation.isIdempotent else {
        throw NetworkError(
          "\(network.name): a layer that hands on what it reads stands behind a ReLU or clipping alone; \(source.name) is "
            + "none")
      }
      new = [
        NetworkDescription.Node(name: name, layer: layer(shape[0]), inputs: [node]),
        NetworkDescription.Node(name: "\(name)_f", layer: source.layer, inputs: [node + 1]),
      ]
    case .residual(let channels):
      new = [
        NetworkDescription.Node(name: "\(name)_a", layer: layer(channels), inputs: [node]),
        NetworkDescription.Node(name: "\(name)_f", layer: .activation(.relu), inputs: [node + 1]),
        NetworkDescription.Node(name: "\(name)_b", layer: layer(shape[0]), inputs: [node + 2]),
        NetworkDescription.Node(name: name, layer: .add, inputs: [node, node + 3]),
      ]
    }
    let count = new.count
    self.count = count
    let behind = network.nodes[(node + 1)...].map { other in
      NetworkDescription.Node(
        name: other.name, layer: other.layer,
        inputs: other.inputs.map { $0 < node ? $0 : $0 + count })
    }
    after = try NetworkDescription(name: network.name, nodes: Array(network.nodes[...node]) + new + behind)
  }

  package func isNew(_ node: Int) -> Bool { (first..<first + count).contains(node) }

  /// Not one that the network has.
  private static func name(behind name: String, in network: NetworkDescription) -> String {
    let taken = Set(network.nodes.map(\.name))
    for number in 1... where !["", "_a", "_b", "_f"].contains(where: { taken.contains("\(name)_\(number)\($0)") }) {
      return "\(name)_\(number)"
    }
    preconditionFailure("numbers do not end")
  }

  /// Values of the smaller network's layout where they lie in the larger one's; parameters as ``Widening`` takes them.
  package func deepened(_ values: [Float], new: (ParameterTensor) -> [Float]) -> [Float] {
    let (old, grown) = (ParameterLayout(before), ParameterLayout(after))
    let isTrainableOnly = values.count == old.trainableCount && old.trainableCount != old.count
    precondition(isTrainableOnly || values.count == old.count, "\(values.count) values for a layout of \(old.count)")
    var out: [Float] = []
    out.reserveCapacity(grown.count)
    for tensor in grown.tensors where tensor.role.isTrainable || !isTrainableOnly {
      if isNew(tensor.node) {
        out += new(tensor)
      } else {
        let node = tensor.node < first ? tensor.node : tensor.node - count
        out += values[old[node, tensor.role]!.range]
      }
    }
    return out
  }

  /// A state of training that gives what it gave.
  ///
  /// - Parameter random: what a new layer in front of zeros begins with.
  package func deepened(_ state: TrainingState, random: (ParameterTensor) -> [Float]) -> TrainingState {
    let parameters = deepened(state.parameters) { tensor in
      guard tensor.role == .weight else { return Array(repeating: 0, count: tensor.range.count) }
      switch kind {
      case .identity: return Self.identity(tensor.shape)
      case .residual: return tensor.node == first ? random(tensor) : Array(repeating: 0, count: tensor.range.count)
      }
    }
    return TrainingState(
      parameters: parameters,
      slots: state.slots.map { deepened($0) { Array(repeating: 0, count: $0.range.count) } }, step: state.step)
  }

  /// Weights with which each output is its input: 1 in the middle of the window.
  private static func identity(_ shape: [Int]) -> [Float] {
    let taps = shape[2...].reduce(1, *)
    var out = [Float](repeating: 0, count: shape.reduce(1, *))
    for channel in 0..<shape[0] { out[(channel * shape[1] + channel) * taps + taps / 2] = 1 }
    return out
  }
}

extension Activation {
  /// Whether f(f(x)) = f(x).
  fileprivate var isIdempotent: Bool {
    switch self {
    case .relu, .clip: true
    case .leakyRelu, .sigmoid, .tanh: false
    }
  }
}
