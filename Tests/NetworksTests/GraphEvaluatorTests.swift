import Models
import Networks
import Pruning
import Randomness
import Testing

/// The fast evaluator against the reference on graphs of every kind of layer, bit by bit.
@Suite struct GraphEvaluatorTests {
  struct Case: Sendable, CustomStringConvertible {
    let seed: UInt64
    let samples: Int
    let density: Double?

    var description: String { "seed \(seed), \(samples) samples, density \(density ?? -1)" }
  }

  static let cases: [Case] = {
    var out: [Case] = []
    let sizes = [1, 15, 16, 17, 63, 64, 65, 80]
    let densities: [Double?] = [nil, 0, 0.1, 0.4, 0.49, 0.51, 0.7, 1]
    for seed in 0..<96 {
      out.append(Case(seed: UInt64(seed), samples: sizes[seed % 8], density: densities[seed / 2 % 8]))
    }
    return out
  }()

  struct Parts {
    let network: NetworkDescription
    let scope: PruningScope
    let parameters: [Float]
    let data: LabelledData
    let mask: Mask?
  }

  static func parts(_ test: Case) throws -> Parts {
    var stream = RandomStream(seed: test.seed, .test, 78)
    let network = try RandomNetwork.make(test.seed)
    let scope = PruningScope(prunesClassifier: stream.chance(0.5))
    let layout = ParameterLayout(network, scope: scope)
    var parameters = (0..<layout.count).map { _ in stream.chance(0.05) ? -0.0 : Float(stream.uniform() - 0.5) }
    for tensor in layout.tensors where tensor.role == .runningVariance {
      for index in tensor.range { parameters[index] = Float(stream.uniform() + 0.1) }
    }
    let features = network.inputCount
    let values: LabelledData.Values =
      stream.chance(0.5)
      ? .bytes((0..<test.samples * features).map { _ in UInt8(stream.below(256)) }, scale: 255)
      : .floats((0..<test.samples * features).map { _ in Float(stream.normal()) })
    let channels = network.inputShape.count == 3 ? network.inputShape[0] : 1
    let normalization = LabelledData.Normalization(
      mean: (0..<channels).map { _ in Float(stream.uniform()) },
      deviation: (0..<channels).map { _ in Float(stream.uniform() + 0.2) })
    let data = try LabelledData(
      shape: network.inputShape, classes: network.outputCount, values: values,
      labels: (0..<test.samples).map { _ in UInt8(stream.below(network.outputCount)) },
      normalization: stream.chance(0.5) ? normalization : nil)
    let mask = test.density.map { Samples.mask(test.seed, count: layout.prunableCount, density: $0) }
    return Parts(
      network: network, scope: scope, parameters: parameters,
      data: test.seed % 3 == 0 ? try Samples.regression(test.seed, of: data) : data, mask: mask)
  }

  @Test(arguments: cases) func agreesWithTheReference(_ test: Case) throws {
    let parts = try Self.parts(test)
    let reference = try ReferenceEvaluator(
      network: parts.network, scope: parts.scope, parameters: parts.parameters, data: parts.data)
    let expected = reference.evaluate(parts.mask)
    let logits = (0..<test.samples).flatMap { reference.logits(of: $0, parts.mask) ?? [] }
    #expect(expected != .nonfinite)
    for variant in KernelVariant.available {
      let evaluator = try MaskedEvaluator(
        network: parts.network, scope: parts.scope, parameters: parts.parameters, data: EvaluationData(parts.data),
        variant: variant)
      _ = evaluator.evaluate(Mask(count: evaluator.maskCount))
      #expect(evaluator.evaluate(parts.mask) == expected, "\(variant), \(parts.network.nodes)")
      #expect(evaluator.logits(parts.mask).map(\.bitPattern) == logits.map(\.bitPattern), "\(variant)")
    }
  }

  /// A sum that reads a value again may not have overwritten it.
  @Test func sumsMayNameAValueTwice() throws {
    for shape in [[5], [2, 3, 3]] {
      for inputs in [[2, 3, 2], [3, 2, 3], [3, 3, 2], [2, 2]] {
        var builder = NetworkBuilder(input: shape)
        builder.add(.activation(.tanh))
        for _ in 0..<2 { builder.add(.activation(.sigmoid), to: [1]) }
        builder.add(.add, to: inputs)
        if inputs.count == 2 { builder.add(.add, to: [3, 4]) }
        builder.flatten()
        builder.dense(3)
        let network = try builder.network(name: "sums")
        let data = try LabelledData(
          shape: shape, classes: 3, scale: 255,
          pixels: (0..<20 * network.inputCount).map { UInt8($0 * 37 % 256) }, labels: (0..<20).map { UInt8($0 % 3) })
        let parameters = Samples.parameters(3, count: ParameterLayout(network).count)
        let expected = try ReferenceEvaluator(
          network: network, scope: PruningScope(), parameters: parameters, data: data
        ).evaluate(nil)
        for variant in KernelVariant.available {
          let evaluator = try MaskedEvaluator(
            network: network, scope: PruningScope(), parameters: parameters, data: EvaluationData(data),
            variant: variant)
          #expect(evaluator.evaluate(nil) == expected, "\(variant), \(inputs)")
        }
      }
    }
  }

