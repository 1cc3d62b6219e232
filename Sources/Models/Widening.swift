/// A network with more neurons at one place, and where the values of the smaller one lie in it.
///
/// New channels come behind the old ones, in every layer that has them.
package struct Widening: Hashable, Sendable {
  package let site: GrowthSite
  /// New channels of the site's producer.
  package let count: Int
  package let before: NetworkDescription
  package let after: NetworkDescription

  /// - Throws: ``NetworkError`` where the network would be larger than networks may be.
  /// - Precondition: the site is one of the network's, and `count` is above 0.
  package init(_ network: NetworkDescription, at site: GrowthSite, by count: Int) throws(NetworkError) {
    precondition(count > 0)
    (self.site, self.count, before) = (site, count, network)
    var grown = network.nodes
    network.setChannels(network.shapes[site.producer][0] + count, at: site, of: &grown)
    after = try NetworkDescription(name: network.name, nodes: grown)
  }

  /// Values of the smaller network's layout where they lie in the larger one's.
  ///
  /// - Parameters:
  ///   - values: one for each value of the layout, or for each trainable one, as optimizers remember.
  ///   - new: what new places get: of a tensor's role.
  /// - Returns: as many values of the larger network.
  /// - Complexity: linear in the number of parameters.
  package func widened(_ values: [Float], new: (ParameterRole) -> Float) -> [Float] {
    let (old, grown) = (ParameterLayout(before), ParameterLayout(after))
    let isTrainableOnly = values.count == old.trainableCount && old.trainableCount != old.count
    precondition(isTrainableOnly || values.count == old.count, "\(values.count) values for a layout of \(old.count)")
    var out: [Float] = []
    out.reserveCapacity(grown.count)
    // Tensors of both lie in the same order.
    for (tensor, origin) in zip(grown.tensors, old.tensors) where tensor.role.isTrainable || !isTrainableOnly {
      guard tensor.role == .weight, site.readers.contains(tensor.node), tensor.shape[1] != origin.shape[1] else {
        out += values[origin.range]
        out += Array(repeating: new(tensor.role), count: tensor.range.count - origin.range.count)
        continue
      }
      let taps = tensor.shape[2...].reduce(1, *)
      let (wide, narrow) = (tensor.shape[1] * taps, origin.shape[1] * taps)
      for output in 0..<tensor.shape[0] {
        let start = origin.range.lowerBound + output * narrow
        out += values[start..<start + narrow]
        out += Array(repeating: new(.weight), count: wide - narrow)
      }
    }
    return out
  }

  /// Parameters in which new neurons give nothing yet and nothing reads them: weights and biases of 0, normalisation that
  /// changes nothing.
  package func widened(parameters: [Float]) -> [Float] {
    widened(parameters) { role in
      switch role {
      case .scale, .runningVariance: 1
      case .weight, .bias, .shift, .runningMean: 0
      }
    }
  }

  /// A state of training with as little remembered of new parameters as of fresh ones.
  package func widened(_ state: TrainingState) -> TrainingState {
    TrainingState(
      parameters: widened(parameters: state.parameters), slots: state.slots.map { widened($0) { _ in 0 } },
      step: state.step)
  }

  /// The new channels of the producer, by number.
  package var channels: Range<Int> {
    let first = before.shapes[site.producer][0]
    return first..<first + count
  }
}
