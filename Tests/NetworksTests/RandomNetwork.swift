import Models
import Randomness

/// Small random graphs of every kind of layer, each named by a seed.
struct RandomNetwork {
  private var stream: RandomStream
  private var builder: NetworkBuilder
  private var shape: [Int]
  /// Places whose shape is the current one, for sums and concatenations.
  private var earlier: [(node: Int, shape: [Int])] = []

  /// A network of images for even seeds and of features for odd ones.
  static func make(_ seed: UInt64) throws -> NetworkDescription {
    var random = RandomNetwork(seed)
    return try random.network()
  }

  private init(_ seed: UInt64) {
    stream = RandomStream(seed: seed, .test, 77)
    shape = seed % 2 == 0 ? [1 + stream.below(5), 3 + stream.below(8), 3 + stream.below(8)] : [1 + stream.below(40)]
    builder = NetworkBuilder(input: shape)
  }

  private mutating func network() throws -> NetworkDescription {
    var layers = 2 + stream.below(5)
    while shape.count == 3, layers > 0 {
      addImageLayer()
      layers -= 1
    }
    if shape.count == 3 {
      if stream.chance(0.3) { add(.globalAveragePool) }
      add(.flatten)
    }
    for _ in 0..<1 + stream.below(3) { addFeatureLayer() }
    add(.dense(outputs: 2 + stream.below(6), bias: stream.chance(0.8)))
    if stream.chance(0.2) { add(.softmax(logarithmic: stream.chance(0.5))) }
    return try builder.network(name: "random")
  }

  /// Adds a layer whose input is the last one and follows the shape by making the network so far.
  private mutating func add(_ layer: Layer, to inputs: [Int]? = nil) {
    earlier.append((builder.last, shape))
    builder.add(layer, to: inputs)
    var probe = builder
    if shape.count == 3, case .flatten = layer {} else if shape.count == 3 { probe.flatten() }
    probe.dense(2)
    guard let network = try? probe.network(name: "probe") else { preconditionFailure("an impossible layer: \(layer)") }
    shape = network.shapes[builder.last]
  }

  private mutating func window(_ most: Int) -> Window {
    let (height, width) = (1 + stream.below(min(most, shape[1])), 1 + stream.below(min(most, shape[2])))
    func pad(_ size: Int) -> Int { stream.below(size) }
    return Window(
      height: height, width: width, verticalStride: 1 + stream.below(3), horizontalStride: 1 + stream.below(3),
      padding: .init(top: pad(height), left: pad(width), bottom: pad(height), right: pad(width)))
  }

  private mutating func activation() -> Layer {
    switch stream.below(5) {
    case 0: .activation(.leakyRelu(slope: 0.1))
    case 1: .activation(.sigmoid)
    case 2: .activation(.tanh)
    case 3: .activation(.clip(low: -0.5, high: 1))
    default: .activation(.relu)
    }
  }

  private mutating func addImageLayer() {
    switch stream.below(12) {
    case 0...3:
      let divisors = (1...shape[0]).filter { shape[0] % $0 == 0 }
      let groups = divisors[stream.below(divisors.count)]
      add(
        .convolution(
          Convolution(
            outputs: groups * (1 + stream.below(9)), window: window(3), groups: groups, bias: stream.chance(0.5))))
      if stream.chance(0.5) { add(.batchNorm(BatchNorm())) }
      if stream.chance(0.6) { add(.activation(.relu)) }
    case 4: add(.maxPool(window(3)))
    case 5: add(.averagePool(window(3), countsPadding: stream.chance(0.5)))
    case 6: add(.batchNorm(BatchNorm()))
    case 7: add(.dropout(rate: 0.3))
    case 8, 9: join()
    default: add(activation())
    }
  }

  private mutating func addFeatureLayer() {
    switch stream.below(8) {
    case 0: add(.batchNorm(BatchNorm()))
    case 1: add(.softmax(logarithmic: stream.chance(0.5)))
    case 2: add(.dropout(rate: 0.5))
    case 3: join()
    case 4: add(.dense(outputs: 1 + stream.below(260), bias: stream.chance(0.5)))
    default: add(activation())
    }
  }

  /// A residual sum or a concatenation with an earlier value, or with itself.
  private mutating func join() {
    let equal = earlier.filter { $0.shape == shape }.map(\.node) + [builder.last]
    let other = equal[stream.below(equal.count)]
    add(stream.chance(0.5) ? .add : .concatenate, to: [builder.last, other])
  }
}
