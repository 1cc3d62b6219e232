import Models
import Testing

/// What each layer makes of the shape of its inputs, and which it refuses.
@Suite struct ShapeTests {
  private typealias Node = NetworkDescription.Node

  /// The shape that a layer gives for samples of `shape`, read from a network around it.
  private func shape(_ layer: Layer, of shape: [Int]) throws -> [Int] {
    let nodes = [
      Node(name: "input", layer: .input(shape), inputs: []), Node(name: "layer", layer: layer, inputs: [0]),
      Node(name: "flatten", layer: .flatten, inputs: [1]),
      Node(name: "classes", layer: .dense(outputs: 2, bias: true), inputs: [2]),
    ]
    let network = try NetworkDescription(name: "n", nodes: nodes)
    return network.shapes[1]
  }

  @Test func denseLayersReadFeatures() throws {
    #expect(try shape(.dense(outputs: 7, bias: false), of: [5]) == [7])
    for refused in [[5, 1, 1], [1, 5, 5]] {
      #expect(throws: NetworkError.self) { try shape(.dense(outputs: 7, bias: true), of: refused) }
    }
    for outputs in [0, -1, Layer.maximumDimension + 1, .max] {
      #expect(throws: NetworkError.self) { try shape(.dense(outputs: outputs, bias: true), of: [5]) }
    }
  }

