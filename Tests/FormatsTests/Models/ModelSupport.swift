import Formats
import Foundation
import Models

/// The bytes of a file that PyTorch wrote (`Benchmarks/peers/onnx_fixtures.py`).
func modelFixture(_ name: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(fileURLWithPath: modelFixturePath(name))))
}

func modelFixturePath(_ name: String) -> String {
  let tests = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  return tests.appendingPathComponent("Fixtures/Models/\(name)").path
}

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }

  mutating func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &self) < probability }

  mutating func pick<Element>(_ choices: [Element]) -> Element { choices.randomElement(using: &self)! }

  mutating func values(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in .random(in: range, using: &self) }
  }
}

/// A small network of all kinds of layers with values that nothing is special about.
func randomModel(_ seed: UInt64) throws -> Model {
  var random = Seeded(seed)
  var builder = NetworkBuilder(input: [random.pick([1, 2, 3]), 7, 6])
  var channels = 0
  func activation(_ random: inout Seeded) -> Layer {
    random.pick([
      .activation(.relu), .activation(.leakyRelu(slope: 0.1)), .activation(.sigmoid), .activation(.tanh),
      .activation(.clip(low: 0, high: 6)), .activation(.clip(low: -0.25, high: .infinity)),
    ])
  }
  func convolve(_ random: inout Seeded, _ outputs: Int, groups: Int = 1, from input: Int? = nil) -> Int {
    let kernel = random.pick([1, 3])
    let padding = kernel / 2
    let window = Window(kernel, padding: padding)
    return builder.add(
      .convolution(Convolution(outputs: outputs, window: window, groups: groups, bias: random.chance(0.6))),
      to: input.map { [$0] })
  }
  channels = random.pick([4, 6])
  _ = convolve(&random, channels)
  for _ in 0..<Int.random(in: 1...4, using: &random) {
    let before = builder.last
    switch Int.random(in: 0..<6, using: &random) {
    case 0:
      let other = random.pick([4, 6])
      _ = convolve(&random, other)
      channels = other
    case 1: _ = convolve(&random, channels, groups: random.pick([channels % 2 == 0 ? 2 : 1, channels]))
    case 2:
      _ = convolve(&random, channels)
      builder.add(activation(&random))
      builder.add(.add, to: [builder.last, before])
    case 3:
      let branch = convolve(&random, 3)
      builder.add(.concatenate, to: random.chance(0.5) ? [before, branch] : [branch, before])
      channels += 3
    case 4: builder.add(.dropout(rate: 0.25))
    default: builder.add(.add, to: [before, before, before])
    }
    if random.chance(0.5) { builder.batchNorm() }
    builder.add(activation(&random))
  }
  let window = Window(
    height: 2, width: 3, verticalStride: 2, horizontalStride: 1,
    padding: Window.Padding(top: 1, left: 0, bottom: 0, right: 2))
  switch Int.random(in: 0..<4, using: &random) {
  case 0: builder.add(.globalAveragePool)
  case 1: builder.add(.maxPool(window))
  case 2: builder.add(.averagePool(window, countsPadding: random.chance(0.5)))
  default: builder.add(.averagePool(Window(2, stride: 2), countsPadding: true))
  }
  builder.flatten()
  builder.dense(random.pick([5, 8]), bias: random.chance(0.6))
  if random.chance(0.5) { builder.batchNorm() }
  builder.add(activation(&random))
  builder.dense(random.pick([5, 8]), bias: random.chance(0.6))
  builder.add(activation(&random))
  builder.dense(4)
  if random.chance(0.5) { builder.add(.softmax(logarithmic: random.chance(0.5))) }
  let network = try builder.network(name: "random-\(seed)")
  let layout = ParameterLayout(network)
  var values = random.values(layout.count)
  for tensor in layout.tensors where tensor.role == .runningVariance {
    values.replaceSubrange(tensor.range, with: random.values(tensor.range.count, in: 0.5...2))
  }
  return try Model(network: network, parameters: values)
}

/// The largest difference relative to the largest value.
func relativeDifference(_ left: [Float], _ right: [Float]) -> Float {
  guard left.count == right.count else { return .infinity }
  let scale = max(left.map(abs).max() ?? 0, 1e-3)
  return (zip(left, right).map { abs($0 - $1) }.max() ?? 0) / scale
}

/// Text of an error, or nil where there was none.
func complaint(_ body: () throws -> some Any) -> String? {
  do { _ = try body() } catch { return "\(error)" }
  return nil
}
