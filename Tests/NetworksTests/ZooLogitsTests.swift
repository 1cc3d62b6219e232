import Foundation
import Models
import Networks
import Testing

/// Every network of the zoo against PyTorch: `Benchmarks/peers/zoo_logits.py` wrote the logits and says by which rule
/// both sides make parameters and inputs.
@Suite struct ZooLogitsTests {
  struct Expected: Decodable {
    struct Entry: Decodable, Sendable, CustomTestStringConvertible {
      let name: String
      let shape: [Int]
      let multiplier: Double
      /// The factor of the weights that keeps the logits near 1.
      let gain: Float
      /// All values of the buffer, running statistics included.
      let parameters: Int
      let logits: [[Float]]

      var testDescription: String { "\(name) × \(multiplier) on \(shape)" }
    }

    let classes: Int
    let networks: [Entry]

    static let file = Result { try JSONDecoder().decode(Expected.self, from: Data(PackageResources.zoo_logits_json)) }
  }

  /// MurmurHash3's finaliser over a key and an index.
  private static func hash(_ key: Int, _ index: Int) -> UInt32 {
    var x = UInt32(truncatingIfNeeded: key) &* 0x9E37_79B1 &+ UInt32(truncatingIfNeeded: index)
    x ^= x >> 16
    x &*= 0x85EB_CA6B
    x ^= x >> 13
    x &*= 0xC2B2_AE35
    return x ^ x >> 16
  }

  private static func parameters(_ layout: ParameterLayout, gain: Float) -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(layout.count)
    for (key, tensor) in layout.tensors.enumerated() {
      let fanIn = tensor.shape.dropFirst().reduce(1, *)
      let bound = gain * (6 / Float(fanIn)).squareRoot()
      for index in 0..<tensor.range.count {
        let unit = Float(hash(key, index) >> 8) / Float(1 << 24)
        switch tensor.role {
        case .weight: values.append((2 * unit - 1) * bound)
        case .bias, .shift, .runningMean: values.append((2 * unit - 1) * 0.1)
        case .scale, .runningVariance: values.append(0.5 + unit)
        }
      }
    }
    return values
  }

  @Test func everyNetworkOfTheListIsThere() throws {
    let known = Set(try Expected.file.get().networks.map(\.name))
    // A second name of resnet-20, and two patterns with examples in the file.
    for name in Zoo.names where name != "resnet-18-lottery" && !name.contains("WIDTH") { #expect(known.contains(name)) }
    #expect(known.contains { $0.hasPrefix("mlp-") } && known.contains { $0.hasPrefix("wide-resnet-") })
  }

  @Test("The logits are those of PyTorch in double precision", arguments: try Expected.file.get().networks)
  func logits(_ expected: Expected.Entry) throws {
    let classes = try Expected.file.get().classes
    let network = try Zoo.network(
      named: expected.name, shape: expected.shape, classes: classes, widthMultiplier: expected.multiplier)
    let layout = ParameterLayout(network)
    #expect(layout.count == expected.parameters)
    let samples = expected.logits.count
    var pixels: [UInt8] = []
    for sample in 0..<samples {
      for index in 0..<network.inputCount { pixels.append(UInt8(Self.hash(0xFFFF, index) & 255) >> UInt8(sample)) }
    }
    let data = try LabelledData(
      shape: network.inputShape, classes: classes, scale: 255, pixels: pixels,
      labels: [UInt8](repeating: 0, count: samples))
    let evaluator = try MaskedEvaluator(
      network: network, scope: PruningScope(), parameters: Self.parameters(layout, gain: expected.gain), data: data)
    let found = evaluator.logits(nil)
    try #require(found.count == samples * classes)
    // PyTorch's own single precision is off by up to 4e-6 here.
    for (found, expected) in zip(found, expected.logits.joined()) { #expect(abs(found - expected) < 1e-4) }
  }
}
