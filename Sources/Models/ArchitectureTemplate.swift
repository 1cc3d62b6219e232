/// A family of feed-forward networks: for each hidden layer what may be chosen.
///
/// A network is a list of numbers, one a gene, each the place of a choice in its list. Genes stand layer by layer, in the
/// order width, function, kernel, skip, and only where there is more than one choice.
package struct ArchitectureTemplate: Hashable, Sendable {
  /// One hidden layer.
  package struct Stage: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
      case dense
      /// Square kernels of odd sizes with a stride of 1; `isPadded` keeps the image's size. A pool of `pool` × `pool` with
      /// that stride follows, if above 1.
      case convolution(kernels: [Int], isPadded: Bool, pool: Int)
    }

    package var kind: Kind
    /// Neurons or channels.
    package var widths: [Int]
    /// The function behind the layer; nil is none.
    package var activations: [Activation?]
    /// Whether normalisation follows the layer, which then has no biases.
    package var isNormalized: Bool
    /// Whether a gene decides if the layer's input is added to its output, in front of the function. Where the shapes
    /// differ the gene means nothing.
    package var maySkip: Bool

    package init(
      _ kind: Kind, widths: [Int], activations: [Activation?] = [.relu], isNormalized: Bool = false,
      maySkip: Bool = false
    ) {
      self.kind = kind
      self.widths = widths
      self.activations = activations
      self.isNormalized = isNormalized
      self.maySkip = maySkip
    }
  }

  /// What a network costs.
  package struct Cost: Hashable, Sendable {
    /// Parameters.
    package let size: Int
    /// Multiply-adds of one sample.
    package let flops: Int

    package init(size: Int, flops: Int) {
      self.size = size
      self.flops = flops
    }
  }

  package let name: String
  /// [features] or [channels, height, width]; what dense layers read is flattened.
  package let input: [Int]
  package let classes: Int
  package let stages: [Stage]
  /// Whether dense layers see the mean of each channel instead of all its places.
  package let averages: Bool
  private let genes: [Gene]

  private struct Gene: Hashable {
    let stage: Int
    let kind: Kind
    let choices: Int

    enum Kind { case width, activation, kernel, skip }
  }

  /// A checked template.
  ///
  /// - Throws: ``NetworkError`` for an empty list of choices, a kernel that is even, a convolution behind a dense layer, or
  ///   where the first or the last choice of all genes makes no network.
  package init(
    name: String, input: [Int], classes: Int, stages: [Stage], averages: Bool = false
  ) throws(NetworkError) {
    self.name = name
    self.input = input
    self.classes = classes
    self.stages = stages
    self.averages = averages
    var genes: [Gene] = []
    var isDense = false
    for (index, stage) in stages.enumerated() {
      let place = "hidden layer \(index + 1)"
      func add(_ kind: Gene.Kind, _ choices: Int) {
        if choices > 1 { genes.append(Gene(stage: index, kind: kind, choices: choices)) }
      }
      guard !stage.widths.isEmpty, !stage.activations.isEmpty else {
        throw NetworkError("\(place): expected one width and one activation at least")
      }
      add(.width, stage.widths.count)
      add(.activation, stage.activations.count)
      switch stage.kind {
      case .dense: isDense = true
      case .convolution(let kernels, _, let pool):
        guard !isDense else { throw NetworkError("\(place): convolutions stand in front of dense layers") }
        guard !kernels.isEmpty, kernels.allSatisfy({ $0 > 0 && $0 % 2 == 1 }), pool >= 1 else {
          throw NetworkError("\(place): kernels are odd, found \(kernels), and a pool is 1 at least, found \(pool)")
        }
        add(.kernel, kernels.count)
      }
      add(.skip, stage.maySkip ? 2 : 1)
    }
    self.genes = genes
    _ = try network(genes.map { _ in 0 })
    _ = try network(genes.map { $0.choices - 1 })
  }

  /// For each gene how many choices it has.
  package var cardinalities: [Int] { genes.map(\.choices) }

  /// What each gene decides, for people: for example `2.width`.
  package var geneNames: [String] { genes.map { "\($0.stage + 1).\($0.kind)" } }

  /// The choices in words, for example `1.width=64,1.activation=relu`.
  ///
  /// - Precondition: one choice a gene, each below its number of choices.
  package func words(_ choices: [Int]) -> String {
    zip(zip(geneNames, genes), choices).map { gene, choice in "\(gene.0)=\(value(of: gene.1, choice))" }
      .joined(separator: ",")
  }

  private func value(of gene: Gene, _ choice: Int) -> String {
    let stage = stages[gene.stage]
    switch gene.kind {
    case .width: return "\(stage.widths[choice])"
    case .activation: return Self.functions.first { $0.value == stage.activations[choice] }?.name ?? "#\(choice)"
    case .kernel: return "\(kernels(of: gene)[choice])"
    case .skip: return choice == 1 ? "true" : "false"
    }
  }

  /// Functions by the names that people give them.
  package static let functions: [(name: String, value: Activation?)] = [
    ("relu", .relu), ("leaky_relu", .leakyRelu(slope: 0.01)), ("sigmoid", .sigmoid), ("tanh", .tanh),
    ("relu6", .clip(low: 0, high: 6)), ("none", nil),
  ]

  private func kernels(of gene: Gene) -> [Int] {
    if case .convolution(let kernels, _, _) = stages[gene.stage].kind { kernels } else { [] }
  }

  /// The choices of fewest parameters, with the first functions and without skips.
  package var smallest: [Int] { extreme { $0 < $1 } }

  /// The choices of most parameters, with the first functions and without skips.
  package var largest: [Int] { extreme { $0 > $1 } }

  /// The extreme widths; then kernel by kernel the one with the extreme number of parameters, until no other one has more:
  /// without padding a larger kernel leaves a smaller image to the layers behind.
  private func extreme(_ isBetter: (Int, Int) -> Bool) -> [Int] {
    var choices = genes.map { gene in
      gene.kind == .width ? stages[gene.stage].widths.enumerated().min { isBetter($0.element, $1.element) }!.offset : 0
    }
    var best = (try? cost(choices))?.size
    var isSettled = false
    while !isSettled {
      isSettled = true
      for (index, gene) in genes.enumerated() where gene.kind == .kernel {
        for choice in 0..<gene.choices {
          var other = choices
          other[index] = choice
          guard let size = (try? cost(other))?.size, best.map({ isBetter(size, $0) }) ?? true else { continue }
          (choices, best, isSettled) = (other, size, false)
        }
      }
    }
    return choices
  }

  /// The network of some choices.
  ///
  /// - Throws: ``NetworkError`` where kernels without padding do not fit the image that the layers before leave.
  /// - Precondition: one choice a gene, each below its number of choices.
  package func network(_ choices: [Int]) throws(NetworkError) -> NetworkDescription {
    precondition(choices.count == genes.count && zip(choices, genes).allSatisfy { (0..<$1.choices).contains($0) })
    var chosen: [Gene: Int] = [:]
    for (gene, choice) in zip(genes, choices) { chosen[Gene(stage: gene.stage, kind: gene.kind, choices: 0)] = choice }
    func choice(_ stage: Int, _ kind: Gene.Kind) -> Int { chosen[Gene(stage: stage, kind: kind, choices: 0)] ?? 0 }

    var writer = Writer(input: input, averages: averages)
    for (index, stage) in stages.enumerated() {
      let (layer, pool) = Self.layer(stage, width: choice(index, .width), kernel: choice(index, .kernel))
      try writer.add(
        layer, activation: stage.activations[choice(index, .activation)], isNormalized: stage.isNormalized,
        skips: choice(index, .skip) == 1, pool: pool)
    }
    try writer.add(
      .dense(outputs: classes, bias: true), activation: nil, isNormalized: false, skips: false, pool: 1)
    return try writer.builder.network(name: name)
  }

  /// What the network of some choices costs.
  ///
  /// - Throws: ``NetworkError`` as ``network(_:)`` does.
  package func cost(_ choices: [Int]) throws(NetworkError) -> Cost {
    let layout = ParameterLayout(try network(choices))
    return Cost(size: layout.trainableCount, flops: layout.multiplyAdds)
  }

  private static func layer(_ stage: Stage, width: Int, kernel: Int) -> (Layer, pool: Int) {
    let width = stage.widths[width]
    switch stage.kind {
    case .dense: return (.dense(outputs: width, bias: !stage.isNormalized), 1)
    case .convolution(let kernels, let isPadded, let pool):
      let size = kernels[kernel]
      let window = Window(size, padding: isPadded ? size / 2 : 0)
      return (.convolution(Convolution(outputs: width, window: window, bias: !stage.isNormalized)), pool)
    }
  }
}

/// Writes layers down and follows their shape.
private struct Writer {
  var builder: NetworkBuilder
  private var shape: [Int]
  private let averages: Bool

  init(input: [Int], averages: Bool) {
    builder = NetworkBuilder(input: input)
    shape = input
    self.averages = averages
  }

  mutating func add(
    _ layer: Layer, activation: Activation?, isNormalized: Bool, skips: Bool, pool: Int
  ) throws(NetworkError) {
    if case .dense = layer, shape.count > 1 {
      if averages { try append(.globalAveragePool) }
      try append(.flatten)
    }
    let (entry, before) = (builder.last, shape)
    try append(layer)
    if isNormalized { try append(.batchNorm(BatchNorm())) }
    if skips, shape == before { builder.add(.add, to: [builder.last, entry]) }
    if let activation { try append(.activation(activation)) }
    if pool > 1 { try append(.maxPool(Window(pool, stride: pool))) }
  }

  private mutating func append(_ layer: Layer) throws(NetworkError) {
    shape = try layer.outputShape([shape])
    builder.add(layer)
  }
}
