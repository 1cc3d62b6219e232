internal import Models

/// Turns the nodes of an ONNX graph into layers, one after the other.
///
/// Constants and arithmetic on shapes are followed while reading; what is left are layers. Weights are copied only when
/// the whole network has been found possible.
struct ONNXReader {
  /// What a name of the graph stands for.
  enum Value {
    case constant(ONNXTensor)
    /// The output of a layer.
    case layer(Int)
    /// Sizes that a shape is computed of.
    case sizes([Size], isScalar: Bool)
  }

  enum Size: Equatable {
    case batch
    case known(Int)
  }

  /// Where the values of a parameter come from: a sum of tensors, each times a factor and, if it is of one value,
  /// repeated.
  struct Source {
    var parts: [(tensor: ONNXTensor, factor: Float)]
    /// Whether the one part is stored as [inputs, outputs].
    var isTransposed = false
  }

  let graph: Onnx_GraphProto
  private(set) var layers: [NetworkDescription.Node] = []
  private(set) var shapes: [[Int]] = []
  /// The name of each layer's output in the graph.
  private var outputs: [String] = []
  private(set) var sources: [[ParameterRole: Source]] = []
  private var values: [String: Value] = [:]
  /// The place of each initializer in the graph. They are looked at when a node reads them, so that a file may hold
  /// others of any kind.
  private var initializers: [String: Int] = [:]
  private var uses: [String: Int] = [:]
  private var names: Set<String> = []
  private var repetitions: [String: Int] = [:]
  /// The size of the batch, if the graph has a fixed one.
  private(set) var batch: Int?

  init(_ graph: Onnx_GraphProto) throws(FormatError) {
    self.graph = graph
    for (index, tensor) in graph.initializer.enumerated() {
      guard initializers.updateValue(index, forKey: tensor.name) == nil else {
        throw .bad(.part("tensor \(quoted(tensor.name))"), found: "a second one of that name", expected: "one")
      }
    }
    try readInput()
  }

  private mutating func readInput() throws(FormatError) {
    // Older files list the initializers as inputs too.
    let inputs = graph.input.filter { initializers[$0.name] == nil }
    guard inputs.count == 1, let input = inputs.first else {
      throw .bad(
        .part("graph"), found: "inputs \(inputs.prefix(8).map { quoted($0.name) }.joined(separator: ", "))",
        expected: "one input")
    }
    let place = FormatError.Place.part("input \(quoted(input.name))")
    let dimensions = input.type.tensorType.shape.dim
    guard input.type.tensorType.elemType == ONNXTensor.ElementType.float.rawValue,
      dimensions.count == 2 || dimensions.count == 4
    else {
      throw .bad(
        place, found: "elements of type \(input.type.tensorType.elemType) in \(dimensions.count) dimensions",
        expected: "FLOAT of shape [batch, features] or [batch, channels, height, width]")
    }
    if case .dimValue(let size) = dimensions[0].value { batch = Int(size) }
    var shape: [Int] = []
    for dimension in dimensions.dropFirst() {
      guard case .dimValue(let size) = dimension.value else {
        throw .bad(
          place, found: "an unknown size \(quoted(dimension.dimParam))", expected: "known sizes, but for the batch")
      }
      shape.append(Int(size))
    }
    try add(.input(shape), named: input.name.isEmpty ? "input" : input.name, from: [], giving: input.name, at: place)
  }

  /// The model of the graph.
  mutating func model() throws(FormatError) -> Model {
    guard graph.output.count == 1 else {
      throw .bad(.part("graph"), found: "\(graph.output.count) outputs", expected: "one")
    }
    let output = graph.output[0].name
    for index in try neededNodes(output) {
      let message = graph.node[index]
      let place = FormatError.Place.part(
        "node \(quoted(message.name.isEmpty ? message.output.first ?? "" : message.name)) (\(message.opType))")
      var node = try ONNXNode(message, place)
      try read(&node)
      try node.attributes.finish()
    }
    guard case .layer(let last) = values[output], last == layers.count - 1 else {
      throw .bad(.part("output \(quoted(output))"), found: "no layer behind all others", expected: "one")
    }
    let network: NetworkDescription
    do {
      network = try NetworkDescription(name: graph.name.isEmpty ? "onnx" : graph.name, nodes: layers)
      return try Model(network: network, parameters: try parameters(network))
    } catch let error as NetworkError {
      throw .bad(.part("graph"), found: error.description, expected: "a possible network")
    } catch let error as FormatError { throw error } catch { preconditionFailure("no other errors: \(error)") }
  }

