import Digests
import Models
import Testing

/// The rules that hold for a network as a whole.
@Suite struct NetworkDescriptionTests {
  private typealias Node = NetworkDescription.Node

  private func network(_ nodes: [(String, Layer, [Int])]) throws -> NetworkDescription {
    try NetworkDescription(name: "n", nodes: nodes.map { Node(name: $0.0, layer: $0.1, inputs: $0.2) })
  }

  private let two = Layer.dense(outputs: 2, bias: true)

  @Test func valuesOfASmallNetwork() throws {
    let network = try network([
      ("input", .input([3, 4, 5]), []), ("flat", .flatten, [0]), ("fc", two, [1]),
      ("odds", .softmax(logarithmic: true), [2]),
    ])
    #expect(network.shapes == [[3, 4, 5], [60], [2], [2]])
    #expect(network.logits == 2)
    #expect(network.inputShape == [3, 4, 5])
    #expect(network.inputCount == 60)
    #expect(network.outputCount == 2)
    #expect(network.inputShape(of: 2) == [60])
  }

  @Test func onlyASoftmaxAtTheEndIsLeftOutOfTheScores() throws {
    let inner = try network([
      ("input", .input([4]), []), ("soft", .softmax(logarithmic: false), [0]), ("fc", two, [1]),
    ])
    #expect(inner.logits == 2)
  }

