internal import Models

extension ONNXReader {
  /// Reads one node; attributes that stay in it are ones that nothing here knows.
  mutating func read(_ node: inout ONNXNode) throws(FormatError) {
    guard node.message.domain.isEmpty || node.message.domain == "ai.onnx" else {
      throw node.bad("domain \(quoted(node.message.domain))", "an operator of ONNX itself")
    }
    guard let output = node.message.output.first, !output.isEmpty else { throw node.bad("no output", "one") }
    // Second outputs (indices, masks, statistics) may be named but never read.
    for other in node.message.output.dropFirst() where isRead(other) {
      throw node.bad("use of the output \(quoted(other))", "use of the first output only")
    }
    switch node.message.opType {
    case "Gemm": try readGemm(&node, output)
    case "MatMul": try readMatMul(node, output)
    case "Conv": try readConvolution(&node, output)
    case "BatchNormalization": try readBatchNorm(&node, output)
    case "Relu": try readActivation(.relu, node, output)
    case "LeakyRelu":
      try readActivation(.leakyRelu(slope: try node.attributes.float("alpha", default: 0.01)), node, output)
    case "Sigmoid": try readActivation(.sigmoid, node, output)
    case "Tanh": try readActivation(.tanh, node, output)
    case "Clip":
      // Without a limit the operator's is the largest number: infinity is the same for finite values.
      let low = try scalar(node, 1) ?? -.infinity
      try readActivation(.clip(low: low, high: try scalar(node, 2) ?? .infinity), node, output)
    case "MaxPool", "AveragePool": try readPool(&node, output)
    case "GlobalAveragePool": try addLayer(.globalAveragePool, node, output)
    case "ReduceMean": try readMean(&node, output)
    case "Softmax", "LogSoftmax":
      let axis = try node.attributes.integer("axis", default: -1)
      let rank = try rank(node, 0)
      guard axis == -1 || axis == rank - 1 else { throw node.bad("axis \(axis) of \(rank)", "the last axis") }
      try addLayer(.softmax(logarithmic: node.message.opType == "LogSoftmax"), node, output)
    case "Dropout": try readDropout(&node, output)
    case "Add", "Sum": try readSum(node, output)
    case "Flatten":
      let axis = try node.attributes.integer("axis", default: 1)
      let rank = try rank(node, 0)
      guard axis == 1 || axis == 1 - rank else { throw node.bad("axis \(axis)", "axis 1") }
      try addLayer(.flatten, node, output)
    case "Identity": define(output, try operand(node, 0))
    case "Concat": try readConcatenation(&node, output)
    case "Reshape": try readReshape(&node, output)
    case "Constant": try readConstant(&node, output)
    case "Shape": try readShape(&node, output)
    case "Gather": try readGather(&node, output)
    case "Unsqueeze": try readUnsqueeze(node, output)
    case "Transpose": try readTranspose(&node, output)
    case "Cast": try readCast(&node, output)
    case let other: throw node.bad("operator \(quoted(other))", "an operator that this program has a layer for")
    }
  }

  // MARK: Operands

  func operand(_ node: ONNXNode, _ index: Int) throws(FormatError) -> Value {
    guard let name = node.input(index) else { throw node.bad("no input \(index)", "one") }
    guard let value = try value(name) else {
      throw node.bad("input \(quoted(name))", "the output of an earlier node or a constant")
    }
    return value
  }

  func layer(_ node: ONNXNode, _ index: Int) throws(FormatError) -> Int {
    guard case .layer(let layer) = try operand(node, index) else {
      throw node.bad("a constant or shape as input \(index)", "values that depend on the sample")
    }
    return layer
  }

  func constant(_ node: ONNXNode, _ index: Int) throws(FormatError) -> ONNXTensor? {
    guard node.input(index) != nil else { return nil }
    guard case .constant(let tensor) = try operand(node, index) else {
      throw node.bad("input \(index) that is computed", "a constant")
    }
    return tensor
  }

  func needed(_ tensor: ONNXTensor?, _ node: ONNXNode, _ what: String) throws(FormatError) -> ONNXTensor {
    guard let tensor else { throw node.bad("no \(what)", "one") }
    return tensor
  }

  func scalar(_ node: ONNXNode, _ index: Int) throws(FormatError) -> Float? {
    guard let tensor = try constant(node, index) else { return nil }
    guard tensor.count == 1, let value = tensor.floats?.first else {
      throw node.bad("\(tensor.count) values as input \(index)", "one number")
    }
    return value
  }

  /// The rank that ONNX counts, the batch included.
  func rank(_ node: ONNXNode, _ index: Int) throws(FormatError) -> Int { shapes[try layer(node, index)].count + 1 }

  /// Adds a layer with one input and no weights.
  mutating func addLayer(
    _ layer: Layer, _ node: ONNXNode, _ output: String
  ) throws(FormatError) {
    try add(layer, named: node.path, from: [try self.layer(node, 0)], giving: output, at: node.place)
  }

  private mutating func readActivation(
    _ activation: Activation, _ node: ONNXNode, _ output: String
  ) throws(FormatError) { try addLayer(.activation(activation), node, output) }

  private mutating func readDropout(_ node: inout ONNXNode, _ output: String) throws(FormatError) {
    node.attributes.ignore("seed")
    if let tensor = try constant(node, 2), !tensor.isFalse {
      throw node.bad("training mode", "inference")
    }
    let rate = try scalar(node, 1) ?? 0.5
    try addLayer(.dropout(rate: Double(shortest: rate)), node, output)
  }

  private mutating func readSum(_ node: ONNXNode, _ output: String) throws(FormatError) {
    var layers: [Int] = []
    var constants: [ONNXTensor] = []
    var summand = ""
    for (index, name) in node.message.input.enumerated() {
      switch try operand(node, index) {
      case .layer(let layer):
        layers.append(layer)
        summand = name
      case .constant(let tensor): constants.append(tensor)
      case .sizes: throw node.bad("arithmetic on shapes", "a sum of values")
      }
    }
    if constants.isEmpty, layers.count > 1 {
      return try add(.add, named: node.path, from: layers, giving: output, at: node.place)
    }
    guard layers.count == 1, constants.count <= 1 else { throw node.bad("a sum of constants", "a sum of values") }
    guard let tensor = constants.first else { return define(output, .layer(layers[0])) }
    guard isBias(tensor, of: layers[0]), isReadOnce(summand, of: layers[0]) else {
      throw node.bad(
        "a constant of \(tensor.dimensions) added to \(shapes[layers[0]])",
        "a bias right behind a matrix product or convolution")
    }
    addBias((tensor, 1), to: layers[0])
    define(output, .layer(layers[0]))
    rename(layers[0], output)
  }

  /// Whether a constant is one number a feature or channel, or one for all.
  private func isBias(_ tensor: ONNXTensor, of layer: Int) -> Bool {
    let shape = shapes[layer]
    switch layers[layer].layer {
    case .dense, .convolution: break
    default: return false
    }
    guard tensor.dimensions.count <= shape.count + 1 else { return false }
    if tensor.count == 1 { return true }
    let wanted = [shape[0]] + Array(repeating: 1, count: shape.count - 1)
    let significant = Array(tensor.dimensions.drop { $0 == 1 })
    return significant == wanted
  }
}

extension Double {
  /// The number of fewest digits among those that round to a `Float`: 1e-5 instead of 9.99999974e-06, so that what was
  /// once a `Double` comes back as it was.
  init(shortest value: Float) { self = value.isFinite ? Double("\(value)")! : Double(value) }
}
