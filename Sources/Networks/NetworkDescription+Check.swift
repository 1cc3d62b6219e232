internal import Models

extension NetworkDescription {
  /// Checks that data and parameters belong to this network.
  ///
  /// - Throws: ``NetworkError`` that names both sizes.
  func check(shape: [Int], classes: Int, parameters: Int?) throws(NetworkError) {
    guard accepts(shape: shape) else {
      throw NetworkError("\(name) takes samples of \(inputShape), a sample of the data has \(shape)")
    }
    guard classes == outputCount else {
      throw NetworkError("\(name) has \(outputCount) classes, the data \(classes)")
    }
    let expected = ParameterLayout(self).count
    if let parameters, parameters != expected {
      throw NetworkError("\(name) has \(expected) parameters, found \(parameters)")
    }
  }
}
