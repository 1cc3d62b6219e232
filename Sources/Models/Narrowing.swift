extension NetworkDescription {
  /// The network with a share of the neurons at each place where they could grow again; one at least.
  ///
  /// What a sum, the input or the output ties keeps its width, so that ``Widening`` leads back to this network.
  ///
  /// - Parameter share: above 0, at most 1.
  /// - Throws: ``NetworkError`` where that is no network.
  package func narrowed(to share: Double) throws(NetworkError) -> NetworkDescription {
    precondition(share > 0 && share <= 1)
    var nodes = nodes
    for site in growthSites {
      let old = shapes[site.producer][0]
      let new = max(1, Int((share * Double(old)).rounded()))
      for node in [site.producer] + site.between {
        let layer: Layer
        switch nodes[node].layer {
        case .dense(_, let bias): layer = .dense(outputs: new, bias: bias)
        case .convolution(var convolution):
          // Depthwise ones can make several channels of each.
          if node != site.producer { convolution.groups = inputShape(of: node)[0] / old * new }
          convolution.outputs = convolution.outputs / old * new
          layer = .convolution(convolution)
        case let other: layer = other
        }
        nodes[node] = Node(name: nodes[node].name, layer: layer, inputs: nodes[node].inputs)
      }
    }
    return try NetworkDescription(name: name, nodes: nodes)
  }
}
