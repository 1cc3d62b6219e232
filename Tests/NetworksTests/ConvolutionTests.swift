import Models
import Networks
import Pruning
import Randomness
import Testing

/// Convolutions of the shapes that choose each kernel: the fast evaluator against the reference bit by bit, and the
/// reference against sums in `Double` of another make.
@Suite struct ConvolutionTests {
  struct Case: Sendable, CustomStringConvertible {
    let seed: UInt64
    let input: [Int]
    let convolution: Convolution
    let density: Double?

    var description: String { "seed \(seed), \(input), \(convolution), density \(density ?? -1)" }
  }

  /// Outputs of every size up to what the largest tiles need, from few channels.
  static let tiles: [Case] = (0..<UInt64(120)).map { seed in
    var stream = RandomStream(seed: seed, .test, 81)
    let groups = stream.chance(0.3) ? 2 : 1
    let size = 1 + stream.below(3)
    let window = Window(
      size, stride: stream.chance(0.3) ? 2 : 1, padding: stream.chance(0.5) ? 0 : stream.below(size))
    return Case(
      seed: seed, input: [groups * (1 + stream.below(3)), size + stream.below(9), size + stream.below(18)],
      convolution: Convolution(outputs: groups * (1 + stream.below(19)), window: window, groups: groups),
      density: [nil, 0, 0.2, 0.5, 0.8, 1][stream.below(6)])
  }

  /// So many channels that lists are read in several chunks, for some densities.
  static let chunks: [Case] = [0.01, 0.05, 0.3, 0.54, 0.56].enumerated().flatMap { index, density in
    [
      Case(
        seed: UInt64(index), input: [40, 4, 9], convolution: Convolution(outputs: 9, window: Window(3, padding: 1)),
        density: density),
      Case(
        seed: UInt64(index), input: [130, 2, 3], convolution: Convolution(outputs: 12, window: Window(1), groups: 2),
        density: density),
    ]
  }

  struct Parts {
    let network: NetworkDescription
    let parameters: [Float]
    let data: LabelledData
    let mask: Mask?
  }

  /// - Parameter classes: of a dense layer behind the convolution; nil makes the convolution's values the class scores.
  static func parts(_ test: Case, samples: Int, classes: Int?) throws -> Parts {
    var builder = NetworkBuilder(input: test.input)
    builder.add(.convolution(test.convolution))
    builder.flatten()
    if let classes { builder.dense(classes) }
    let network = try builder.network(name: "convolution")
    let layout = ParameterLayout(network, scope: PruningScope(prunesClassifier: true))
    var stream = RandomStream(seed: test.seed, .test, 82)
    let parameters = (0..<layout.count).map { _ in stream.chance(0.05) ? -0.0 : Float(stream.uniform() - 0.5) }
    let data = try LabelledData(
      shape: test.input, classes: network.outputCount,
      values: .floats((0..<samples * network.inputCount).map { _ in Float(stream.normal()) }),
      labels: (0..<samples).map { _ in UInt8(stream.below(network.outputCount)) })
    let mask = test.density.map { Samples.mask(test.seed, count: layout.prunableCount, density: $0) }
    return Parts(network: network, parameters: parameters, data: data, mask: mask)
  }

  func reference(_ parts: Parts) throws -> [Float] {
    let evaluator = try ReferenceEvaluator(
      network: parts.network, scope: PruningScope(prunesClassifier: true), parameters: parts.parameters,
      data: parts.data)
    return (0..<parts.data.count).flatMap { evaluator.logits(of: $0, parts.mask) ?? [] }
  }

  @Test(arguments: tiles + chunks) func agreesWithTheReference(_ test: Case) throws {
    let parts = try Self.parts(test, samples: 17, classes: 3)
    let expected = try reference(parts).map(\.bitPattern)
    #expect(expected.count == 51)
    for variant in KernelVariant.available {
      let evaluator = try MaskedEvaluator(
        network: parts.network, scope: PruningScope(prunesClassifier: true), parameters: parts.parameters,
        data: EvaluationData(parts.data), variant: variant)
      // Whatever was evaluated before leaves no trace.
      for other in [nil, Mask(count: evaluator.maskCount), parts.mask] { _ = evaluator.evaluate(other) }
      #expect(evaluator.logits(parts.mask).map(\.bitPattern) == expected, "\(variant)")
    }
  }

