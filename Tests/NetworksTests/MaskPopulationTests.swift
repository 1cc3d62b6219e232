import Models
import Networks
import Pruning
import Randomness
import Testing

/// Masks evaluated together against the same masks one by one, bit by bit.
@Suite struct MaskPopulationTests {
  struct Case: Sendable, CustomStringConvertible {
    let seed: UInt64
    let samples: Int
    let widths: [Int]
    let masks: Int
    let kind: Kind
    var hasTargets = false

    enum Kind: CaseIterable { case unrelated, children, copies, every }

    var description: String { "seed \(seed), \(samples) samples, \(widths), \(masks) masks, \(kind)" }
  }

  static let cases: [Case] = {
    let shapes = [[1, 2], [65, 13, 10], [129, 9, 17, 5], [401, 31, 5], [784, 40, 20, 10], [3, 1, 2]]
    var out: [Case] = []
    for (index, samples) in [0, 1, 63, 65, 257, 1023, 1025, 2100].enumerated() {
      for (other, kind) in Case.Kind.allCases.enumerated() {
        out.append(
          Case(
            seed: UInt64(100 * index + other), samples: samples, widths: shapes[(index + other) % shapes.count],
            masks: [1, 2, 7, 20][(index + 2 * other) % 4], kind: kind, hasTargets: (index + other) % 3 == 0))
      }
    }
    return out
  }()

  private static func masks(_ test: Case, count: Int) -> [Mask?] {
    var stream = RandomStream(seed: test.seed, .test, 6)
    let parent = Samples.mask(test.seed, count: count, density: 0.3)
    return (0..<test.masks).map { index -> Mask? in
      switch test.kind {
      case .unrelated: return Samples.mask(test.seed + UInt64(index) * 1000, count: count, density: stream.uniform())
      case .children:
        var child = parent
        for _ in 0..<stream.below(5) where count > 0 { child[stream.below(count)].toggle() }
        return child
      case .copies: return parent
      case .every: return index % 2 == 0 ? nil : Mask(count: count, keeping: index % 4 == 1)
      }
    }
  }

  @Test(arguments: cases, [false, true])
  func togetherAsAlone(_ test: Case, isSparse: Bool) throws {
    let network = try NetworkDescription(name: "test", widths: test.widths)
    let layout = ParameterLayout(network)
    let plain = try Samples.data(
      test.seed, count: test.samples, features: network.inputCount, classes: network.outputCount)
    var data = isSparse ? try Samples.sparse(plain, seed: test.seed) : plain
    if test.hasTargets { data = try Samples.regression(test.seed, of: data) }
    let parameters = Samples.parameters(test.seed, count: layout.count)
    let masks = Self.masks(test, count: layout.prunableCount)
    let ways = KernelVariant.available.map { ($0, Int.max) } + [(.best, 0)]
    for (variant, assembledSamples) in ways {
      let evaluator = try MaskedEvaluator(
        network: network, scope: PruningScope(), parameters: parameters, data: EvaluationData(data), variant: variant,
        assembledSamples: assembledSamples)
      let alone = masks.map { evaluator.evaluate($0) }
      let together = evaluator.evaluate(masks.map { MaskedEvaluator.Query(mask: $0) })
      #expect(together == alone, "\(variant)")
      // Other samples, other masks: nothing of the first is left.
      let some = test.samples / 2
      let again = evaluator.evaluate(masks.reversed().map { MaskedEvaluator.Query(mask: $0, samples: some) })
      #expect(again == masks.reversed().map { evaluator.evaluate($0, samples: some, threshold: nil) }, "\(variant)")
    }
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func thresholdsAreMissedTogetherAsAlone(seed: UInt64) throws {
    let network = try NetworkDescription(name: "test", widths: [200, 20, 10])
    let layout = ParameterLayout(network)
    var stream = RandomStream(seed: seed, .test, 9)
    let plain = try Samples.data(seed, count: 2600, features: 200, classes: 10)
    let data = seed % 2 == 0 ? try Samples.sparse(plain, seed: seed) : plain
    let evaluator = try MaskedEvaluator(
      network: network, scope: PruningScope(), parameters: (0..<layout.count).map { _ in Float(stream.normal()) / 8 },
      data: EvaluationData(data))
    let masks = (0..<30).map { Samples.mask(seed + $0, count: layout.prunableCount, density: 0.2) }
    let exact = masks.map { evaluator.evaluate($0) }
    let losses = exact.map(\.loss).sorted()
    let accuracies = exact.map(\.accuracy).sorted()
    // At the score itself, above and below it, and out of reach from the first samples on.
    let thresholds: [Threshold?] = [
      nil, .loss(atMost: losses[3]), .loss(atMost: losses[15]), .loss(atMost: losses[29]), .loss(atMost: 1e-3),
      .accuracy(atLeast: accuracies[3]), .accuracy(atLeast: accuracies[27]), .accuracy(atLeast: 1.1),
    ]
    let queries = masks.indices.map {
      MaskedEvaluator.Query(
        mask: masks[$0], samples: $0 % 4 == 0 ? 1300 : nil, threshold: thresholds[Int(stream.below(thresholds.count))])
    }
    let together = evaluator.evaluate(queries)
    for (query, score) in zip(queries, together) {
      #expect(score == evaluator.evaluate(query.mask, samples: query.samples, threshold: query.threshold))
    }
    #expect(together.contains(nil) && together.contains { $0 != nil })
  }

  /// Only the masks that keep it are spoiled by a weight that is not finite, or by one that overflows.
  @Test(arguments: [Float.infinity, .nan, 3e38], [0, 1000])
  func whatIsNotFiniteSpoilsOnlyItsOwnMasks(weight: Float, assembledSamples: Int) throws {
    let network = try NetworkDescription(name: "test", widths: [90, 12, 4])
    let layout = ParameterLayout(network)
    let data = try Samples.data(5, count: 130, features: 90, classes: 4)
    var parameters = [Float](repeating: 0.5, count: layout.count)
    for position in layout.prunable[0].range.prefix(90) { parameters[position] = weight }
    let evaluator = try MaskedEvaluator(
      network: network, scope: PruningScope(), parameters: parameters, data: EvaluationData(data),
      assembledSamples: assembledSamples)
    var masks = (0..<8).map { Samples.mask(UInt64($0), count: layout.prunableCount, density: 0.4) }
    for index in masks.indices where index % 2 == 0 { for bit in 0..<90 { masks[index][bit] = false } }
    let together = evaluator.evaluate(masks.map { MaskedEvaluator.Query(mask: $0) })
    #expect(together == masks.map { evaluator.evaluate($0) })
    #expect(together.enumerated().allSatisfy { ($1 == .nonfinite) == ($0 % 2 == 1) })
  }

  /// Networks of other kinds are evaluated one by one behind the same door.
  @Test(arguments: 0..<8 as Range<UInt64>)
  func anyNetworkCanBeAsked(seed: UInt64) throws {
    let parts = try GraphEvaluatorTests.parts(GraphEvaluatorTests.Case(seed: seed, samples: 70, density: 0.5))
    let evaluator = try MaskedEvaluator(
      network: parts.network, scope: parts.scope, parameters: parts.parameters, data: EvaluationData(parts.data))
    let masks = (0..<3).map { Samples.mask(seed + $0, count: evaluator.maskCount, density: 0.5) }
    #expect(
      evaluator.evaluate(masks.map { MaskedEvaluator.Query(mask: $0) }) == masks.map { evaluator.evaluate($0) })
  }
}
