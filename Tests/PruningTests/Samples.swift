import Models
import Pruning
import Randomness

/// The layout of one hidden neuron with `count` inputs: exactly `count` prunable weights in one tensor.
func oneTensor(_ count: Int) throws -> ParameterLayout {
  ParameterLayout(try NetworkDescription(name: "one", widths: [count, 1, 2]))
}

/// A layout of two or three prunable tensors of keyed sizes.
func someTensors(seed: UInt64) throws -> ParameterLayout {
  var stream = RandomStream(seed: seed, .test, 1)
  let widths = (0..<3 + stream.below(2)).map { _ in 1 + stream.below(40) } + [10]
  return ParameterLayout(
    try NetworkDescription(name: "some", widths: widths), scope: PruningScope(prunesClassifier: stream.chance(0.5)))
}

/// Normal numbers under a seed.
func normals(_ count: Int, seed: UInt64) -> [Float] {
  var stream = RandomStream(seed: seed, .test, 2)
  return (0..<count).map { _ in Float(stream.normal()) }
}

/// Pearson's χ² of counts against probabilities.
func chiSquare(_ counts: [Int], _ probabilities: [Double]) -> Double {
  let total = Double(counts.reduce(0, +))
  return zip(counts, probabilities).reduce(0) { sum, pair in
    let expected = total * pair.1
    return sum + (Double(pair.0) - expected) * (Double(pair.0) - expected) / expected
  }
}

/// The number of positions in which two masks differ.
func distance(_ left: Mask, _ right: Mask) -> Int { left.symmetricDifference(right).population }
