import Models
import Networks
import Pruning
import Randomness

/// Random inputs for tests, each named by a seed.
enum Samples {
  static func data(_ seed: UInt64, count: Int, features: Int, classes: Int, scale: Int = 255) throws -> LabelledData {
    var stream = RandomStream(seed: seed, .test, 1)
    return try LabelledData(
      shape: [features], classes: classes, scale: scale,
      pixels: (0..<count * features).map { _ in stream.chance(0.6) ? 0 : UInt8(stream.below(256)) },
      labels: (0..<count).map { _ in UInt8(stream.below(classes)) })
  }

  /// Weights of both signs, some of them +0, −0, subnormal or huge enough to cancel.
  static func parameters(_ seed: UInt64, count: Int) -> [Float] {
    var stream = RandomStream(seed: seed, .test, 2)
    return (0..<count).map { _ in
      switch stream.below(20) {
      case 0: 0
      case 1: -0.0
      case 2: Float(bitPattern: UInt32(stream.below(1000)))
      case 3: -Float.leastNonzeroMagnitude
      case 4: Float(stream.uniform() - 0.5) * 1e6
      default: Float(stream.uniform() - 0.5)
      }
    }
  }

  /// How many samples a network gets right.
  static func correct(_ network: NetworkDescription, _ parameters: [Float], _ data: LabelledData) throws -> Int {
    let evaluator = try MaskedEvaluator(
      network: network, scope: PruningScope(), parameters: parameters, data: data)
    guard case .exact(let correct, _, _) = evaluator.evaluate(nil) else { throw NetworkError("not finite") }
    return correct
  }

  static func mask(_ seed: UInt64, count: Int, density: Double) -> Mask {
    var stream = RandomStream(seed: seed, .test, 3)
    return Mask(count: count, keeping: stream.choose(Int((Double(count) * density).rounded()), of: count))
  }
}
