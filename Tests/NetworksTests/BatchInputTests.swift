import Models
import Networks
import Pruning
import Randomness
import Testing

@Suite struct BatchInputTests {
  static let normalization = LabelledData.Normalization(mean: [0.3, 0.5, 0.4], deviation: [0.2, 0.25, 0.3])

  func network(_ shape: [Int]) throws -> NetworkDescription {
    var builder = NetworkBuilder(input: shape)
    builder.flatten()
    builder.dense(4)
    return try builder.network(name: "test")
  }

  func images(_ seed: UInt64, floats: Bool, normalization: LabelledData.Normalization?) throws -> LabelledData {
    var stream = RandomStream(seed: seed, .test)
    let bytes = (0..<6 * 60).map { _ in UInt8(stream.below(255) + 1) }
    return try LabelledData(
      shape: [3, 4, 5], classes: 4, values: floats ? .floats(bytes.map { Float($0) / 7 }) : .bytes(bytes, scale: 255),
      labels: [0, 1, 2, 3, 0, 1], normalization: normalization)
  }

  /// [channels][height][width] to [height][width][channels].
  func channelsLast(_ values: [Float]) -> [Float] {
    (0..<60).map { values[$0 % 3 * 20 + $0 / 3] }
  }

  @Test(arguments: [false, true], [false, true]) func samplesHaveTheBitsOfTheirDefinition(
    _ floats: Bool, _ isNormalized: Bool
  ) throws {
    let data = try images(70, floats: floats, normalization: isNormalized ? Self.normalization : nil)
    let order = [4, 0, 5, 5]
    let seen = try Trainer(network: network([3, 4, 5]), recipe: TrainingRecipe(), data: data, seed: 1)
      .inputs(of: order, step: 3)
    #expect(seen == order.flatMap { channelsLast(data.inputs(of: $0)) })
    // Features keep the order in which they lie.
    let flat = try Trainer(network: network([60]), recipe: TrainingRecipe(), data: data, seed: 1).inputs(of: order)
    #expect(flat == order.flatMap(data.inputs(of:)))
  }

  /// Each sample equals one of the crops of its padded image, mirrored or not, and all of them turn up.
  @Test func cropsAndFlipsAreThoseOfThePaddedImage() throws {
    let data = try images(71, floats: false, normalization: Self.normalization)
    var recipe = TrainingRecipe()
    recipe.augmentation = .init(cropPadding: 1, flip: true)
    let trainer = try Trainer(network: network([3, 4, 5]), recipe: recipe, data: data, seed: 71)
    let zeros = zip(Self.normalization.mean, Self.normalization.deviation).map { (0 - $0) / $1 }
    var views: [[Float]: Int] = [:]
    let image = data.inputs(of: 2)
    for down in -1...1 {
      for right in -1...1 {
        for flipped in [false, true] {
          let view = (0..<60).map { index -> Float in
            let (channel, row, column) = (index % 3, index / 15 + down, index / 3 % 5)
            let across = (flipped ? 4 - column : column) + right
            guard (0..<4).contains(row), (0..<5).contains(across) else { return zeros[channel] }
            return image[channel * 20 + row * 5 + across]
          }
          views[view] = 0
        }
      }
    }
    #expect(views.count == 18)
    for step in 0..<400 {
      let seen = trainer.inputs(of: [2], step: step)
      #expect(views[seen] != nil, "step \(step)")
      views[seen, default: 0] += 1
      #expect(seen == trainer.inputs(of: [2], step: step))
    }
    // About 22 each.
    #expect(views.values.allSatisfy { (5...50).contains($0) }, "\(views.values.sorted()), seed 71")
    #expect(trainer.inputs(of: [2]) == channelsLast(image))
  }

  /// With inputs of 1 and one sample, the derivatives by the first class's weights are a multiple of what dropout left.
  @Test func dropoutLeavesOutAndScalesUp() throws {
    var builder = NetworkBuilder(input: [1000])
    builder.add(.dropout(rate: 0.25))
    builder.dense(2)
    let network = try builder.network(name: "test")
    let data = try LabelledData(
      shape: [1000], classes: 2, scale: 1, pixels: Array(repeating: 1, count: 1000), labels: [0])
    let parameters = [Float](repeating: 0, count: 2002)
    let masks = try (1...2).map { seed in
      let trainer = try Trainer(network: network, recipe: TrainingRecipe(), data: data, seed: UInt64(seed))
      let gradient = trainer.gradient(at: parameters, samples: [0]).gradient
      #expect(gradient == trainer.gradient(at: parameters, samples: [0]).gradient)
      return gradient[0..<1000].map { $0 / -0.5 }
    }
    for mask in masks {
      #expect(mask.allSatisfy { $0 == 0 || abs($0 - 4 / 3) < 1e-6 })
      // 250 ± 5 deviations of 13.7.
      #expect((182...318).contains(mask.count { $0 == 0 }))
    }
    #expect(masks[0] != masks[1])
    // Evaluation drops nothing.
    var ones = parameters
    for index in 0..<1000 { ones[index] = 1 }
    let scope = PruningScope(prunesClassifier: true)
    let scores = try DenseForward(network: network, scope: scope, parameters: ones, data: data).logits(
      Mask(count: 2000, keeping: true))
    #expect(scores == [1000, 0])
  }
}
