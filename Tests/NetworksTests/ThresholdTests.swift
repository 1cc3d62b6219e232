import Models
import Networks
import Pruning
import Randomness
import Testing

/// The evaluator on the first samples, and with a threshold that it may give up at.
@Suite struct ThresholdTests {
  private struct Parts {
    let network: NetworkDescription
    let scope: PruningScope
    let parameters: [Float]
    let data: LabelledData
    let mask: Mask?

    func evaluator(_ data: LabelledData, _ variant: KernelVariant = .best) throws -> MaskedEvaluator {
      try MaskedEvaluator(
        network: network, scope: scope, parameters: parameters, data: EvaluationData(data), variant: variant)
    }

    /// The plain score of the first samples, by data that has no others.
    func score(first count: Int) throws -> Score {
      try evaluator(data.selecting(Array(0..<min(count, data.count)))).evaluate(mask)
    }
  }

  /// Dense and convolutional networks, with and without a mask, on samples that fill blocks and that do not.
  private static func cases() throws -> [(name: String, parts: Parts)] {
    var out: [(String, Parts)] = []
    for seed in 0..<6 as Range<UInt64> {
      let network = try NetworkDescription(name: "dense", widths: [30, 17, 4])
      let layout = ParameterLayout(network)
      var stream = RandomStream(seed: seed, .test, 9)
      let parts = Parts(
        network: network, scope: PruningScope(), parameters: (0..<layout.count).map { _ in Float(stream.normal()) },
        data: try data(seed, count: [150, 128, 130][Int(seed % 3)]),
        mask: seed == 0 ? nil : Samples.mask(seed, count: layout.prunableCount, density: 0.4))
      out.append(("dense, seed \(seed)", parts))
    }
    for seed in 0..<24 as Range<UInt64> {
      let parts = try GraphEvaluatorTests.parts(
        GraphEvaluatorTests.Case(seed: seed, samples: 80, density: seed % 4 < 2 ? 0.6 : nil))
      out.append(
        (
          "graph, seed \(seed)",
          Parts(
            network: parts.network, scope: parts.scope, parameters: parts.parameters, data: parts.data,
            mask: parts.mask)
        ))
    }
    return out
  }

  /// Half of them with targets.
  private static func data(_ seed: UInt64, count: Int) throws -> LabelledData {
    let data = try Samples.data(seed, count: count, features: 30, classes: 4)
    return seed < 3 ? data : try Samples.regression(seed, of: data)
  }

  @Test func theFirstSamplesAloneAreJudged() throws {
    for (name, parts) in try Self.cases() {
      for variant in KernelVariant.available {
        let evaluator = try parts.evaluator(parts.data, variant)
        for samples in [1, 2, 15, 16, 17, 63, 64, 65, 79, 80, 81, 127, 128, 129, 1000] {
          let expected = try parts.score(first: samples)
          #expect(
            evaluator.evaluate(parts.mask, samples: samples, threshold: nil) == expected,
            "\(name), \(samples) samples, \(variant)")
        }
        #expect(
          evaluator.evaluate(parts.mask, samples: nil, threshold: nil) == evaluator.evaluate(parts.mask), "\(name)")
      }
    }
  }

  @Test func nothingIsSaidExactlyWhereTheThresholdIsMissed() throws {
    var (missed, met) = (0, 0)
    for (name, parts) in try Self.cases() {
      for variant in KernelVariant.available {
        let evaluator = try parts.evaluator(parts.data, variant)
        for samples in [nil, 1, 16, 65, 100] {
          let score = try parts.score(first: samples ?? .max)
          guard case .exact(let correct, let count, let loss) = score else { continue }
          let accuracy = score.accuracy
          // Around the value itself, and where one sample decides.
          let accuracies = [accuracy, Double(correct + 1) / Double(count), Double(max(correct - 1, 0)) / Double(count)]
          var thresholds = accuracies.flatMap { [$0, $0.nextUp, $0.nextDown] }.map { Threshold.accuracy(atLeast: $0) }
          thresholds += [-.infinity, 0, 1, .infinity].map { .accuracy(atLeast: $0) }
          thresholds += [loss, loss.nextUp, loss.nextDown, loss / 2, loss * 2].map { .loss(atMost: $0) }
          thresholds += [-1, 0, .infinity].map { .loss(atMost: $0) }
          for threshold in thresholds {
            let isMissed =
              switch threshold {
              case .accuracy(let least): accuracy < least
              case .loss(let most): loss > most
              }
            let found = evaluator.evaluate(parts.mask, samples: samples, threshold: threshold)
            #expect(
              found == (isMissed ? nil : score),
              "\(name), \(samples ?? -1) samples, \(variant), \(threshold) with \(score)")
            if isMissed { missed += 1 } else { met += 1 }
          }
          // Giving up leaves no trace.
          #expect(evaluator.evaluate(parts.mask, samples: samples, threshold: nil) == score, "\(name)")
        }
      }
    }
    #expect(missed > 1000 && met > 1000)
  }

  @Test func whatIsNotFiniteMissesEveryThreshold() throws {
    for (_, parts) in try Self.cases() {
      var values = parts.parameters
      values[values.count - 1] = .infinity
      let broken = try MaskedEvaluator(
        network: parts.network, scope: parts.scope, parameters: values, data: EvaluationData(parts.data))
      guard broken.evaluate(nil) == .nonfinite else { continue }
      for threshold in [Threshold.accuracy(atLeast: -.infinity), .accuracy(atLeast: 0), .loss(atMost: .infinity)] {
        #expect(broken.evaluate(nil, samples: nil, threshold: threshold) == nil)
        #expect(broken.evaluate(nil, samples: 1, threshold: threshold) == nil)
      }
      #expect(broken.evaluate(nil, samples: 1, threshold: nil) == .nonfinite)
    }
  }

  /// What is out of reach stays so: whatever the rest brings, the score of all misses.
  @Test func outOfReachIsMissed() {
    var stream = RandomStream(seed: 4, .test)
    var given = 0
    for _ in 0..<2000 {
      let count = 1 + stream.below(300)
      let labels = (0..<count).map { _ in stream.chance(0.5) }
      let losses = (0..<count).map { _ in stream.chance(0.2) ? 0 : -1e3 * (stream.uniform() - 1) }
      let correct = labels.count { $0 }
      let score = Score.exact(correct: correct, count: count, loss: losses.reduce(0, +) / Double(count))
      let thresholds: [Threshold] = [
        .accuracy(atLeast: stream.uniform()), .accuracy(atLeast: score.accuracy),
        .accuracy(atLeast: score.accuracy.nextUp),
        .loss(atMost: 1e3 * stream.uniform()), .loss(atMost: score.loss), .loss(atMost: score.loss.nextDown),
      ]
      for threshold in thresholds {
        var (right, loss, wasOut) = (0, 0.0, false)
        for index in 0..<count {
          right += labels[index] ? 1 : 0
          loss += losses[index]
          let isOut = threshold.isOutOfReach(correct: right, loss: loss, seen: index + 1, of: count)
          #expect(isOut || !wasOut, "back in reach: \(threshold)")
          wasOut = isOut
        }
        #expect(wasOut == threshold.isMissed(by: score), "\(threshold) with \(score)")
        given += wasOut ? 1 : 0
      }
    }
    #expect(given > 1000)
  }
}
