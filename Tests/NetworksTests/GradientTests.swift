import Models
import Networks
import Pruning
import Randomness
import Testing

/// The gradient of every layer against central differences of the loss.
@Suite struct GradientTests {
  /// Images of floats with a normalisation, so that inputs have both signs.
  static func images(_ shape: [Int], _ seed: UInt64, count: Int = 5, classes: Int = 3) throws -> LabelledData {
    var stream = RandomStream(seed: seed, .test, 7)
    let channels = shape.count == 3 ? shape[0] : 1
    return try LabelledData(
      shape: shape, classes: classes,
      values: .floats((0..<count * shape.reduce(1, *)).map { _ in Float(stream.uniform()) }),
      labels: (0..<count).map { _ in UInt8(stream.below(classes)) },
      normalization: LabelledData.Normalization(
        mean: Array(repeating: 0.5, count: channels), deviation: Array(repeating: 0.25, count: channels)))
  }

  /// Parameters away from their initial zeros and ones.
  static func parameters(_ network: NetworkDescription, _ seed: UInt64) -> [Float] {
    var stream = RandomStream(seed: seed, .test, 8)
    return initialParameters(network, seed: seed).map { $0 + Float(stream.uniform() - 0.5) * 0.4 }
  }

  /// Along random directions in the space of each tensor, and for single parameters of it.
  ///
  /// Directions have many values of ±1, so that the loss moves by much more than its rounding errors.
  static func check(_ network: NetworkDescription, _ data: LabelledData, seed: UInt64) throws {
    let trainer = try Trainer(network: network, recipe: TrainingRecipe(), data: data, seed: seed)
    let layout = ParameterLayout(network)
    let parameters = parameters(network, seed)
    let samples = Array(0..<data.count)
    let gradient = trainer.gradient(at: parameters, samples: samples).gradient
    #expect(gradient.count == layout.trainableCount)
    let norm = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    #expect(norm > 1e-3, "\(network.name): a gradient to speak of")
    var stream = RandomStream(seed: seed, .test, 9)
    var (smooth, corners) = (0, 0)
    for tensor in layout.tensors where tensor.role.isTrainable {
      for round in 0..<6 {
        var direction = [Float](repeating: 0, count: parameters.count)
        if round < 3 {
          for index in tensor.range { direction[index] = stream.chance(0.5) ? 1 : -1 }
        } else {
          direction[tensor.range.lowerBound + stream.below(tensor.range.count)] = 1
        }
        func loss(_ step: Float) -> Double {
          let moved = zip(parameters, direction).map { $0 + step * $1 }
          return trainer.gradient(at: moved, samples: samples).loss / Double(samples.count)
        }
        let expected = zip(gradient, direction).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        let scale = direction.reduce(0.0) { $0 + Double($1 * $1) }.squareRoot()
        // Two differences, extrapolated, leave an error of the fourth order.
        let h: Float = 0x1p-11 / Float(scale)
        let wide = (loss(2 * h) - loss(-2 * h)) / Double(4 * h)
        let narrow = (loss(h) - loss(-h)) / Double(2 * h)
        let slope = (4 * narrow - wide) / 3
        // A corner of a ReLU or a maximum between the points shows as two differences that disagree.
        if abs(wide - narrow) > 5e-4 * norm * scale {
          corners += 1
          continue
        }
        smooth += 1
        #expect(
          abs(slope - expected) < 1e-3 * max(norm * scale, 1e-3),
          "\(network.name), \(tensor.name), round \(round), seed \(seed): \(slope) and \(expected)")
      }
    }
    #expect(smooth > 2 * corners, "\(network.name): \(smooth) differences without corners, \(corners) with")
  }

  /// A convolution to learn below, the layer, and class scores above.
  static func network(
    _ name: String, input: [Int] = [4, 7, 6], _ build: (inout NetworkBuilder) -> Void
  ) throws -> NetworkDescription {
    var builder = NetworkBuilder(input: input)
    builder.convolution(6, kernel: 3, padding: 1)
    build(&builder)
    builder.flatten()
    builder.dense(3)
    return try builder.network(name: name)
  }

  static func convolution(
    _ outputs: Int, _ height: Int, _ width: Int, strides: (Int, Int) = (1, 1), padding: [Int] = [0, 0, 0, 0],
    groups: Int = 1, bias: Bool = true
  ) -> Layer {
    .convolution(
      Convolution(
        outputs: outputs,
        window: Window(
          height: height, width: width, verticalStride: strides.0, horizontalStride: strides.1,
          padding: Window.Padding(top: padding[0], left: padding[1], bottom: padding[2], right: padding[3])),
        groups: groups, bias: bias))
  }

  static func window(_ height: Int, _ width: Int, strides: (Int, Int), padding: [Int]) -> Window {
    Window(
      height: height, width: width, verticalStride: strides.0, horizontalStride: strides.1,
      padding: Window.Padding(top: padding[0], left: padding[1], bottom: padding[2], right: padding[3]))
  }

  static let layers: [(String, [Layer])] = [
    ("convolution", [convolution(5, 3, 3, padding: [1, 1, 1, 1])]),
    ("no bias", [convolution(5, 3, 3, padding: [1, 1, 1, 1], bias: false)]),
    ("many outputs", [convolution(70, 2, 3)]),
    ("strides", [convolution(4, 3, 2, strides: (2, 3), padding: [1, 0, 0, 1])]),
    ("strides that leave a rest", [convolution(4, 2, 2, strides: (2, 3))]),
    ("asymmetric padding", [convolution(4, 3, 3, padding: [2, 0, 1, 3])]),
    ("more padding than window", [convolution(4, 2, 1, strides: (1, 2), padding: [3, 2, 2, 2])]),
    ("pointwise", [convolution(9, 1, 1)]),
    ("pointwise with strides", [convolution(9, 1, 1, strides: (2, 2))]),
    ("groups", [convolution(8, 3, 3, padding: [1, 1, 1, 1], groups: 2)]),
    ("three groups with strides", [convolution(9, 2, 3, strides: (2, 1), padding: [0, 1, 1, 0], groups: 3)]),
    ("depthwise", [convolution(6, 3, 3, padding: [1, 1, 1, 1], groups: 6)]),
    ("depthwise with strides", [convolution(6, 3, 2, strides: (2, 2), padding: [1, 1, 0, 0], groups: 6)]),
    ("depthwise with a multiplier", [convolution(12, 3, 3, groups: 6)]),
    ("wide depthwise", [convolution(20, 1, 1), convolution(20, 3, 3, padding: [1, 1, 1, 1], groups: 20)]),
    ("max pool", [.maxPool(window(2, 2, strides: (2, 2), padding: [0, 0, 0, 0]))]),
    ("overlapping max pool", [.maxPool(window(3, 2, strides: (1, 2), padding: [1, 0, 2, 1]))]),
    ("average pool", [.averagePool(window(3, 2, strides: (2, 1), padding: [1, 1, 0, 0]), countsPadding: false)]),
    (
      "average pool over padding",
      [.averagePool(window(3, 2, strides: (2, 1), padding: [1, 1, 0, 0]), countsPadding: true)]
    ),
    ("global average pool", [.globalAveragePool]),
    ("batch norm", [.batchNorm(BatchNorm())]),
    ("wide batch norm", [convolution(21, 1, 1), .batchNorm(BatchNorm(epsilon: 1e-2, momentum: 0.3))]),
    ("batch norm of features", [.flatten, .dense(outputs: 19, bias: false), .batchNorm(BatchNorm())]),
    ("batch norm and ReLU", [.batchNorm(BatchNorm()), .activation(.relu)]),
    ("ReLU", [.activation(.relu)]),
    ("two ReLUs", [.activation(.relu), .activation(.relu)]),
    ("leaky ReLU", [.activation(.leakyRelu(slope: 0.1))]),
    ("sigmoid", [.activation(.sigmoid)]),
    ("tanh", [.activation(.tanh)]),
    ("clip", [.activation(.clip(low: -0.5, high: 1.5))]),
    ("softmax inside", [.flatten, .dense(outputs: 7, bias: true), .softmax(logarithmic: false)]),
    ("logarithmic softmax inside", [.flatten, .dense(outputs: 7, bias: true), .softmax(logarithmic: true)]),
    ("dropout", [.dropout(rate: 0.4)]),
    ("dropout behind ReLU", [.activation(.relu), .dropout(rate: 0.4), .activation(.tanh)]),
    ("dense without bias", [.flatten, .dense(outputs: 7, bias: false), .activation(.tanh)]),
  ]

  @Test(arguments: layers.indices) func everyLayer(_ index: Int) throws {
    let (name, layers) = Self.layers[index]
    let network = try Self.network(name) { builder in for layer in layers { builder.add(layer) } }
    try Self.check(network, try Self.images([4, 7, 6], 60), seed: 60)
  }

  @Test func residualBlocks() throws {
    let network = try Self.network("residual") { builder in
      let first = builder.relu()
      builder.convolution(6, kernel: 3, padding: 1, bias: false)
      builder.batchNorm()
      builder.relu()
      builder.convolution(6, kernel: 3, padding: 1)
      let main = builder.batchNorm()
      builder.add(.add, to: [main, first])
      let second = builder.relu()
      builder.convolution(8, kernel: 3, stride: 2, padding: 1)
      let branch = builder.batchNorm()
      builder.convolution(8, kernel: 1, stride: 2, bias: false, to: second)
      let short = builder.batchNorm()
      // One value three times: its derivatives have three summands.
      builder.add(.add, to: [short, branch, short])
      builder.relu()
      builder.add(.globalAveragePool)
    }
    try Self.check(network, try Self.images([4, 7, 6], 61, count: 8), seed: 61)
  }

  @Test func concatenations() throws {
    let network = try Self.network("concatenation") { builder in
      let first = builder.relu()
      let branch = builder.convolution(3, kernel: 3, padding: 1)
      let other = builder.convolution(5, kernel: 1, to: first)
      builder.add(.concatenate, to: [branch, first, other])
      builder.batchNorm()
      let flat = builder.flatten()
      let small = builder.dense(4)
      builder.add(.concatenate, to: [small, flat])
      builder.add(.activation(.tanh))
    }
    try Self.check(network, try Self.images([4, 7, 6], 62), seed: 62)
  }

  @Test func theInputMayBeReadTwice() throws {
    var builder = NetworkBuilder(input: [3, 5, 5])
    let left = builder.convolution(3, kernel: 3, padding: 1)
    builder.add(.add, to: [0, left])
    builder.relu()
    builder.flatten()
    builder.dense(3)
    try Self.check(try builder.network(name: "input twice"), try Self.images([3, 5, 5], 63), seed: 63)
  }

  @Test func denseNetworks() throws {
    let network = try NetworkDescription(name: "dense", widths: [12, 9, 17, 3])
    try Self.check(network, try Self.images([12], 64, count: 9), seed: 64)
    // Images are flattened for networks of features.
    try Self.check(network, try Self.images([3, 2, 2], 65, count: 9), seed: 65)
  }

  @Test func wholeNetworks() throws {
    var builder = NetworkBuilder(input: [1, 12, 12])
    builder.convolution(5, kernel: 3)
    builder.relu()
    builder.maxPool(2, stride: 2)
    builder.convolution(18, kernel: 2)
    builder.relu()
    builder.maxPool(2, stride: 2)
    builder.flatten()
    builder.dense(20)
    builder.relu()
    builder.dense(3)
    try Self.check(try builder.network(name: "small LeNet"), try Self.images([1, 12, 12], 66, count: 3), seed: 66)
  }

  @Test func aSoftmaxAtTheEndIsPartOfTheLoss() throws {
    var builder = NetworkBuilder(input: [6])
    builder.dense(3)
    let plain = try builder.network(name: "plain")
    builder.add(.softmax(logarithmic: false))
    let ended = try builder.network(name: "ended")
    let data = try Self.images([6], 67)
    let parameters = Self.parameters(plain, 67)
    let results = try [plain, ended].map { network in
      try Trainer(network: network, recipe: TrainingRecipe(), data: data, seed: 1)
        .gradient(at: parameters, samples: [0, 1, 2, 3, 4])
    }
    #expect(results[0].loss == results[1].loss)
    #expect(results[0].gradient == results[1].gradient)
  }

  /// At 0, max(x, 0) has the derivative 0, and of equal values the first is the largest.
  @Test func corners() throws {
    var builder = NetworkBuilder(input: [1, 1, 2])
    builder.convolution(1, kernel: 1)
    builder.relu()
    builder.maxPool(1, stride: 1)
    builder.flatten()
    builder.dense(2)
    let network = try builder.network(name: "corners")
    let data = try LabelledData(shape: [1, 1, 2], classes: 2, scale: 1, pixels: [1, 1], labels: [0])
    let trainer = try Trainer(network: network, recipe: TrainingRecipe(), data: data, seed: 1)
    // The convolution gives 1·1 − 1 = 0 at both places.
    let flat = trainer.gradient(at: [1, -1, 1, 2, 3, 4, 0, 0], samples: [0]).gradient
    #expect(flat[0] == 0 && flat[1] == 0)

    builder = NetworkBuilder(input: [1, 1, 2])
    builder.convolution(1, kernel: 1)
    builder.add(
      .maxPool(
        Window(
          height: 1, width: 2, verticalStride: 1, horizontalStride: 1,
          padding: .init(top: 0, left: 0, bottom: 0, right: 0))))
    builder.flatten()
    builder.dense(2)
    let pooled = try Trainer(
      network: try builder.network(name: "ties"), recipe: TrainingRecipe(),
      data: try LabelledData(shape: [1, 1, 2], classes: 2, scale: 1, pixels: [0, 0], labels: [0]), seed: 1)
    // Scores 1·2 and −1·2 with label 0; only the first place hands the slope down, so it counts once.
    let gradient = pooled.gradient(at: [5, 2, 1, -1, 0, 0], samples: [0]).gradient
    let p = 1 / (1 + 0.018315638888734179)
    #expect(abs(Double(gradient[1]) - ((p - 1) * 1 + (1 - p) * -1)) < 1e-7)
  }
}
