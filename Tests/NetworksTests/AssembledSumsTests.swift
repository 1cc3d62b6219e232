import Models
import Networks
import Pruning
import Randomness
import Testing

/// Sums by code that is made for masks against evaluations one by one by kernels of another level, bit by bit.
@Suite(.enabled(if: KernelVariant.best.assembles, "needs AVX-512 and a system that lets programs run what they wrote"))
struct AssembledSumsTests {
  struct Case: Sendable, CustomStringConvertible {
    let seed: UInt64
    let widths: [Int]
    let samples: Int
    let density: Double
    var masks = 5
    var isSparse = false

    var description: String {
      "seed \(seed), \(widths), \(samples) samples, \(masks) masks of \(density), \(isSparse ? "sparse" : "dense") data"
    }
  }

  static let cases = [
    // One tile that is full, one chain more, and tiles of different sizes.
    Case(seed: 1, widths: [50, 30, 2], samples: 64, density: 0.3, masks: 1),
    Case(seed: 2, widths: [50, 31, 2], samples: 65, density: 0.3, masks: 1),
    Case(seed: 3, widths: [300, 101, 59, 10], samples: 200, density: 0.3),
    // All that a tile can keep: 30 weights for each input.
    Case(seed: 4, widths: [515, 60, 3], samples: 70, density: 0.49, masks: 3),
    // Chunks of inputs, of which hardly any is kept.
    Case(seed: 5, widths: [4500, 33, 3], samples: 130, density: 0.01),
    Case(seed: 6, widths: [4500, 33, 3], samples: 130, density: 0.2, isSparse: true),
    // Neurons without any weight; a single sample.
    Case(seed: 7, widths: [90, 40, 40, 10], samples: 64, density: 0.02),
    Case(seed: 8, widths: [2100, 2], samples: 1, density: 0.4),
    // Several slabs, and more masks than are taken together.
    Case(seed: 9, widths: [784, 120, 40, 10], samples: 4200, density: 0.3, masks: 12, isSparse: true),
  ]

  @Test(arguments: cases, [false, true])
  func sumsHaveTheBitsOfKernels(_ test: Case, areRelatives: Bool) throws {
    let network = try NetworkDescription(name: "test", widths: test.widths)
    let scope = PruningScope(prunesClassifier: true)
    let layout = ParameterLayout(network, scope: scope)
    var stream = RandomStream(seed: test.seed, .test, 12)
    let plain = try Samples.data(
      test.seed, count: test.samples, features: network.inputCount, classes: network.outputCount)
    let data = EvaluationData(test.isSparse ? try Samples.sparse(plain, seed: test.seed) : plain)
    let parameters = (0..<layout.count).map { _ in Float(stream.normal()) / 8 }
    let masks = (0..<test.masks).map { index in
      var mask = Samples.mask(
        areRelatives ? test.seed : test.seed + UInt64(index) * 1000, count: layout.prunableCount, density: test.density)
      for _ in 0..<index { mask[stream.below(mask.count)].toggle() }
      return mask
    }
    func evaluator(_ variant: KernelVariant) throws -> MaskedEvaluator {
      try MaskedEvaluator(
        network: network, scope: scope, parameters: parameters, data: data, variant: variant,
        assembledSamples: 0)
    }
    let (assembled, lists) = (try evaluator(.best), try evaluator(.v3))
    #expect(assembled.evaluate(masks.map { MaskedEvaluator.Query(mask: $0) }) == masks.map { lists.evaluate($0) })
  }
}