  static let small: [Case] = [
    Case(
      seed: 1, input: [4, 7, 6], convolution: Convolution(outputs: 6, window: Window(3, padding: 1)), density: 0.3),
    Case(
      seed: 2, input: [6, 9, 8], convolution: Convolution(outputs: 9, window: Window(3, stride: 2), groups: 3),
      density: 0.8),
    Case(
      seed: 3, input: [5, 5, 5], convolution: Convolution(outputs: 5, window: Window(3, padding: 2), groups: 5),
      density: nil),
    Case(
      seed: 4, input: [3, 8, 11],
      convolution: Convolution(
        outputs: 5,
        window: Window(
          height: 2, width: 4, verticalStride: 2, horizontalStride: 3,
          padding: Window.Padding(top: 1, left: 0, bottom: 0, right: 3)), bias: false), density: 0.5),
  ]

  /// Every input is sent to the outputs that it touches, the other way round than in the evaluators.
  @Test(arguments: small) func isAConvolution(_ test: Case) throws {
    let parts = try Self.parts(test, samples: 3, classes: nil)
    let layout = ParameterLayout(parts.network, scope: PruningScope(prunesClassifier: true))
    let (input, output) = (test.input, parts.network.shapes[1])
    let (weight, window) = (layout[1, .weight]!, test.convolution.window)
    let (perGroup, outputsPerGroup) = (weight.shape[1], output[0] / test.convolution.groups)
    var expected: [Double] = []
    for sample in 0..<parts.data.count {
      var sums = [Double](repeating: 0, count: parts.network.outputCount)
      if let bias = layout[1, .bias] {
        for index in sums.indices {
          sums[index] = Double(parts.parameters[bias.range.lowerBound + index / (output[1] * output[2])])
        }
      }
      for (place, value) in parts.data.inputs(of: sample).enumerated() {
        let (channel, y, x) = (place / (input[1] * input[2]), place / input[2] % input[1], place % input[2])
        for out in channel / perGroup * outputsPerGroup..<(channel / perGroup + 1) * outputsPerGroup {
          for down in 0..<window.height {
            for right in 0..<window.width {
              let (top, left) = (y + window.padding.top - down, x + window.padding.left - right)
              guard top >= 0, left >= 0, top % window.verticalStride == 0, left % window.horizontalStride == 0,
                top / window.verticalStride < output[1], left / window.horizontalStride < output[2]
              else { continue }
              let index = ((out * perGroup + channel % perGroup) * window.height + down) * window.width + right
              if let mask = parts.mask, !mask[weight.maskRange!.lowerBound + index] { continue }
              sums[(out * output[1] + top / window.verticalStride) * output[2] + left / window.horizontalStride] +=
                Double(parts.parameters[weight.range.lowerBound + index]) * Double(value)
            }
          }
        }
      }
      expected += sums
    }
    let evaluator = try MaskedEvaluator(
      network: parts.network, scope: PruningScope(prunesClassifier: true), parameters: parts.parameters,
      data: parts.data)
    for (found, expected) in [evaluator.logits(parts.mask), try reference(parts)].flatMap({ zip($0, expected) }) {
      #expect(abs(Double(found) - expected) < 1e-5)
    }
  }

  /// 0 · ∞ is not a number, so it may not depend on the kernel whether padding is multiplied.
  @Test func infiniteWeightThatOnlyPaddingMeets() throws {
    let test = Case(
      seed: 5, input: [1, 1, 1], convolution: Convolution(outputs: 2, window: Window(3, padding: 1)), density: nil)
    let parts = try Self.parts(test, samples: 1, classes: nil)
    var parameters = parts.parameters
    parameters[0] = .infinity
    let scope = PruningScope(prunesClassifier: true)
    let without = Mask(count: 18, keeping: 1..<18)
    let reference = try ReferenceEvaluator(
      network: parts.network, scope: scope, parameters: parameters, data: parts.data)
    #expect(reference.evaluate(nil) == .nonfinite)
    #expect(reference.evaluate(without) != .nonfinite)
    for variant in KernelVariant.available {
      let evaluator = try MaskedEvaluator(
        network: parts.network, scope: scope, parameters: parameters, data: EvaluationData(parts.data),
        variant: variant)
      #expect(evaluator.evaluate(nil) == .nonfinite)
      #expect(evaluator.evaluate(without) == reference.evaluate(without))
    }
  }

  @Test func networksThatFillTheMemoryAreRefused() throws {
    var builder = NetworkBuilder(input: [4096, 1, 1])
    let window = Window(1, stride: 4096, padding: 4096)
    builder.add(.convolution(Convolution(outputs: 2, window: window, groups: 2, bias: false)))
    builder.add(.globalAveragePool)
    builder.flatten()
    let network = try builder.network(name: "hostile")
    let data = try LabelledData(shape: [4096, 1, 1], classes: 2, values: .floats([]), labels: [])
    let parameters = [Float](repeating: 0, count: ParameterLayout(network).count)
    #expect(throws: NetworkError.self) {
      try MaskedEvaluator(network: network, scope: PruningScope(), parameters: parameters, data: data)
    }
  }
}
