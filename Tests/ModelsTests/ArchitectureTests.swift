import Models
import Testing

/// Choices of widths, functions, kernels and skips, and the networks that they mean.
@Suite struct ArchitectureTests {
  private typealias Stage = ArchitectureTemplate.Stage

  private func perceptron() throws -> ArchitectureTemplate {
    try ArchitectureTemplate(
      name: "mlp", input: [784], classes: 10,
      stages: [
        Stage(.dense, widths: [100, 300, 500]),
        Stage(.dense, widths: [50, 100, 300], activations: [.relu, .tanh, nil], maySkip: true),
      ])
  }

  private func images() throws -> ArchitectureTemplate {
    try ArchitectureTemplate(
      name: "cnn", input: [1, 28, 28], classes: 10,
      stages: [
        Stage(.convolution(kernels: [3, 5], isPadded: false, pool: 2), widths: [6, 20], activations: [nil]),
        Stage(.convolution(kernels: [3, 5], isPadded: false, pool: 2), widths: [16, 50], activations: [nil, .relu]),
        Stage(.dense, widths: [120, 500]),
      ])
  }

  private func all(_ template: ArchitectureTemplate) -> [[Int]] {
    template.cardinalities.reduce([[]]) { list, count in list.flatMap { head in (0..<count).map { head + [$0] } } }
  }

  @Test("Choices that are LeNet-300-100 and LeNet-5 are those networks")
  func zoo() throws {
    let mlp = try perceptron()
    #expect(mlp.cardinalities == [3, 3, 3, 2])
    #expect(mlp.geneNames == ["1.width", "2.width", "2.activation", "2.skip"])
    let lenet = try Zoo.network(named: "lenet-300-100", inputs: 784, classes: 10)
    #expect(try mlp.network([1, 1, 0, 0]).digest == lenet.digest)
    #expect(try mlp.cost([1, 1, 0, 0]) == ArchitectureTemplate.Cost(size: 266_610, flops: 266_200))

    let cnn = try images()
    #expect(cnn.geneNames == ["1.width", "1.kernel", "2.width", "2.activation", "2.kernel", "3.width"])
    let lenet5 = try Zoo.network(named: "lenet-5", shape: [1, 28, 28], classes: 10)
    #expect(try cnn.network([1, 1, 1, 0, 1, 1]).digest == lenet5.digest)
    #expect(try cnn.cost([1, 1, 1, 0, 1, 1]).size == 431_080)
  }

  @Test("All choices are networks, and widths and kernels change what they cost")
  func all() throws {
    let cnn = try images()
    var costs: [ArchitectureTemplate.Cost] = []
    for choices in all(cnn) {
      let layout = ParameterLayout(try cnn.network(choices))
      costs.append(try cnn.cost(choices))
      #expect(costs.last == ArchitectureTemplate.Cost(size: layout.trainableCount, flops: layout.multiplyAdds))
    }
    // The function costs nothing; the other five genes each change the size.
    #expect(Set(costs).count == 32)
  }

  @Test("A skip adds what the layer reads where shapes agree, and means nothing elsewhere")
  func skips() throws {
    let mlp = try perceptron()
    #expect(
      try mlp.network([0, 1, 0, 1]).nodes.map(\.layer.kind) == [
        "input", "dense", "relu", "dense", "add", "relu", "dense",
      ])
    #expect(try mlp.network([0, 1, 0, 1]).nodes[4].inputs == [3, 2])
    #expect(try mlp.network([0, 0, 0, 1]).digest == mlp.network([0, 0, 0, 0]).digest)
    #expect(try mlp.cost([0, 1, 0, 1]) == mlp.cost([0, 1, 0, 0]))

    let cnn = try ArchitectureTemplate(
      name: "residual", input: [8, 6, 6], classes: 3,
      stages: [
        Stage(
          .convolution(kernels: [1, 3, 5], isPadded: true, pool: 1), widths: [8], isNormalized: true, maySkip: true)
      ], averages: true)
    #expect(cnn.geneNames == ["1.kernel", "1.skip"])
    let network = try cnn.network([2, 1])
    #expect(
      network.nodes.map(\.layer.kind) == [
        "input", "conv", "batchnorm", "add", "relu", "globalavgpool", "flatten", "dense",
      ])
    #expect(try cnn.cost([2, 1]).size == 8 * 8 * 25 + 16 + 8 * 3 + 3)
  }

  @Test("Choices in words, and the choices of least and of most")
  func words() throws {
    #expect(try perceptron().words([0, 2, 1, 1]) == "1.width=100,2.width=300,2.activation=tanh,2.skip=true")
    #expect(try perceptron().words([1, 0, 2, 0]) == "1.width=300,2.width=50,2.activation=none,2.skip=false")
    #expect(
      try images().words([1, 0, 0, 1, 1, 1])
        == "1.width=20,1.kernel=3,2.width=16,2.activation=relu,2.kernel=5,3.width=500")
    #expect(try perceptron().smallest == [0, 0, 0, 0] && perceptron().largest == [2, 2, 0, 0])
    // Without padding, the second kernel leaves 5 × 5 places to the dense layer if it is small, else 4 × 4.
    #expect(try images().largest == [1, 1, 1, 0, 0, 1])
    for template in [try perceptron(), try images()] {
      let sizes = try all(template).map { try template.cost($0).size }
      #expect(try template.cost(template.smallest).size == sizes.min())
      #expect(try template.cost(template.largest).size == sizes.max())
    }
    let unordered = try ArchitectureTemplate(
      name: "unordered", input: [4], classes: 2,
      stages: [Stage(.dense, widths: [5, 2, 9], activations: [.leakyRelu(slope: 0.5), .clip(low: 0, high: 6)])])
    #expect(unordered.smallest == [1, 0] && unordered.largest == [2, 0])
    #expect(unordered.words([0, 1]) == "1.width=5,1.activation=relu6")
  }

  @Test("Templates that make no network are refused")
  func refused() {
    func make(_ stages: [Stage], input: [Int] = [1, 8, 8]) throws -> ArchitectureTemplate {
      try ArchitectureTemplate(name: "wrong", input: input, classes: 2, stages: stages)
    }
    let convolution = Stage(.convolution(kernels: [3], isPadded: true, pool: 1), widths: [2])
    #expect(throws: NetworkError.self) { try make([Stage(.dense, widths: [])]) }
    #expect(throws: NetworkError.self) { try make([Stage(.dense, widths: [3], activations: [])]) }
    #expect(throws: NetworkError.self) { try make([Stage(.dense, widths: [3]), convolution]) }
    #expect(throws: NetworkError.self) { try make([convolution], input: [64]) }
    for kernels in [[], [2], [3, 9]] {
      #expect(throws: NetworkError.self) {
        try make([Stage(.convolution(kernels: kernels, isPadded: false, pool: 1), widths: [2])])
      }
    }
  }
}
