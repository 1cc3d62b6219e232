package import Digests

extension NetworkDescription {
  /// The stored and sent form, names included.
  package var canonicalBytes: CanonicalBytes {
    var bytes = CanonicalBytes(kind: "network-with-names", version: 1)
    bytes.append(name)
    bytes.append(list: nodes) { bytes, node in
      bytes.append(node.name)
      node.layer.append(to: &bytes, inputs: node.inputs)
    }
    return bytes
  }

  /// A network from its stored form.
  ///
  /// - Throws: ``CanonicalError`` for bytes that are not such a form or describe no possible network.
  package init(canonical: [UInt8]) throws(CanonicalError) {
    var reader = try CanonicalReader(canonical, kind: "network-with-names", version: 1)
    let name = try reader.string()
    var nodes: [Node] = []
    for _ in 0..<(try reader.count(width: 9)) {
      let nodeName = try reader.string()
      let (layer, inputs) = try Layer.read(from: &reader)
      nodes.append(Node(name: nodeName, layer: layer, inputs: inputs))
    }
    try reader.finish()
    do { try self.init(name: name, nodes: nodes) } catch { throw CanonicalError(error.description) }
  }
}

extension Layer {
  /// Numbers of kinds are part of every digest: never reuse or renumber one.
  func append(to bytes: inout CanonicalBytes, inputs: [Int]) {
    switch self {
    case .input(let shape):
      bytes.append(1)
      bytes.append(list: shape) { $0.append($1) }
    case .dense(let outputs, let bias):
      bytes.append(2)
      bytes.append(outputs)
      bytes.append(bias)
    case .convolution(let convolution):
      bytes.append(3)
      bytes.append(convolution.outputs)
      bytes.append(convolution.groups)
      bytes.append(convolution.bias)
      convolution.window.append(to: &bytes)
    case .maxPool(let window):
      bytes.append(4)
      window.append(to: &bytes)
    case .averagePool(let window, let countsPadding):
      bytes.append(5)
      bytes.append(countsPadding)
      window.append(to: &bytes)
    case .globalAveragePool: bytes.append(6)
    case .batchNorm(let norm):
      bytes.append(7)
      bytes.append(norm.epsilon)
      bytes.append(norm.momentum)
    case .activation(.relu): bytes.append(8)
    case .activation(.leakyRelu(let slope)):
      bytes.append(9)
      bytes.append(Double(slope))
    case .activation(.sigmoid): bytes.append(10)
    case .activation(.tanh): bytes.append(11)
    case .activation(.clip(let low, let high)):
      bytes.append(12)
      bytes.append(Double(low))
      bytes.append(Double(high))
    case .softmax(let logarithmic):
      bytes.append(13)
      bytes.append(logarithmic)
    case .dropout(let rate):
      bytes.append(14)
      bytes.append(rate)
    case .flatten: bytes.append(15)
    case .add: bytes.append(16)
    case .concatenate: bytes.append(17)
    }
    bytes.append(list: inputs) { $0.append($1) }
  }

  static func read(from reader: inout CanonicalReader) throws(CanonicalError) -> (Layer, [Int]) {
    let layer: Layer
    switch try reader.int() {
    case 1: layer = .input(try reader.ints())
    case 2: layer = .dense(outputs: try reader.int(), bias: try reader.bool())
    case 3:
      let (outputs, groups, bias) = (try reader.int(), try reader.int(), try reader.bool())
      layer = .convolution(
        Convolution(outputs: outputs, window: try Window(from: &reader), groups: groups, bias: bias))
    case 4: layer = .maxPool(try Window(from: &reader))
    case 5:
      let countsPadding = try reader.bool()
      layer = .averagePool(try Window(from: &reader), countsPadding: countsPadding)
    case 6: layer = .globalAveragePool
    case 7: layer = .batchNorm(BatchNorm(epsilon: try reader.double(), momentum: try reader.double()))
    case 8: layer = .activation(.relu)
    case 9: layer = .activation(.leakyRelu(slope: try reader.float()))
    case 10: layer = .activation(.sigmoid)
    case 11: layer = .activation(.tanh)
    case 12: layer = .activation(.clip(low: try reader.float(), high: try reader.float()))
    case 13: layer = .softmax(logarithmic: try reader.bool())
    case 14: layer = .dropout(rate: try reader.double())
    case 15: layer = .flatten
    case 16: layer = .add
    case 17: layer = .concatenate
    case let other: throw CanonicalError("a layer of kind \(other), which this build does not know")
    }
    return (layer, try reader.ints())
  }
}

extension Window {
  func append(to bytes: inout CanonicalBytes) {
    for size in [
      height, width, verticalStride, horizontalStride, padding.top, padding.left, padding.bottom, padding.right,
    ] { bytes.append(size) }
  }

  init(from reader: inout CanonicalReader) throws(CanonicalError) {
    height = try reader.int()
    width = try reader.int()
    verticalStride = try reader.int()
    horizontalStride = try reader.int()
    padding = Padding(top: try reader.int(), left: try reader.int(), bottom: try reader.int(), right: try reader.int())
  }
}

extension CanonicalReader {
  fileprivate mutating func ints() throws(CanonicalError) -> [Int] {
    var values: [Int] = []
    for _ in 0..<(try count(width: 8)) { values.append(try int()) }
    return values
  }

  /// A `Double` that a `Float` was widened to.
  fileprivate mutating func float() throws(CanonicalError) -> Float {
    let wide = try double()
    guard let value = Float(exactly: wide) else { throw CanonicalError("\(wide) is no single-precision number") }
    return value
  }
}