  /// The nodes that the output depends on, in the order of the graph.
  private mutating func neededNodes(_ output: String) throws(FormatError) -> [Int] {
    var makers: [String: Int] = [:]
    for (index, node) in graph.node.enumerated() {
      for name in node.output where !name.isEmpty {
        guard values[name] == nil, initializers[name] == nil, makers.updateValue(index, forKey: name) == nil else {
          throw .bad(.part("node \(quoted(node.name))"), found: "a second value \(quoted(name))", expected: "one")
        }
      }
    }
    var needed = [Bool](repeating: false, count: graph.node.count)
    var open = [output]
    uses[output] = 1
    while let name = open.popLast() {
      guard let index = makers[name], !needed[index] else { continue }
      needed[index] = true
      for input in graph.node[index].input where !input.isEmpty {
        uses[input, default: 0] += 1
        open.append(input)
      }
    }
    return needed.indices.filter { needed[$0] }
  }

  private func parameters(_ network: NetworkDescription) throws(FormatError) -> [Float] {
    let layout = ParameterLayout(network)
    var parameters: [Float] = []
    parameters.reserveCapacity(layout.count)
    for tensor in layout.tensors {
      let source = sources[tensor.node][tensor.role]!
      var sum = [Float](repeating: 0, count: source.parts.count == 1 ? 0 : tensor.range.count)
      for part in source.parts {
        guard var values = part.tensor.floats else {
          throw .bad(.part("tensor \(quoted(part.tensor.name))"), found: "integers", expected: "numbers")
        }
        if values.count == 1 { values = Array(repeating: values[0], count: tensor.range.count) }
        guard values.count == tensor.range.count else {
          throw .bad(
            .part("tensor \(quoted(part.tensor.name))"), found: "\(values.count) values",
            expected: "\(tensor.range.count) for \(tensor.name)")
        }
        if source.isTransposed { values = transposed(values, columns: tensor.shape[0]) }
        // Not where the factor is 1, so that every bit stays.
        if part.factor != 1 { for index in values.indices { values[index] *= part.factor } }
        if sum.isEmpty { sum = values } else { for index in sum.indices { sum[index] += values[index] } }
      }
      parameters += sum
    }
    return parameters
  }

  private func transposed(_ values: [Float], columns: Int) -> [Float] {
    let rows = values.count / columns
    var out = [Float](repeating: 0, count: values.count)
    for row in 0..<rows { for column in 0..<columns { out[column * rows + row] = values[row * columns + column] } }
    return out
  }
}

extension ONNXReader {
  func value(_ name: String) throws(FormatError) -> Value? {
    if let value = values[name] { return value }
    guard let index = initializers[name] else { return nil }
    return .constant(try ONNXTensor(graph.initializer[index], name: name))
  }

  mutating func define(_ name: String, _ value: Value) { values[name] = value }

  /// Adds a layer whose output the graph calls `output`.
  mutating func add(
    _ layer: Layer, named name: String, from inputs: [Int], giving output: String, at place: FormatError.Place,
    _ parameters: [ParameterRole: Source] = [:]
  ) throws(FormatError) {
    guard layers.count < NetworkDescription.maximumNodes else {
      throw .bad(place, found: "more than \(layers.count) layers", expected: "at most that many")
    }
    do { shapes.append(try layer.outputShape(inputs.map { shapes[$0] })) } catch {
      throw .bad(place, found: error.description, expected: "a possible layer")
    }
    layers.append(NetworkDescription.Node(name: unique(name), layer: layer, inputs: inputs))
    outputs.append(output)
    sources.append(parameters)
    values[output] = .layer(layers.count - 1)
  }

  /// Adds a summand to the bias of a layer.
  mutating func addBias(_ part: (tensor: ONNXTensor, factor: Float), to index: Int) {
    let node = layers[index]
    let layer: Layer
    switch node.layer {
    case .dense(let outputs, _): layer = .dense(outputs: outputs, bias: true)
    case .convolution(var convolution):
      convolution.bias = true
      layer = .convolution(convolution)
    default: preconditionFailure("a bias for \(node.layer.kind)")
    }
    layers[index] = NetworkDescription.Node(name: node.name, layer: layer, inputs: node.inputs)
    sources[index][.bias, default: Source(parts: [])].parts.append(part)
  }

  /// Whether anything that the output depends on reads a value.
  func isRead(_ name: String) -> Bool { uses[name] != nil }

  /// Gives a layer's output another name in the graph, as its bias has been taken into it.
  mutating func rename(_ layer: Int, _ output: String) { outputs[layer] = output }

  /// Whether a value is what a layer gives and is read once.
  func isReadOnce(_ name: String, of layer: Int) -> Bool { outputs[layer] == name && uses[name] == 1 }

  private mutating func unique(_ name: String) -> String {
    // Cut at a character, so that 256 bytes are never passed, the number behind included.
    var base = name.isEmpty ? "layer" : name
    while base.utf8.count > 240 { base = String(base.prefix(base.count / 2)) }
    if base.isEmpty { base = "layer" }
    var candidate = base
    // Counted by base, so that many layers of one name do not take quadratic time.
    while !names.insert(candidate).inserted {
      repetitions[base, default: 1] += 1
      candidate = "\(base)_\(repetitions[base]!)"
    }
    return candidate
  }
}