  /// Features lie in memory that others had before; flattened images are all there before the first of them.
  @Test func featuresShareMemory() throws {
    var builder = NetworkBuilder(input: [3, 4, 4])
    let image = builder.relu()
    builder.flatten()
    builder.dense(48)
    builder.add(.activation(.sigmoid))
    builder.dense(30)
    let early = builder.add(.activation(.tanh))
    builder.add(.maxPool(Window(2, stride: 2)), to: [image])
    let flat = builder.flatten()
    builder.add(.concatenate, to: [early, flat])
    builder.dense(48)
    for _ in 0..<4 {
      let before = builder.last
      builder.add(.activation(.sigmoid))
      builder.add(.add, to: [before, builder.last])
    }
    let sum = builder.last
    builder.convolution(2, kernel: 3, to: image)
    let late = builder.flatten()
    builder.add(.dense(outputs: 8, bias: true), to: [flat])
    builder.add(.concatenate, to: [builder.last, late, sum])
    builder.dense(3)
    let network = try builder.network(name: "shared")
    let data = try LabelledData(
      shape: [3, 4, 4], classes: 3, scale: 255, pixels: (0..<70 * 48).map { UInt8($0 * 37 % 256) },
      labels: (0..<70).map { UInt8($0 % 3) })
    let parameters = Samples.parameters(4, count: ParameterLayout(network).count)
    let expected = try ReferenceEvaluator(
      network: network, scope: PruningScope(), parameters: parameters, data: data
    ).evaluate(nil)
    for variant in KernelVariant.available {
      let evaluator = try MaskedEvaluator(
        network: network, scope: PruningScope(), parameters: parameters, data: EvaluationData(data), variant: variant)
      #expect(evaluator.evaluate(nil) == expected, "\(variant)")
    }
  }