  @Test("The error names the layer")
  func place() {
    let error = #expect(throws: NetworkError.self) {
      try network([("input", .input([1, 4, 4]), []), ("head", .dense(outputs: 2, bias: true), [0])])
    }
    #expect(error?.description.contains("layer 1 (head)") == true)
    #expect(error?.description.contains("flatten") == true)
  }

  @Test("The first layer, and it alone, is the input")
  func input() {
    #expect(throws: NetworkError.self) { try network([]) }
    #expect(throws: NetworkError.self) { try network([("fc", two, [0])]) }
    #expect(throws: NetworkError.self) { try network([("fc", two, [])]) }
    #expect(throws: NetworkError.self) {
      try network([("a", .input([4]), []), ("b", .input([4]), []), ("sum", .add, [0, 1]), ("fc", two, [2])])
    }
    #expect(throws: NetworkError.self) { try network([("a", .input([4]), [0]), ("fc", two, [0])]) }
  }

  @Test("Inputs are earlier layers", arguments: [1, 2, -1, .max, .min])
  func inputs(wrong: Int) {
    #expect(throws: NetworkError.self) { try network([("a", .input([4]), []), ("fc", two, [wrong])]) }
  }

  @Test("Each layer takes as many inputs as it can use")
  func arity() {
    for inputs in [[], [0, 0]] {
      #expect(throws: NetworkError.self) { try network([("a", .input([4]), []), ("fc", two, inputs)]) }
    }
    for layer in [Layer.add, .concatenate] {
      for inputs in [[], [0], Array(repeating: 0, count: 1025)] {
        #expect(throws: NetworkError.self) {
          try network([("a", .input([4]), []), ("join", layer, inputs), ("fc", two, [1])])
        }
      }
      #expect(throws: Never.self) {
        try network([("a", .input([4]), []), ("join", layer, [0, 0, 0]), ("fc", two, [1])])
      }
    }
  }

  @Test("Names are of 1 to 256 bytes and stand once")
  func names() {
    for name in ["", "a", String(repeating: "x", count: 257), String(repeating: "ä", count: 129)] {
      #expect(throws: NetworkError.self, "\(name)") { try network([("a", .input([4]), []), (name, two, [0])]) }
    }
    #expect(throws: Never.self) {
      try network([("a", .input([4]), []), (String(repeating: "ä", count: 128), two, [0])])
    }
  }

  @Test func everyLayerIsOfUse() {
    #expect(throws: NetworkError.self) {
      try network([("a", .input([4]), []), ("idle", .activation(.relu), [0]), ("fc", two, [0])])
    }
  }

  @Test func thereIsSomethingToLearn() {
    #expect(throws: NetworkError.self) { try network([("a", .input([4]), []), ("f", .activation(.relu), [0])]) }
    #expect(throws: NetworkError.self) { try network([("a", .input([4]), [])]) }
  }

  @Test func scoresAreAVector() {
    #expect(throws: NetworkError.self) {
      try network([
        ("a", .input([1, 4, 4]), []), ("c", .convolution(Convolution(outputs: 2, window: Window(4))), [0]),
      ])
    }
  }

  @Test("Layers and parameters are bounded")
  func bounds() throws {
    func chain(_ length: Int) throws -> NetworkDescription {
      var builder = NetworkBuilder(input: [4])
      builder.dense(2)
      for _ in 0..<length - 2 { builder.relu() }
      return try builder.network(name: "n")
    }
    #expect(try chain(NetworkDescription.maximumNodes).nodes.count == NetworkDescription.maximumNodes)
    #expect(throws: NetworkError.self) { try chain(NetworkDescription.maximumNodes + 1) }
    let wide = 1 << 14
    #expect(wide * wide == NetworkDescription.maximumParameters)
    #expect(throws: Never.self) {
      try network([("a", .input([wide]), []), ("d", .dense(outputs: wide, bias: false), [0])])
    }
    #expect(throws: NetworkError.self) {
      try network([("a", .input([wide]), []), ("d", .dense(outputs: wide, bias: true), [0])])
    }
  }

  @Test func widthsMakeAChain() throws {
    let network = try NetworkDescription(name: "n", widths: [5, 4, 3])
    #expect(network.nodes.map(\.name) == ["input", "dense1", "relu1", "dense2"])
    #expect(network.shapes == [[5], [4], [4], [3]])
    for widths in [[], [3], [3, 0], [0, 3], [3, -1, 2]] {
      #expect(throws: NetworkError.self, "\(widths)") { try NetworkDescription(name: "n", widths: widths) }
    }
  }

  @Test("The digest is that of the structure: names do not matter, everything else does")
  func digest() throws {
    func digest(_ window: Window = Window(3), relu: Layer = .activation(.relu), name: String = "conv") throws -> Digest
    {
      try network([
        ("x", .input([2, 8, 8]), []), (name, .convolution(Convolution(outputs: 2, window: window)), [0]),
        ("f", relu, [1]), ("flat", .flatten, [2]), ("fc", two, [3]),
      ]).digest
    }
    let plain = try digest()
    #expect(try digest(name: "other") == plain)
    var seen: Set<Digest> = [plain]
    let variants = [
      try digest(Window(2)), try digest(Window(3, stride: 2)), try digest(Window(3, padding: 1)),
      try digest(
        Window(
          height: 3, width: 3, verticalStride: 1, horizontalStride: 2,
          padding: Window.Padding(top: 0, left: 0, bottom: 0, right: 0))),
      try digest(relu: .activation(.tanh)), try digest(relu: .activation(.sigmoid)),
      try digest(relu: .activation(.leakyRelu(slope: 0.1))), try digest(relu: .activation(.leakyRelu(slope: 0.2))),
      try digest(relu: .activation(.clip(low: 0, high: 6))), try digest(relu: .activation(.clip(low: 0, high: 1))),
      try digest(relu: .dropout(rate: 0.1)), try digest(relu: .dropout(rate: 0.2)),
      try digest(relu: .batchNorm(BatchNorm())), try digest(relu: .batchNorm(BatchNorm(epsilon: 1e-3))),
      try digest(relu: .batchNorm(BatchNorm(momentum: 0.2))), try digest(relu: .maxPool(Window(1))),
      try digest(relu: .averagePool(Window(1), countsPadding: true)),
      try digest(relu: .averagePool(Window(1), countsPadding: false)), try digest(relu: .globalAveragePool),
    ]
    for variant in variants { #expect(seen.insert(variant).inserted) }
  }

  @Test func theDigestFollowsTheWiring() throws {
    func digest(_ inputs: [Int], _ layer: Layer = .add) throws -> Digest {
      try network([
        ("x", .input([4]), []), ("a", .activation(.relu), [0]), ("b", .activation(.tanh), [0]), ("j", layer, inputs),
        ("fc", two, [3]),
      ]).digest
    }
    let all = [try digest([1, 2]), try digest([2, 1]), try digest([1, 2, 0]), try digest([1, 2], .concatenate)]
    #expect(Set(all).count == all.count)
  }
}
