package import Models
internal import Randomness

/// The parameters that training starts from: Kaiming uniform weights for ReLU, zero biases, and batch normalisation
/// that changes nothing.
///
/// Weights are drawn from U(−√(6/n), √(6/n)) with n inputs of a sum, each tensor from a stream of its own.
///
/// Source: He, Zhang, Ren, Sun, "Delving deep into rectifiers", ICCV 2015.
///
/// - Complexity: linear in the number of parameters.
package func initialParameters(_ network: NetworkDescription, seed: UInt64) -> [Float] {
  let layout = ParameterLayout(network)
  var values = [Float](repeating: 0, count: layout.count)
  for (index, tensor) in layout.tensors.enumerated() {
    switch tensor.role {
    case .weight:
      var stream = RandomStream(seed: seed, .initialWeights, UInt64(index))
      let bound = (6 / Double(tensor.shape.dropFirst().reduce(1, *))).squareRoot()
      for position in tensor.range { values[position] = Float((2 * stream.uniform() - 1) * bound) }
    case .scale, .runningVariance:
      for position in tensor.range { values[position] = 1 }
    case .bias, .shift, .runningMean:
      break
    }
  }
  return values
}