  /// 600 lists of 65,536 features need 9 GiB where all are needed at once, and little where they are not.
  @Test(arguments: [false, true]) func memoryOfFeaturesHasALimit(atOnce: Bool) throws {
    var builder = NetworkBuilder(input: [1])
    let wide = builder.dense(65_536)
    var branches: [Int] = []
    for _ in 0..<600 {
      branches.append(
        atOnce ? builder.add(.activation(.sigmoid), to: [wide]) : builder.add(.softmax(logarithmic: false)))
    }
    if atOnce { builder.add(.add, to: branches) }
    builder.dense(2)
    let network = try builder.network(name: "wide")
    let data = try EvaluationData(LabelledData(shape: [1], classes: 2, scale: 1, pixels: [1], labels: [0]))
    let parameters = [Float](repeating: 0, count: ParameterLayout(network).count)
    func evaluator() throws -> MaskedEvaluator {
      try MaskedEvaluator(network: network, scope: PruningScope(), parameters: parameters, data: data)
    }
    if atOnce { #expect(throws: NetworkError.self) { try evaluator() } } else { _ = try evaluator() }
  }

  /// Residual sums are taken with whichever side is computed last, in any order and with the input itself.
  @Test(arguments: 0..<12) func residualSums(_ number: Int) throws {
    var builder = NetworkBuilder(input: [4, 6, 5])
    if number % 4 > 0 { builder.convolution(4, kernel: 1) }
    let shortcut = builder.last
    builder.convolution(4, kernel: 3, padding: 1, bias: false)
    if number % 3 > 0 { builder.batchNorm() }
    let main = builder.last
    switch number % 4 {
    case 2:
      builder.convolution(4, kernel: 1, to: shortcut)
      builder.batchNorm()
      builder.add(.add, to: [main, builder.last])
    case 3: builder.add(.add, to: [shortcut, main])
    default: builder.add(.add, to: [main, shortcut])
    }
    if number % 2 > 0 { builder.relu() }
    builder.convolution(5, kernel: 3, stride: 2, padding: 1)
    builder.flatten()
    builder.dense(3)
    let network = try builder.network(name: "residual")
    var stream = RandomStream(seed: UInt64(number), .test, 83)
    let data = try LabelledData(
      shape: [4, 6, 5], classes: 3, values: .floats((0..<40 * 120).map { _ in Float(stream.normal()) }),
      labels: (0..<40).map { _ in UInt8(stream.below(3)) })
    let layout = ParameterLayout(network)
    // The third makes batch normalisation overflow in front of the sum.
    for (density, overflows) in [(0.3, false), (0.8, false), (0.8, true)] {
      var parameters = (0..<layout.count).map { _ in Float(stream.uniform() - 0.5) }
      for tensor in layout.tensors where tensor.role == .runningVariance || overflows && tensor.role == .scale {
        for index in tensor.range { parameters[index] = tensor.role == .scale ? 3e38 : 1 }
      }
      let mask = Samples.mask(UInt64(number), count: layout.prunableCount, density: density)
      let expected = try ReferenceEvaluator(
        network: network, scope: PruningScope(), parameters: parameters, data: data
      ).evaluate(mask)
      for variant in KernelVariant.available {
        let evaluator = try MaskedEvaluator(
          network: network, scope: PruningScope(), parameters: parameters, data: EvaluationData(data),
          variant: variant)
        #expect(evaluator.evaluate(mask) == expected, "\(variant), \(density)")
      }
    }
  }

  /// A normalisation that overflows spoils the network even if no kept weight reads the value.
  @Test func overflowOfInputsCounts() throws {
    let network = try NetworkDescription(name: "test", widths: [2, 2, 2])
    let parameters = [Float](repeating: 1, count: ParameterLayout(network).count)
    let tiny = LabelledData.Normalization(mean: [0], deviation: [1e-30])
    for values in [LabelledData.Values.floats([0, 1e20]), .floats([0, 1]), .bytes([0, 1], scale: 1)] {
      let data = try LabelledData(shape: [2], classes: 2, values: values, labels: [0], normalization: tiny)
      let mask = Mask(count: 4, keeping: [0, 2])
      let expected = try ReferenceEvaluator(
        network: network, scope: PruningScope(), parameters: parameters, data: data
      ).evaluate(mask)
      #expect((expected == .nonfinite) == (values == .floats([0, 1e20])))
      for variant in KernelVariant.available {
        let evaluator = try MaskedEvaluator(
          network: network, scope: PruningScope(), parameters: parameters, data: EvaluationData(data),
          variant: variant)
        #expect(evaluator.evaluate(mask) == expected, "\(variant)")
      }
    }
  }

  /// The logarithm of a probability can leave the range of `Float` where its scores do not.
  @Test func overflowOfLogarithmsCounts() throws {
    var builder = NetworkBuilder(input: [1])
    builder.dense(2)
    builder.add(.softmax(logarithmic: true))
    builder.dense(2)
    let network = try builder.network(name: "test")
    let data = try LabelledData(shape: [1], classes: 2, scale: 1, pixels: [1], labels: [0])
    for (scale, isFinite) in [(Float(1), true), (3e38, false)] {
      let parameters: [Float] = [scale, -scale, 0, 0, 0, 0, 0, 0, 0, 0]
      #expect(parameters.count == ParameterLayout(network).count)
      let expected = try ReferenceEvaluator(
        network: network, scope: PruningScope(), parameters: parameters, data: data
      ).evaluate(nil)
      #expect((expected != .nonfinite) == isFinite)
      for variant in KernelVariant.available {
        let evaluator = try MaskedEvaluator(
          network: network, scope: PruningScope(), parameters: parameters, data: EvaluationData(data),
          variant: variant)
        #expect(evaluator.evaluate(nil) == expected, "\(variant)")
      }
    }
  }

  @Test(arguments: 0..<24) func nonfiniteValuesAreFoundAlike(_ number: Int) throws {
    let test = Case(seed: UInt64(number), samples: 20, density: number % 3 == 0 ? nil : 0.5)
    let parts = try Self.parts(test)
    var stream = RandomStream(seed: UInt64(number), .test, 79)
    for value in [Float.nan, .infinity, 3e38] {
      var parameters = parts.parameters
      parameters[stream.below(parameters.count)] = value
      let expected = try ReferenceEvaluator(
        network: parts.network, scope: parts.scope, parameters: parameters, data: parts.data
      ).evaluate(parts.mask)
      for variant in KernelVariant.available {
        let evaluator = try MaskedEvaluator(
          network: parts.network, scope: parts.scope, parameters: parameters, data: EvaluationData(parts.data),
          variant: variant)
        #expect(evaluator.evaluate(parts.mask) == expected, "\(variant), \(value), seed \(number)")
      }
    }
  }
}
