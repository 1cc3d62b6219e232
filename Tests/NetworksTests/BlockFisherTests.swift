import Models
import Networks
import Pruning
import Randomness
import Testing

/// The optimal brain surgeon against its formulas, evaluated plainly.
@Suite struct BlockFisherTests {
  private static let scope = PruningScope(prunesClassifier: true)

  private static func network(_ isConvolutional: Bool) throws -> NetworkDescription {
    guard isConvolutional else { return try CurvatureScoresTests.networks()[0] }
    return try GradientTests.network("convolutional", input: [2, 5, 4]) { builder in
      builder.relu()
      builder.add(GradientTests.convolution(4, 2, 3, strides: (2, 1), groups: 2))
      builder.add(.activation(.tanh))
    }
  }

  /// A small network with data, and its F written out.
  private struct Example {
    let network: NetworkDescription
    let data: LabelledData
    let parameters: [Float]
    let layout: ParameterLayout
    let losses: WeightScores.SampleLosses
    let block: Int
    let lambda: Double
    /// The parameters' places and F, block by block.
    let blocks: [(places: [Int], matrix: [[Double]])]

    private static let damping = 0.01

    init(
      _ isConvolutional: Bool, _ seed: UInt64, losses: WeightScores.SampleLosses = .labels, block: Int,
      zeros: Bool = false
    ) throws {
      let network = try BlockFisherTests.network(isConvolutional)
      let data = try GradientTests.images(network.inputShape, seed, count: 37)
      let layout = ParameterLayout(network, scope: scope)
      let parameters = GradientTests.parameters(network, seed).enumerated().map {
        zeros && $0.offset % 3 == 1 ? 0 : $0.element
      }
      let gradients = try Self.gradients(network, parameters, data, losses)
      func mean(_ row: Int, _ column: Int) -> Double {
        gradients.reduce(0) { $0 + $1.share * $1.values[row] * $1.values[column] } / Double(data.count)
      }
      let moving = layout.prunable.flatMap { $0.range.filter { parameters[$0] != 0 } }
      let lambda = Self.damping * moving.reduce(0) { $0 + mean($1, $1) } / Double(moving.count)
      blocks = layout.prunable.flatMap { tensor in
        stride(from: tensor.range.lowerBound, to: tensor.range.upperBound, by: block).map { first in
          let places = Array(first..<min(first + block, tensor.range.upperBound))
          return (places, places.map { row in places.map { mean(row, $0) + (row == $0 ? lambda : 0) } })
        }
      }
      (self.network, self.data, self.parameters, self.layout) = (network, data, parameters, layout)
      (self.losses, self.block, self.lambda) = (losses, block, lambda)
    }

    /// The trainer's gradients of single samples; those of weights of 0 count as 0.
    private static func gradients(
      _ network: NetworkDescription, _ parameters: [Float], _ data: LabelledData, _ losses: WeightScores.SampleLosses
    ) throws -> [(share: Double, values: [Double])] {
      let exact = DoubleNetwork(network, parameters)
      return try (0..<data.classes).flatMap { label in
        let others = try LabelledData(
          shape: data.shape, classes: data.classes, values: data.values,
          labels: Array(repeating: UInt8(label), count: data.count), normalization: data.normalization)
        let trainer = try Trainer(network: network, recipe: TrainingRecipe(), data: others, seed: 1)
        return (0..<data.count).map { sample in
          let predicted = exact.probabilities(data.inputs(of: sample))[label]
          let gradient = trainer.gradient(at: parameters, samples: [sample]).gradient
          return (
            losses == .predictions ? predicted : Int(data.labels[sample]) == label ? 1 : 0,
            zip(gradient, parameters).map { $1 == 0 ? 0 : Double($0) }
          )
        }
      }
    }

    func fisher(memory: Int = 1 << 20, variant: KernelVariant = .best) throws -> BlockFisher {
      try BlockFisher(
        network: network, scope: scope, parameters: parameters, data: data, losses: losses, block: block,
        damping: Self.damping, memory: memory, variant: variant)
    }

    /// Scores of the diagonal without λ.
    func diagonalScores() throws -> [Float]? {
      let scores = try WeightScores(network: network, scope: scope, parameters: parameters, data: data)
      return try losses == .labels ? scores.fisher() : scores.optimalBrainDamage()
    }

    /// ½ · δᵀFδ within a block for a way δ.
    func increase(_ block: Int, _ change: [Double]) -> Double {
      zip(change, BlockFisherTests.product(blocks[block].matrix, change)).reduce(0) { $0 + $1.0 * $1.1 } / 2
    }

    /// The way to other parameters within a block.
    func change(_ block: Int, to new: [Float]) -> [Double] {
      blocks[block].places.map { Double(new[$0]) - Double(parameters[$0]) }
    }

