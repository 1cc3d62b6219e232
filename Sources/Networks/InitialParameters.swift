package import Models
internal import Randomness

/// The parameters that training starts from: Kaiming uniform weights for ReLU and zero biases.
///
/// Weights are drawn from U(−√(6/inputs), √(6/inputs)), each tensor from a stream of its own.
///
/// Source: He, Zhang, Ren, Sun, "Delving deep into rectifiers", ICCV 2015.
///
/// - Complexity: linear in the number of parameters.
package func initialParameters(_ network: NetworkDescription, seed: UInt64) -> [Float] {
  let layout = ParameterLayout(network)
  var values = [Float](repeating: 0, count: layout.count)
  for (index, tensor) in layout.tensors.enumerated() where tensor.shape.count == 2 {
    var stream = RandomStream(seed: seed, .initialWeights, UInt64(index))
    let bound = (6 / Double(tensor.shape[1])).squareRoot()
    for position in tensor.range { values[position] = Float((2 * stream.uniform() - 1) * bound) }
  }
  return values
}
