internal import Models

/// Arithmetic on shapes, as PyTorch writes it around a flattening, and what it ends in.
extension ONNXReader {
  mutating func readConstant(_ node: inout ONNXNode, _ output: String) throws(FormatError) {
    let tensor: ONNXTensor
    if let message = try node.attributes.tensor("value") {
      tensor = try ONNXTensor(message, name: output)
    } else if let values = try node.attributes.integers("value_ints") {
      tensor = ONNXTensor(values.map(Int64.init), dimensions: [values.count], name: output)
    } else if let values = try node.attributes.floats("value_floats") {
      tensor = ONNXTensor(values, dimensions: [values.count], name: output)
    } else if node.attributes.has("value_float") {
      tensor = ONNXTensor([try node.attributes.float("value_float", default: 0)], dimensions: [], name: output)
    } else if node.attributes.has("value_int") {
      tensor = ONNXTensor([Int64(try node.attributes.integer("value_int"))], dimensions: [], name: output)
    } else {
      throw node.bad("no value", "a tensor, integers or floats")
    }
    define(output, .constant(tensor))
  }

  /// Weights of a layer without bias, where the exporter did not fold constants.
  mutating func readTranspose(_ node: inout ONNXNode, _ output: String) throws(FormatError) {
    let permutation = try node.attributes.integers("perm") ?? [1, 0]
    guard permutation == [1, 0], case .constant(let tensor) = try operand(node, 0), let transposed = tensor.transposed
    else { throw node.bad("a transposition that is not of a constant matrix", "one of weights") }
    define(output, .constant(transposed))
  }

  /// Limits of a clip and sizes, where the exporter did not fold constants.
  mutating func readCast(_ node: inout ONNXNode, _ output: String) throws(FormatError) {
    let target = try node.attributes.integer("to")
    node.attributes.ignore("saturate")
    let value = try operand(node, 0)
    switch (ONNXTensor.ElementType(rawValue: Int32(truncatingIfNeeded: target)), value) {
    case (.float, .constant(let tensor)) where tensor.type.isFloatingPoint,
      (.double, .constant(let tensor)) where tensor.type.isFloatingPoint:
      define(output, value)
    case (.int64, .constant(let tensor)) where tensor.type == .int64: define(output, value)
    case (.int64, .sizes): define(output, value)
    case (.float, .constant(let tensor)):
      guard let converted = tensor.converted(name: output) else { fallthrough }
      define(output, .constant(converted))
    default: throw node.bad("a conversion to element type \(target)", "one of constant numbers")
    }
  }

  mutating func readShape(_ node: inout ONNXNode, _ output: String) throws(FormatError) {
    let shape = shapes[try layer(node, 0)]
    let sizes = [Size.batch] + shape.map(Size.known)
    let start = try node.attributes.integer("start", default: 0)
    let end = try node.attributes.integer("end", default: sizes.count)
    guard 0 <= start, start <= end, end <= sizes.count else {
      throw node.bad("sizes \(start)..<\(end) of \(sizes.count)", "a range inside")
    }
    define(output, .sizes(Array(sizes[start..<end]), isScalar: false))
  }

  mutating func readGather(_ node: inout ONNXNode, _ output: String) throws(FormatError) {
    guard try node.attributes.integer("axis", default: 0) == 0, let indices = try constant(node, 1)?.integers,
      let index = indices.first, indices.count == 1, let tensor = try constant(node, 1), tensor.dimensions.count <= 1
    else { throw node.bad("a choice of several values", "one size of a shape") }
    let (sizes, isScalar) = try sizes(node, 0)
    let place = index < 0 ? index + sizes.count : index
    guard !isScalar, sizes.indices.contains(place) else {
      throw node.bad("size \(index) of \(sizes.count)", "one that there is")
    }
    define(output, .sizes([sizes[place]], isScalar: tensor.dimensions.isEmpty))
  }

  mutating func readUnsqueeze(_ node: ONNXNode, _ output: String) throws(FormatError) {
    let (sizes, isScalar) = try sizes(node, 0)
    guard isScalar, let axes = try constant(node, 1)?.integers, axes == [0] || axes == [-1] else {
      throw node.bad("new axes in values", "a size made a list")
    }
    define(output, .sizes(sizes, isScalar: false))
  }

  mutating func readConcatenation(_ node: inout ONNXNode, _ output: String) throws(FormatError) {
    let axis = try node.attributes.integer("axis")
    var inputs: [Int] = []
    var joined: [Size] = []
    for index in node.message.input.indices {
      if case .layer(let layer) = try operand(node, index) {
        inputs.append(layer)
      } else {
        let (sizes, isScalar) = try sizes(node, index)
        guard !isScalar, joined.count + sizes.count <= 64 else {
          throw node.bad("sizes that are no list", "lists of at most 64 sizes")
        }
        joined += sizes
      }
    }
    guard let first = inputs.first else {
      guard axis == 0 || axis == -1 else { throw node.bad("axis \(axis)", "axis 0 for sizes") }
      return define(output, .sizes(joined, isScalar: false))
    }
    guard joined.isEmpty, axis == 1 || axis == -shapes[first].count else {
      throw node.bad("axis \(axis)", "axis 1 of values that depend on the sample")
    }
    if inputs.count == 1 { return define(output, .layer(first)) }
    try add(.concatenate, named: node.path, from: inputs, giving: output, at: node.place)
  }

  mutating func readReshape(_ node: inout ONNXNode, _ output: String) throws(FormatError) {
    let keepsZero = try node.attributes.integer("allowzero", default: 0) != 0
    let input = try layer(node, 0)
    let shape = shapes[input]
    var target = try sizes(node, 1).sizes
    if !keepsZero {
      let old = [Size.batch] + shape.map(Size.known)
      for index in target.indices where target[index] == .known(0) && index < old.count { target[index] = old[index] }
    }
    if let batch, target.first == .known(batch) { target[0] = .batch }
    // At most one size may be open, so either the batch or the features.
    let features = shape.reduce(1, *)
    if target == [.batch, .known(-1)] || target == [.batch, .known(features)]
      || target == [.known(-1), .known(features)]
    {
      return try addLayer(.flatten, node, output)
    }
    let same = shape.map(Size.known)
    guard target == [.batch] + same || target == [.known(-1)] + same else {
      throw node.bad(
        "a new shape [\(target.map(\.text).joined(separator: ", "))] of [batch, \(shape)]",
        "[batch, \(features)], a flattening")
    }
    define(output, .layer(input))
  }

  private func sizes(_ node: ONNXNode, _ index: Int) throws(FormatError) -> (sizes: [Size], isScalar: Bool) {
    switch try operand(node, index) {
    case .sizes(let sizes, let isScalar): return (sizes, isScalar)
    case .constant(let tensor):
      guard let integers = tensor.integers, tensor.dimensions.count <= 1 else { break }
      return (integers.map(Size.known), tensor.dimensions.isEmpty)
    case .layer: break
    }
    throw node.bad("input \(index) that is no list of sizes", "at most 64 integers or sizes of a shape")
  }
}

extension ONNXReader.Size {
  var text: String {
    switch self {
    case .batch: "batch"
    case .known(let size): "\(size)"
    }
  }
}
