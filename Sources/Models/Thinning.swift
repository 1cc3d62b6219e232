/// A network with fewer neurons at one place, and the values of the larger one that are left.
package struct Thinning: Hashable, Sendable {
  package let site: GrowthSite
  /// The channels of the site's producer that stay, ascending.
  package let kept: [Int]
  package let before: NetworkDescription
  package let after: NetworkDescription

  /// - Throws: ``NetworkError`` where fewer channels would be left than the place needs to stay what it is.
  /// - Precondition: the site is one of the network's, and the channels are some of its producer's, ascending.
  package init(_ network: NetworkDescription, at site: GrowthSite, keeping kept: [Int]) throws(NetworkError) {
    let (old, least) = (network.shapes[site.producer][0], network.least(site))
    guard kept.count >= least else {
      throw NetworkError(
        "\(network.name): of \(network.nodes[site.producer].name) at least \(least) of \(old) channels have to stay")
    }
    precondition(zip(kept, kept.dropFirst()).allSatisfy(<) && kept.allSatisfy((0..<old).contains))
    (self.site, self.kept, before) = (site, kept, network)
    var nodes = network.nodes
    network.setChannels(kept.count, at: site, of: &nodes)
    after = try NetworkDescription(name: network.name, nodes: nodes)
  }

  /// The values of the larger network's layout that are left, as they lie in the smaller one's.
  ///
  /// - Parameter values: one for each value of the layout, or for each trainable one, as optimizers remember.
  /// - Complexity: linear in the number of parameters.
  package func thinned(_ values: [Float]) -> [Float] {
    let layout = ParameterLayout(before)
    let isTrainableOnly = values.count == layout.trainableCount && layout.trainableCount != layout.count
    precondition(
      isTrainableOnly || values.count == layout.count, "\(values.count) values for a layout of \(layout.count)")
    let channels = before.shapes[site.producer][0]
    let own = Set([site.producer] + site.between)
    var out: [Float] = []
    out.reserveCapacity(ParameterLayout(after).count)
    for tensor in layout.tensors where tensor.role.isTrainable || !isTrainableOnly {
      // Rows of what stands for all channels one after another.
      let rows: Int
      if own.contains(tensor.node) {
        rows = 1
      } else if tensor.role == .weight, site.readers.contains(tensor.node) {
        rows = tensor.shape[0]
      } else {
        out += values[tensor.range]
        continue
      }
      let width = tensor.range.count / rows / channels
      for row in 0..<rows {
        let first = tensor.range.lowerBound + row * channels * width
        for channel in kept { out += values[first + channel * width..<first + (channel + 1) * width] }
      }
    }
    return out
  }

  /// A state of training with what is remembered of the parameters that are left.
  package func thinned(_ state: TrainingState) -> TrainingState {
    TrainingState(
      parameters: thinned(state.parameters), slots: state.slots.map { thinned($0) }, step: state.step)
  }
}
