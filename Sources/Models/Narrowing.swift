extension NetworkDescription {
  /// The network with a share of the neurons at each place where they could grow again; one at least, and two where depthwise
  /// convolutions stand between: of a single channel these would be ones that make channels of all.
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
      let new = min(old, max(least(site), Int((share * Double(old)).rounded())))
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

  /// The fewest channels with which a place stays what it is.
  package func least(_ site: GrowthSite) -> Int {
    site.between.contains { if case .convolution = nodes[$0].layer { true } else { false } } ? 2 : 1
  }
}
