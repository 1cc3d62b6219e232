/// Writes a network down layer by layer; each layer reads the one added last unless told otherwise.
///
/// Sizes are checked when the network is made, not before.
package struct NetworkBuilder {
  private var nodes: [NetworkDescription.Node]
  private var counts: [String: Int] = [:]

  /// A network of samples of this shape: [features] or [channels, height, width].
  package init(input shape: [Int]) {
    nodes = [NetworkDescription.Node(name: "input", layer: .input(shape), inputs: [])]
  }

  /// The number of the layer added last.
  package var last: Int { nodes.count - 1 }

  /// Adds a layer and returns its number; without a name it is called by its kind and a running number.
  @discardableResult
  package mutating func add(_ layer: Layer, name: String? = nil, to inputs: [Int]? = nil) -> Int {
    let kind = layer.kind
    counts[kind, default: 0] += 1
    nodes.append(
      NetworkDescription.Node(name: name ?? "\(kind)\(counts[kind]!)", layer: layer, inputs: inputs ?? [last]))
    return last
  }

  @discardableResult
  package mutating func dense(_ outputs: Int, bias: Bool = true, name: String? = nil) -> Int {
    add(.dense(outputs: outputs, bias: bias), name: name)
  }

  /// A square convolution.
  @discardableResult
  package mutating func convolution(
    _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, groups: Int = 1, bias: Bool = true,
    name: String? = nil, to input: Int? = nil
  ) -> Int {
    let window = Window(kernel, stride: stride, padding: padding)
    return add(
      .convolution(Convolution(outputs: outputs, window: window, groups: groups, bias: bias)), name: name,
      to: input.map { [$0] })
  }

  @discardableResult
  package mutating func relu() -> Int { add(.activation(.relu)) }

  @discardableResult
  package mutating func batchNorm(name: String? = nil) -> Int { add(.batchNorm(BatchNorm()), name: name) }

  @discardableResult
  package mutating func maxPool(_ size: Int, stride: Int, padding: Int = 0) -> Int {
    add(.maxPool(Window(size, stride: stride, padding: padding)))
  }

  @discardableResult
  package mutating func flatten() -> Int { add(.flatten) }

  /// The network of all layers added.
  ///
  /// - Throws: ``NetworkError`` as ``NetworkDescription/init(name:nodes:)`` does.
  package func network(name: String) throws(NetworkError) -> NetworkDescription {
    try NetworkDescription(name: name, nodes: nodes)
  }
}

extension Layer {
  /// The kind in one word, as names of layers and listings use it.
  package var kind: String {
    switch self {
    case .input: "input"
    case .dense: "dense"
    case .convolution: "conv"
    case .maxPool: "maxpool"
    case .averagePool: "avgpool"
    case .globalAveragePool: "globalavgpool"
    case .batchNorm: "batchnorm"
    case .activation(.relu): "relu"
    case .activation(.leakyRelu): "leakyrelu"
    case .activation(.sigmoid): "sigmoid"
    case .activation(.tanh): "tanh"
    case .activation(.clip): "clip"
    case .softmax: "softmax"
    case .dropout: "dropout"
    case .flatten: "flatten"
    case .add: "add"
    case .concatenate: "concat"
    }
  }
}
