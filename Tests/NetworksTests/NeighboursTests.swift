import Models
import Networks
import Pruning
import Randomness
import Testing

/// Walks whose masks differ in a few weights from the one before, evaluated from kept activations, against evaluations one
/// by one, bit by bit.
@Suite struct NeighboursTests {
  struct Walk: Sendable, CustomStringConvertible {
    let seed: UInt64
    let samples: Int
    let widths: [Int]
    /// How often a step is accepted.
    let acceptance: Double
    var data = Data.dense

    enum Data: CaseIterable { case dense, sparse, floats, normalized, regression, blank }

    /// Whether steps are near enough to be computed from activations that were kept.
    ///
    /// Where the first layer is small, or nearly all inputs are zero, there is too little to save.
    var isNear: Bool { widths.count > 2 && widths[0] > 400 && (data != .blank || samples > 100) }

    var description: String { "seed \(seed), \(samples) samples, \(widths), acceptance \(acceptance), \(data)" }
  }

  static let walks: [Walk] = {
    let shapes = [
      [65, 13, 10], [129, 9, 17, 5], [401, 31, 5], [784, 40, 20, 10], [1300, 24, 3], [7, 2], [90, 70, 66, 4],
    ]
    var out: [Walk] = []
    for (index, data) in Walk.Data.allCases.enumerated() {
      for (other, shape) in shapes.enumerated() {
        out.append(
          Walk(
            seed: UInt64(10 * index + other), samples: [1, 64, 65, 200, 1100][(index + other) % 5], widths: shape,
            acceptance: [0, 0.5, 1][(index + 2 * other) % 3], data: data))
      }
    }
    return out
  }()

  private static func samples(_ walk: Walk, features: Int, classes: Int) throws -> LabelledData {
    let plain = try Samples.data(walk.seed, count: walk.samples, features: features, classes: classes)
    switch walk.data {
    case .dense: return plain
    case .sparse: return try Samples.sparse(plain, seed: walk.seed)
    // All zero in the first samples, more than a block of them.
    case .blank:
      let sparse = try Samples.sparse(plain, seed: walk.seed)
      guard case .bytes(var bytes, let scale) = sparse.values else { preconditionFailure("samples are bytes") }
      for index in 0..<min(walk.samples, 70) * features { bytes[index] = 0 }
      return try LabelledData(
        shape: plain.shape, classes: classes, values: .bytes(bytes, scale: scale), labels: plain.labels)
    case .regression: return try Samples.regression(walk.seed, of: Samples.sparse(plain, seed: walk.seed))
    case .floats:
      var stream = RandomStream(seed: walk.seed, .test, 11)
      let values = (0..<walk.samples * features).map { _ in stream.chance(0.7) ? 0 : Float(stream.normal()) }
      return try LabelledData(shape: plain.shape, classes: classes, values: .floats(values), labels: plain.labels)
    case .normalized:
      return try LabelledData(
        shape: plain.shape, classes: classes, values: plain.values, labels: plain.labels,
        normalization: LabelledData.Normalization(mean: [0.3], deviation: [0.25]))
    }
  }

  /// A neighbour of a mask: a few weights flipped.
  private static func neighbour(_ mask: Mask, _ stream: inout RandomStream) -> Mask {
    var mask = mask
    for _ in 0...stream.below(4) { mask[stream.below(mask.count)].toggle() }
    return mask
  }