    /// The place in a mask of a parameter.
    func bit(_ place: Int) -> Int {
      let tensor = layout.prunable.first { $0.range.contains(place) }!
      return tensor.maskRange!.lowerBound + place - tensor.range.lowerBound
    }
  }

  private static func product(_ matrix: [[Double]], _ x: [Double]) -> [Double] {
    matrix.map { zip($0, x).reduce(0) { $0 + $1.0 * $1.1 } }
  }

  /// By Gauss and Jordan.
  private static func inverse(_ matrix: [[Double]]) -> [[Double]] {
    let count = matrix.count
    var rows = matrix.enumerated().map { index, row in row + (0..<count).map { $0 == index ? 1 : 0 } }
    for pivot in 0..<count {
      rows.swapAt(pivot, (pivot..<count).max { abs(rows[$0][pivot]) < abs(rows[$1][pivot]) }!)
      let factor = rows[pivot][pivot]
      rows[pivot] = rows[pivot].map { $0 / factor }
      for row in 0..<count where row != pivot {
        let factor = rows[row][pivot]
        rows[row] = zip(rows[row], rows[pivot]).map { $0 - factor * $1 }
      }
    }
    return rows.map { Array($0[count...]) }
  }

  private static let losses: [WeightScores.SampleLosses] = [.labels, .predictions]

  @Test("A score is w² / (2 · [F⁻¹]ₖₖ) of the weight's block", arguments: losses, [1, 5, 64])
  func scores(losses: WeightScores.SampleLosses, block: Int) throws {
    for isConvolutional in [false, true] {
      let example = try Example(isConvolutional, 3, losses: losses, block: block)
      let scores = try #require(try example.fisher().scores())
      #expect(scores.count == example.layout.prunableCount)
      for (places, matrix) in example.blocks {
        let inverse = Self.inverse(matrix)
        for (index, place) in places.enumerated() {
          let weight = Double(example.parameters[place])
          let expected = weight * weight / (2 * inverse[index][index])
          #expect(abs(Double(scores[example.bit(place)]) - expected) <= 1e-5 * expected)
        }
      }
    }
  }

