extension NetworkDescription {
  /// How many channels each growth site's producer has, in their order.
  package var channelCounts: [Int] { growthSites.map { shapes[$0.producer][0] } }

  /// The network with other numbers of channels at its growth sites, in their order; everything else keeps its width.
  ///
  /// - Throws: ``NetworkError`` where that is no network, or a larger one than networks may be.
  /// - Precondition: as many counts as sites, all above 0.
  package func withChannelCounts(_ counts: [Int]) throws(NetworkError) -> NetworkDescription {
    var nodes = nodes
    let sites = growthSites
    precondition(sites.count == counts.count)
    for (site, count) in zip(sites, counts) { setChannels(count, at: site, of: &nodes) }
    return try NetworkDescription(name: name, nodes: nodes)
  }

  /// Gives the layers at one of this network's sites other numbers of channels.
  ///
  /// - Parameter nodes: this network's, perhaps changed at other sites.
  func setChannels(_ count: Int, at site: GrowthSite, of nodes: inout [Node]) {
    precondition(count > 0)
    let old = shapes[site.producer][0]
    for node in [site.producer] + site.between {
      let layer: Layer
      switch nodes[node].layer {
      case .dense(_, let bias): layer = .dense(outputs: count, bias: bias)
      case .convolution(var convolution):
        // Depthwise ones can make several channels of each.
        if node != site.producer { convolution.groups = inputShape(of: node)[0] / old * count }
        convolution.outputs = convolution.outputs / old * count
        layer = .convolution(convolution)
      case let other: layer = other
      }
      nodes[node] = Node(name: nodes[node].name, layer: layer, inputs: nodes[node].inputs)
    }
  }

  /// The fewest channels with which a place stays what it is.
  package func least(_ site: GrowthSite) -> Int {
    site.between.contains { if case .convolution = nodes[$0].layer { true } else { false } } ? 2 : 1
  }

  /// The network with a share of the channels at each place where they could grow again; one at least, and two where depthwise
  /// convolutions stand between: of a single channel these would be ones that make channels of all.
  ///
  /// What a sum, the input or the output ties keeps its width, so that ``Widening`` leads back to this network.
  ///
  /// - Parameter share: above 0; above 1 for a wider network.
  /// - Throws: ``NetworkError`` where that is no network, or a larger one than networks may be.
  package func scalingChannels(by share: Double) throws(NetworkError) -> NetworkDescription {
    precondition(share > 0)
    return try withChannelCounts(
      growthSites.map { site in
        let old = shapes[site.producer][0]
        let new = max(least(site), Int((share * Double(old)).rounded()))
        return share <= 1 ? min(old, new) : new
      })
  }
}