  @Test("A convolution takes every whole place of its window", arguments: [1, 2, 3, 4])
  func convolutions(stride: Int) throws {
    for kernel in 1...5 {
      for padding in 0...3 {
        for side in 5...9 {
          let window = Window(kernel, stride: stride, padding: padding)
          // The places, counted one by one.
          let rows = places(side, kernel, stride, padding)
          let found = try shape(.convolution(Convolution(outputs: 6, window: window)), of: [3, side, side + 1])
          #expect(
            found == [6, rows, places(side + 1, kernel, stride, padding)],
            "side \(side), kernel \(kernel), stride \(stride), padding \(padding)")
        }
      }
    }
  }

  private func places(_ side: Int, _ kernel: Int, _ step: Int, _ padding: Int) -> Int {
    var count = 0
    var start = -padding
    while start + kernel <= side + padding {
      count += 1
      start += step
    }
    return count
  }

  @Test("Each border counts once: alone it makes room for one place more")
  func borders() throws {
    let borders = [(0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (2, 0, 1, 1)]
    // 4 rows hold two windows of 3; 7 columns two of 2 in steps of 3.
    let expected = [[2, 2], [3, 2], [2, 3], [3, 2], [2, 3], [5, 3]]
    for ((top, left, bottom, right), places) in zip(borders, expected) {
      let window = Window(
        height: 3, width: 2, verticalStride: 1, horizontalStride: 3,
        padding: Window.Padding(top: top, left: left, bottom: bottom, right: right))
      let layers: [(Layer, Int)] = [
        (.convolution(Convolution(outputs: 4, window: window)), 4), (.maxPool(window), 6),
        (.averagePool(window, countsPadding: true), 6),
      ]
      for (layer, channels) in layers {
        #expect(try shape(layer, of: [6, 4, 7]) == [channels] + places, "\(layer)")
      }
    }
  }

  @Test func groupsDivideBothSides() throws {
    func grouped(_ groups: Int, outputs: Int) throws -> [Int] {
      try shape(.convolution(Convolution(outputs: outputs, window: Window(1), groups: groups)), of: [6, 2, 2])
    }
    #expect(try grouped(6, outputs: 6) == [6, 2, 2])
    #expect(try grouped(3, outputs: 9) == [9, 2, 2])
    for (groups, outputs) in [(4, 8), (3, 8), (0, 6), (-1, 6), (12, 12)] {
      #expect(throws: NetworkError.self, "\(groups) groups") { try grouped(groups, outputs: outputs) }
    }
  }

  @Test("Windows of no size, too large for the image, or padded beyond bounds are refused")
  func refusedWindows() throws {
    let padding = Window.Padding(top: 0, left: 0, bottom: 0, right: 0)
    var impossible = [
      Window(0), Window(-1), Window(6), Window(4097, padding: 4096), Window(2, stride: 0), Window(2, stride: 4097),
      Window(2, padding: -1), Window(2, padding: 4097), Window(.max), Window(2, stride: .max),
    ]
    impossible.append(Window(height: 1, width: 6, verticalStride: 1, horizontalStride: 1, padding: padding))
    impossible.append(Window(height: 6, width: 1, verticalStride: 1, horizontalStride: 1, padding: padding))
    for window in impossible {
      for layer in [
        Layer.convolution(Convolution(outputs: 2, window: window)), .maxPool(window),
        .averagePool(window, countsPadding: false),
      ] {
        #expect(throws: NetworkError.self, "\(layer)") { try shape(layer, of: [2, 5, 5]) }
      }
    }
  }

  @Test func noWindowOfAPoolLiesInThePaddingAlone() throws {
    #expect(try shape(.maxPool(Window(3, stride: 2, padding: 2)), of: [1, 4, 4]) == [1, 3, 3])
    for padding in [(3, 0, 0, 0), (0, 2, 0, 0), (0, 0, 3, 0), (0, 0, 0, 2)] {
      let window = Window(
        height: 3, width: 2, verticalStride: 1, horizontalStride: 1,
        padding: Window.Padding(top: padding.0, left: padding.1, bottom: padding.2, right: padding.3))
      #expect(throws: NetworkError.self, "\(padding)") { try shape(.maxPool(window), of: [1, 4, 4]) }
    }
    #expect(throws: NetworkError.self) {
      try shape(.averagePool(Window(2, padding: 2), countsPadding: true), of: [1, 4, 4])
    }
  }

  @Test func layersOfImagesRefuseFeatures() {
    let layers: [Layer] = [
      .convolution(Convolution(outputs: 2, window: Window(1))), .maxPool(Window(1)),
      .averagePool(Window(1), countsPadding: false), .globalAveragePool,
    ]
    for layer in layers { #expect(throws: NetworkError.self, "\(layer)") { try shape(layer, of: [9]) } }
  }

  @Test(arguments: [[9], [3, 4, 5]])
  func whatWorksValueByValueKeepsTheShape(_ sample: [Int]) throws {
    let layers: [Layer] = [
      .batchNorm(BatchNorm()), .activation(.relu), .activation(.leakyRelu(slope: 0.1)), .activation(.sigmoid),
      .activation(.tanh), .activation(.clip(low: 0, high: 6)), .dropout(rate: 0), .dropout(rate: 0.9),
    ]
    for layer in layers { #expect(try shape(layer, of: sample) == sample, "\(layer)") }
    #expect(try shape(.flatten, of: sample) == [sample.reduce(1, *)])
  }

  @Test func softmaxAndMeansOfChannels() throws {
    #expect(try shape(.softmax(logarithmic: false), of: [4]) == [4])
    #expect(throws: NetworkError.self) { try shape(.softmax(logarithmic: true), of: [4, 1, 1]) }
    #expect(try shape(.globalAveragePool, of: [4, 3, 7]) == [4, 1, 1])
  }

  @Test("Constants out of bounds are refused")
  func refusedConstants() {
    let layers: [Layer] = [
      .dropout(rate: 1), .dropout(rate: -0.1), .dropout(rate: .nan), .activation(.leakyRelu(slope: .infinity)),
      .activation(.leakyRelu(slope: .nan)), .activation(.clip(low: 1, high: 0)),
      .activation(.clip(low: .nan, high: 0)), .batchNorm(BatchNorm(epsilon: 0)),
      .batchNorm(BatchNorm(epsilon: -1)), .batchNorm(BatchNorm(epsilon: .infinity)),
      .batchNorm(BatchNorm(epsilon: .nan)), .batchNorm(BatchNorm(momentum: -0.1)),
      .batchNorm(BatchNorm(momentum: 1.1)), .batchNorm(BatchNorm(momentum: .nan)),
    ]
    for layer in layers { #expect(throws: NetworkError.self, "\(layer)") { try shape(layer, of: [2, 3, 3]) } }
  }

  @Test("A sample has one dimension or three, each within bounds, and not too many values")
  func samples() throws {
    #expect(try shape(.flatten, of: [Layer.maximumDimension]) == [Layer.maximumDimension])
    let refused = [
      [], [3, 4], [1, 2, 3, 4], [0], [-1], [3, 0, 3], [Layer.maximumDimension + 1], [.max, .max, .max],
      [257, 256, 256], [1 << 62, 4, 1],
    ]
    for sample in refused { #expect(throws: NetworkError.self, "\(sample)") { try shape(.flatten, of: sample) } }
  }

  @Test func additionNeedsEqualShapesAndJoiningEqualPlanes() throws {
    func joined(_ layer: Layer, _ first: Int, _ second: Int, stride: Int = 1) throws -> [Int] {
      var builder = NetworkBuilder(input: [2, 4, 4])
      let left = builder.convolution(first, kernel: 1)
      let right = builder.convolution(second, kernel: 1, stride: stride, to: 0)
      let join = builder.add(layer, to: [left, right])
      builder.flatten()
      builder.dense(2)
      return try builder.network(name: "n").shapes[join]
    }
    #expect(try joined(.add, 3, 3) == [3, 4, 4])
    #expect(try joined(.concatenate, 3, 5) == [8, 4, 4])
    #expect(throws: NetworkError.self) { try joined(.add, 3, 5) }
    #expect(throws: NetworkError.self) { try joined(.add, 3, 3, stride: 2) }
    #expect(throws: NetworkError.self) { try joined(.concatenate, 3, 3, stride: 2) }
    let error = #expect(throws: NetworkError.self) { try joined(.concatenate, Layer.maximumDimension, 1) }
    #expect(error?.description.contains("(concat1)") == true)
  }
}
