package import Models

/// How many weights of the first layer each pixel of an input keeps.
package struct InputCounts: Hashable, Sendable {
  package let layer: String
  package let width: Int
  package let height: Int
  /// The number without pruning.
  package let most: Int
  /// Row by row.
  package let kept: [Int]

  /// - Parameter mask: nil keeps all.
  /// - Returns: nil where the network does not begin with a dense layer, or its inputs make no picture.
  /// - Complexity: linear in the weights of the layer.
  package init?(_ mask: Mask?, of network: NetworkDescription, scope: PruningScope) {
    guard let tensor = ParameterLayout(network, scope: scope).prunable.first, tensor.shape.count == 2,
      let range = tensor.maskRange, range.count <= 1 << 22
    else { return nil }
    let inputs = tensor.shape[1]
    let shape = network.shapes[0]
    guard shape.reduce(1, *) == inputs, let side = Self.sides(shape) else { return nil }
    let pixels = side.width * side.height
    var counts = Array(repeating: 0, count: pixels)
    for output in 0..<tensor.shape[0] {
      let row = range.lowerBound + output * inputs
      for input in 0..<inputs where mask?[row + input] ?? true { counts[input % pixels] += 1 }
    }
    layer = network.nodes[tensor.node].name
    (width, height) = side
    most = tensor.shape[0] * (inputs / pixels)
    kept = counts
  }

  /// The sides of an input: those of its channels, or of a square where it is a row of values, of one channel or three.
  private static func sides(_ shape: [Int]) -> (width: Int, height: Int)? {
    if shape.count == 3 { return (shape[2], shape[1]) }
    guard shape.count == 1 else { return nil }
    for channels in [1, 3] where shape[0] % channels == 0 {
      let side = Int(Double(shape[0] / channels).squareRoot().rounded())
      if side * side * channels == shape[0], side > 1 { return (side, side) }
    }
    return nil
  }
}