  @Test("In blocks of one weight a score is that of the diagonal with λ added to it", arguments: losses)
  func blocksOfOne(losses: WeightScores.SampleLosses) throws {
    let example = try Example(true, 4, losses: losses, block: 1)
    let (scores, plain) = (try #require(try example.fisher().scores()), try #require(try example.diagonalScores()))
    for (index, weight) in example.layout.prunableValues(of: example.parameters).enumerated() {
      let expected = Double(plain[index]) + Double(weight * weight) * example.lambda / 2
      #expect(abs(Double(scores[index]) - expected) <= 1e-6 * expected)
    }
  }

  @Test("Where one weight goes, the quadratic model rises by its score, and by no less in any other way")
  func removalOfOne() throws {
    var stream = RandomStream(seed: 1, .test)
    for isConvolutional in [false, true] {
      let example = try Example(isConvolutional, 5, block: 8)
      let fisher = try example.fisher()
      let scores = try #require(fisher.scores())
      for number in example.blocks.indices {
        let places = example.blocks[number].places
        let index = stream.below(places.count)
        var mask = Mask(count: example.layout.prunableCount, keeping: true)
        mask[example.bit(places[index])] = false
        let new = try #require(fisher.compensated(keeping: mask))
        #expect(new[places[index]] == 0)
        #expect(new.indices.allSatisfy { places.contains($0) || new[$0] == example.parameters[$0] })
        let change = example.change(number, to: new)
        let increase = example.increase(number, change)
        #expect(abs(increase - Double(scores[example.bit(places[index])])) <= 1e-5 * increase)
        let bare = change.indices.map { $0 == index ? change[$0] : 0 }
        #expect(example.increase(number, bare) >= increase * (1 - 1e-6))
        for _ in 0..<20 {
          let other = change.indices.map { $0 == index ? change[$0] : change[$0] + 0.01 * stream.normal() }
          #expect(example.increase(number, other) > increase)
        }
      }
    }
  }

  @Test("The way of the kept weights is −F⁻¹E(EᵀF⁻¹E)⁻¹Eᵀw", arguments: losses, [1, 5, 64])
  func compensation(losses: WeightScores.SampleLosses, block: Int) throws {
    let example = try Example(true, 6, losses: losses, block: block)
    for density in [0.1, 0.5, 0.9] {
      let mask = Samples.mask(7, count: example.layout.prunableCount, density: density)
      let new = try #require(try example.fisher().compensated(keeping: mask))
      for (number, (places, matrix)) in example.blocks.enumerated() {
        let inverse = Self.inverse(matrix)
        let removed = places.indices.filter { !mask[example.bit(places[$0])] }
        let inner = Self.inverse(removed.map { row in removed.map { inverse[row][$0] } })
        let multipliers = Self.product(inner, removed.map { Double(example.parameters[places[$0]]) })
        let expected = Self.product(inverse.map { row in removed.map { -row[$0] } }, multipliers)
        let change = example.change(number, to: new)
        for (one, two) in zip(change, expected) { #expect(abs(one - two) < 1e-5) }
        #expect(removed.allSatisfy { new[places[$0]] == 0 })
        let bare = change.indices.map { removed.contains($0) ? change[$0] : 0 }
        #expect(example.increase(number, change) <= example.increase(number, bare) * (1 + 1e-6))
      }
      let prunable = Set(example.layout.prunable.flatMap(\.range))
      #expect(new.indices.allSatisfy { prunable.contains($0) || new[$0] == example.parameters[$0] })
    }
  }

  @Test("A mask that keeps all changes nothing, one that keeps none leaves zeros")
  func allAndNone() throws {
    let example = try Example(true, 8, block: 16)
    let fisher = try example.fisher()
    let count = example.layout.prunableCount
    #expect(fisher.compensated(keeping: Mask(count: count, keeping: true)) == example.parameters)
    let none = try #require(fisher.compensated(keeping: Mask(count: count)))
    #expect(example.layout.prunableValues(of: none).allSatisfy { $0 == 0 })
  }

  @Test("Weights of 0 score 0, stay 0 and move none, as if their blocks had never had them")
  func zeros() throws {
    let example = try Example(true, 9, block: 7, zeros: true)
    let fisher = try example.fisher()
    let scores = try #require(fisher.scores())
    let mask = Samples.mask(1, count: scores.count, density: 0.5)
    let new = try #require(fisher.compensated(keeping: mask))
    for (places, matrix) in example.blocks {
      let moving = places.indices.filter { example.parameters[places[$0]] != 0 }
      let inverse = Self.inverse(moving.map { row in moving.map { matrix[row][$0] } })
      for (row, index) in moving.enumerated() {
        let weight = Double(example.parameters[places[index]])
        let expected = weight * weight / (2 * inverse[row][row])
        #expect(abs(Double(scores[example.bit(places[index])]) - expected) <= 1e-5 * expected)
      }
      for place in places where example.parameters[place] == 0 {
        #expect(scores[example.bit(place)] == 0 && new[place] == 0)
      }
    }
    #expect(zip(new, example.parameters).contains { $0 != 0 && $0 != $1 })
  }

  @Test("Every variant of the kernels, every call and however many passes the memory makes need of give the same bits")
  func sameBits() throws {
    let example = try Example(true, 10, block: 10)
    let mask = Samples.mask(2, count: example.layout.prunableCount, density: 0.3)
    let all = try KernelVariant.available.flatMap { variant in
      try [0, 3000, 1 << 20].map { memory in
        let fisher = try example.fisher(memory: memory, variant: variant)
        return [fisher.scores(), fisher.compensated(keeping: mask)]
      }
    }
    #expect(all.allSatisfy { $0 == all[0] } && !all[0].contains(nil))
  }

  @Test("Impossible blocks and dampings are refused; weights that are not finite have neither scores nor successors")
  func impossible() throws {
    let example = try Example(false, 1, block: 4)
    func fisher(_ parameters: [Float], block: Int = 4, damping: Double = 0.01) throws -> BlockFisher {
      try BlockFisher(
        network: example.network, scope: Self.scope, parameters: parameters, data: example.data, block: block,
        damping: damping)
    }
    for block in [-1, 0, BlockFisher.largestBlock + 1] {
      #expect(throws: NetworkError.self) { try fisher(example.parameters, block: block) }
    }
    for damping in [-1, 0, Double.nan, .infinity] {
      #expect(throws: NetworkError.self) { try fisher(example.parameters, damping: damping) }
    }
    #expect(throws: NetworkError.self) { try fisher([1]) }
    let spoiled = try fisher(example.parameters.map { $0 * .nan })
    #expect(spoiled.scores() == nil)
    #expect(spoiled.compensated(keeping: Mask(count: example.layout.prunableCount)) == nil)
  }

  @Test("Without any gradient the order is that of sizes, and nothing moves")
  func noGradient() throws {
    let network = try NetworkDescription(name: "sure", widths: [2, 2])
    let data = try LabelledData(shape: [2], classes: 2, scale: 1, pixels: [1, 1], labels: [0])
    // The label's class is ahead by 200: its probability rounds to 1.
    let parameters: [Float] = [1, 2, -3, 4, 200, 0]
    let fisher = try BlockFisher(network: network, scope: Self.scope, parameters: parameters, data: data, damping: 1)
    #expect(fisher.scores() == [0.5, 2, 4.5, 8])
    let mask = Mask(count: 4, keeping: [1, 2])
    #expect(fisher.compensated(keeping: mask) == [0, 2, -3, 0, 200, 0])
  }
}