  @Test(arguments: walks)
  func stepsHaveTheBitsOfFreshEvaluations(_ walk: Walk) throws {
    let network = try NetworkDescription(name: "test", widths: walk.widths)
    let scope = PruningScope(prunesClassifier: walk.seed % 2 == 0 || walk.widths.count == 2)
    let layout = ParameterLayout(network, scope: scope)
    let data = try Self.samples(walk, features: network.inputCount, classes: network.outputCount)
    let parameters = Samples.parameters(walk.seed, count: layout.count)
    for variant in KernelVariant.available {
      let evaluator = try MaskedEvaluator(
        network: network, scope: scope, parameters: parameters, data: EvaluationData(data), variant: variant)
      var stream = RandomStream(seed: walk.seed, .test, 10)
      var states = (0..<3).map { Samples.mask(walk.seed + 1000 * $0, count: layout.prunableCount, density: 0.2) }
      for step in 0..<12 {
        // Two walks at a time, in turns with a third that joins later, sometimes with a mask that is near to none.
        let walking = step < 6 ? [0, 1] : [1, 2]
        var masks = walking.map { Self.neighbour(states[$0], &stream) }
        if step % 5 == 4 { masks.append(Samples.mask(stream.next(), count: layout.prunableCount, density: 0.1)) }
        let together = evaluator.evaluate(masks.map { MaskedEvaluator.Query(mask: $0) })
        #expect(together == masks.map { evaluator.evaluate($0) }, "\(variant), step \(step)")
        for (place, number) in walking.enumerated() where stream.chance(walk.acceptance) {
          states[number] = masks[place]
        }
      }
      if walk.isNear { #expect(evaluator.neighbourCount > 6, "\(variant): of 24 steps") }
    }
  }

  /// Walks in turns, more than there is memory for: those that have none are evaluated as they were before, and one that is
  /// left makes room.
  @Test func walksGoWhereMemoryEnds() throws {
    let network = try NetworkDescription(name: "test", widths: [120, 30, 6])
    let layout = ParameterLayout(network)
    let data = try Samples.data(1, count: 200, features: 120, classes: 6)
    // Activations of two walks, each with as many changes: four blocks of 30 neurons, and losses.
    let size = 2 * (4 * 30 * 64 * 4 + 200 * 8)
    func counts(_ walks: [[Int]], memory: Int) throws -> [Int] {
      let evaluator = try MaskedEvaluator(
        network: network, scope: PruningScope(), parameters: Samples.parameters(1, count: layout.count),
        data: EvaluationData(data), memory: memory)
      var stream = RandomStream(seed: 1, .test, 14)
      let states = (0..<4).map { Samples.mask(UInt64($0), count: layout.prunableCount, density: 0.2) }
      var counts: [Int] = []
      for numbers in walks {
        for number in numbers {
          let mask = Self.neighbour(states[number], &stream)
          #expect(evaluator.evaluate([MaskedEvaluator.Query(mask: mask)]) == [evaluator.evaluate(mask)])
        }
        counts.append(evaluator.neighbourCount)
      }
      return counts
    }
    // A walk is known from its third mask on.
    let turns = Array(repeating: [0, 1, 2, 3], count: 10)
    #expect(try counts(turns, memory: 4 * size).last == 32)
    #expect(try counts(turns, memory: 2 * size).last == 16)
    #expect(try counts(turns, memory: size - 1).last == 0)
    // Two walks, then forty steps of two others: after 34 of them the first are given up.
    let left = Array(repeating: [0, 1], count: 5) + Array(repeating: [2, 3], count: 40)
    let found = try counts(left, memory: 2 * size)
    #expect(found[4] == 6 && found[4 + 16] == 6 && found[44] > 40)
  }

  /// Several neighbours of one state at once go together, one or two of them do not.
  @Test(arguments: [1, 2, 3, 8]) func broods(_ size: Int) throws {
    let network = try NetworkDescription(name: "test", widths: [500, 20, 6])
    let layout = ParameterLayout(network)
    let evaluator = try MaskedEvaluator(
      network: network, scope: PruningScope(), parameters: Samples.parameters(1, count: layout.count),
      data: EvaluationData(Samples.data(1, count: 100, features: 500, classes: 6)))
    var stream = RandomStream(seed: 1, .test, 15)
    let state = Samples.mask(1, count: layout.prunableCount, density: 0.2)
    for step in 0..<6 {
      let far = Samples.mask(UInt64(2 + step), count: layout.prunableCount, density: 0.2)
      let masks = (0..<size).map { _ in Self.neighbour(state, &stream) } + [far]
      #expect(
        evaluator.evaluate(masks.map { MaskedEvaluator.Query(mask: $0) }) == masks.map { evaluator.evaluate($0) })
    }
    #expect(size > 2 ? evaluator.neighbourCount == 0 : evaluator.neighbourCount > 3)
  }

  /// A weight that overflows is met by the masks that keep it, on a walk that flips it again and again.
  @Test(arguments: 0..<6 as Range<UInt64>)
  func whatIsNotFiniteSpoilsItsOwnStepsAlone(seed: UInt64) throws {
    let network = try NetworkDescription(name: "test", widths: [90, 12, 8, 4])
    let layout = ParameterLayout(network)
    let data = try Samples.data(seed, count: 130, features: 90, classes: 4)
    var parameters = [Float](repeating: 0.5, count: layout.count)
    for position in layout.prunable[seed % 2 == 0 ? 0 : 1].range.prefix(8) { parameters[position] = 3e38 }
    let evaluator = try MaskedEvaluator(
      network: network, scope: PruningScope(), parameters: parameters, data: EvaluationData(data))
    let first = layout.prunable[seed % 2 == 0 ? 0 : 1].maskRange!.lowerBound
    var state = Samples.mask(seed, count: layout.prunableCount, density: 0.3)
    for bit in first..<first + 8 { state[bit] = false }
    var stream = RandomStream(seed: seed, .test, 12)
    var found: [Score] = []
    for step in 0..<20 {
      var mask = Self.neighbour(state, &stream)
      mask[first + stream.below(8)] = step % 3 == 2
      let together = evaluator.evaluate([MaskedEvaluator.Query(mask: mask)])
      #expect(together == [evaluator.evaluate(mask)], "step \(step)")
      found += together.compactMap { $0 }
      if stream.chance(0.5) { state = mask }
    }
    #expect(found.contains(.nonfinite) && found.contains { $0 != .nonfinite })
  }

  @Test(arguments: 0..<8 as Range<UInt64>)
  func thresholdsAreMissedAsInFreshEvaluations(seed: UInt64) throws {
    let network = try NetworkDescription(name: "test", widths: [200, 20, 10])
    let layout = ParameterLayout(network)
    var stream = RandomStream(seed: seed, .test, 13)
    let data = try Samples.sparse(Samples.data(seed, count: 1500, features: 200, classes: 10), seed: seed)
    let evaluator = try MaskedEvaluator(
      network: network, scope: PruningScope(), parameters: (0..<layout.count).map { _ in Float(stream.normal()) / 8 },
      data: EvaluationData(data))
    var state = Samples.mask(seed, count: layout.prunableCount, density: 0.2)
    var score = evaluator.evaluate(state)
    var answers: [Score?] = []
    for step in 0..<40 {
      let mask = Self.neighbour(state, &stream)
      let threshold: Threshold =
        step % 2 == 0
        ? .loss(atMost: score.loss) : .accuracy(atLeast: score.accuracy - 0.001 + 0.002 * stream.uniform())
      let answer = evaluator.evaluate([MaskedEvaluator.Query(mask: mask, threshold: threshold)])[0]
      #expect(answer == evaluator.evaluate(mask, samples: nil, threshold: threshold), "step \(step)")
      if let answer { (state, score) = (mask, answer) }
      answers.append(answer)
    }
    #expect(answers.contains(nil) && answers.contains { $0 != nil })
  }
}
