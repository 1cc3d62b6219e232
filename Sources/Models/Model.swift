/// A network with its values: what a model file holds.
package struct Model: Hashable, Sendable {
  package let network: NetworkDescription
  /// All values of the network's ``ParameterLayout``, each finite.
  package let parameters: [Float]

  /// A checked model.
  ///
  /// - Throws: ``NetworkError`` for another number of values than the layout has, or one that is not finite, with the
  ///   name of its tensor.
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
    self.network = network
    self.parameters = parameters
  }
}
