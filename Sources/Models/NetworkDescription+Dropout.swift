extension NetworkDescription {
  /// The network with dropout behind each activation that follows a dense layer.
  ///
  /// Parameters, their names and their order stay.
  ///
  /// - Throws: ``NetworkError`` for a rate that is not from 0 to below 1, where no activation follows a dense layer, and
  ///   where there is dropout already.
  package func addingDropout(rate: Double) throws(NetworkError) -> NetworkDescription {
    guard !hasDropout else { throw NetworkError("\(name) has dropout of its own") }
    var builder: [Node] = []
    var places: [Int] = []
    var added = 0
    for node in nodes {
      builder.append(Node(name: node.name, layer: node.layer, inputs: node.inputs.map { places[$0] }))
      places.append(builder.count - 1)
      guard case .activation = node.layer, case .dense = nodes[node.inputs[0]].layer else { continue }
      added += 1
      builder.append(Node(name: "added_dropout\(added)", layer: .dropout(rate: rate), inputs: [builder.count - 1]))
      places[places.count - 1] = builder.count - 1
    }
    guard added > 0 else { throw NetworkError("\(name) has no activation behind a dense layer; dropout has no place") }
    return try NetworkDescription(name: name, nodes: builder)
  }

  /// The network with other rates of dropout: those that it has, times a factor for each.
  ///
  /// - Parameter factor: from 0 to 1, of the dropout that drops what this layer with weights makes, by its node; where
  ///   several make it, of the last one.
  package func scalingDropout(_ factor: (_ node: Int) -> Double) -> NetworkDescription {
    let scaled = nodes.indices.map { index in
      let node = nodes[index]
      guard case .dropout(let rate) = node.layer, let source = weightedSource(of: index) else { return node }
      let scale = factor(source)
      precondition((0...1).contains(scale), "dropout is scaled down, not by \(scale)")
      return Node(name: node.name, layer: .dropout(rate: rate * scale), inputs: node.inputs)
    }
    guard let network = try? NetworkDescription(name: name, nodes: scaled) else {
      preconditionFailure("a checked network with other rates is one")
    }
    return network
  }

  /// Whether anything is dropped in training.
  package var hasDropout: Bool { nodes.contains { if case .dropout = $0.layer { true } else { false } } }

  /// The nearest dense layer or convolution in front of a node.
  private func weightedSource(of node: Int) -> Int? {
    var open = nodes[node].inputs
    while let source = open.max() {
      switch nodes[source].layer {
      case .dense, .convolution: return source
      default: open = open.filter { $0 != source } + nodes[source].inputs
      }
    }
    return nil
  }
}
