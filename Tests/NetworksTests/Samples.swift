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

  /// The same samples with targets of both signs, some of them equal, −0 or huge.
  static func regression(_ seed: UInt64, of data: LabelledData) throws -> LabelledData {
    var stream = RandomStream(seed: seed, .test, 4)
    let targets = (0..<data.count * data.classes).map { _ -> Float in
      switch stream.below(10) {
      case 0: 0
      case 1: -0.0
      case 2: 1
      case 3: Float(stream.normal()) * 1e6
      default: Float(stream.normal())
      }
    }
    return try LabelledData(
      shape: data.shape, classes: data.classes, values: data.values,
      labels: (0..<data.count).map {
        LabelledData.firstLargest(of: targets[$0 * data.classes..<($0 + 1) * data.classes])
      },
      normalization: data.normalization, targets: targets)
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

  /// Samples most of whose features are zero, as in images of digits: some in all samples, some in all but a few.
  static func sparse(_ data: LabelledData, seed: UInt64) throws -> LabelledData {
    guard case .bytes(var pixels, let scale) = data.values else { return data }
    var stream = RandomStream(seed: seed, .test, 7)
    let rarity = (0..<data.featureCount).map { _ in [0, 0.001, 0.01, 0.5, 1][stream.below(5)] }
    for index in pixels.indices where !stream.chance(rarity[index % data.featureCount]) { pixels[index] = 0 }
    return try LabelledData(
      shape: data.shape, classes: data.classes, values: .bytes(pixels, scale: scale), labels: data.labels,
      normalization: data.normalization, targets: data.targets)
  }
}
