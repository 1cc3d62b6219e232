/// One node of a graph, with its place for errors.
struct ONNXNode {
  let message: Onnx_NodeProto
  let place: FormatError.Place
  var attributes: ONNXAttributes

  init(_ message: Onnx_NodeProto, _ place: FormatError.Place) throws(FormatError) {
    self.message = message
    self.place = place
    attributes = try ONNXAttributes(message.attribute, place)
  }

  func bad(_ found: String, _ expected: String) -> FormatError { .bad(place, found: found, expected: expected) }

  /// The name of an input; nil for one that is left out.
  func input(_ index: Int) -> String? {
    guard index < message.input.count, !message.input[index].isEmpty else { return nil }
    return message.input[index]
  }

  /// What a layer without weights is called, and one whose weights have no telling name.
  ///
  /// PyTorch's first exporter writes the modules that lead to a node, each with its own name in full where a container
  /// numbers it: `/features/features.1/conv/conv.0/Conv` is `features.1.conv.0`.
  var path: String {
    let name = message.name.isEmpty ? message.output.first ?? "" : message.name
    guard name.utf8.first == UInt8(ascii: "/") else { return name }
    var parts = name.split(separator: "/")
    let kind = message.opType
    if parts.count > 1, parts.last == kind[...] || parts.last!.hasPrefix(kind + "_") { parts.removeLast() }
    var path: [Substring] = []
    for part in parts {
      if let last = path.last, part.hasPrefix(last + ".") { path.removeLast() }
      path.append(part)
    }
    return path.joined(separator: ".")
  }

  /// What a layer with these weights is called.
  func name(weights: ONNXTensor) -> String {
    let suffix = ".weight"
    guard weights.name.hasSuffix(suffix), weights.name.utf8.count > suffix.utf8.count else { return path }
    return String(weights.name.dropLast(suffix.count))
  }
}
