/// A network with its values: what a model file holds.
package struct Model: Hashable, Sendable {
  package let network: NetworkDescription
  /// All values of the network's ``ParameterLayout``, each finite; variances are above −epsilon.
  package let parameters: [Float]

  /// A checked model.
  ///
  /// - Throws: ``NetworkError`` for another number of values than the layout has, and with the name of its tensor for
  ///   one that is not finite or a variance that has no root with the layer's epsilon added.
  /// - Complexity: linear in the number of values.
  package init(network: NetworkDescription, parameters: [Float]) throws(NetworkError) {
    let layout = ParameterLayout(network)
    guard parameters.count == layout.count else {
      throw NetworkError("\(network.name) has \(layout.count) parameters, found \(parameters.count)")
    }
    if let index = parameters.firstIndex(where: { !$0.isFinite }) {
      let tensor = layout.tensors.first { $0.range.contains(index) }!
      throw NetworkError("value \(index - tensor.range.lowerBound) of \(tensor.name) is \(parameters[index])")
    }
    for tensor in layout.tensors where tensor.role == .runningVariance {
      guard case .batchNorm(let norm) = network.nodes[tensor.node].layer else { continue }
      if let index = tensor.range.first(where: { Double(parameters[$0]) + norm.epsilon <= 0 }) {
        throw NetworkError(
          "value \(index - tensor.range.lowerBound) of \(tensor.name) is \(parameters[index]), expected a variance")
      }
    }
    self.network = network
    self.parameters = parameters
  }
}
