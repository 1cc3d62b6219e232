internal import Digests
internal import FoundationEssentials
package import Models

/// Models in safetensors files.
package enum Safetensors {
  /// The metadata key of our own files: the network's canonical bytes in base64.
  static let networkKey = "sentei.network"

  /// A file with every tensor of the model under its layout's name, and the network in the metadata.
  ///
  /// PyTorch reads it as a state dictionary.
  ///
  /// - Complexity: linear in the number of values.
  package static func write(_ model: Model) -> [UInt8] {
    SafetensorsFile.bytes(
      tensors: ParameterLayout(model.network).tensors.map { dense($0, of: model) }, metadata: metadata(model.network))
  }

  /// What every file of ours says of its network.
  static func metadata(_ network: NetworkDescription) -> [(key: String, value: String)] {
    [("format", "pt"), (networkKey, Data(network.canonicalBytes.bytes).base64EncodedString())]
  }

  /// A tensor as it is.
  static func dense(_ tensor: ParameterTensor, of model: Model) -> SafetensorsFile.Part {
    (tensor.name, tensor.shape, .floats(model.parameters[tensor.range]))
  }

  /// The model of a file that sentei wrote, in whatever form.
  ///
  /// - Parameter limit: the most values that packed tensors, which can be much smaller than what they hold, may make a
  ///   network of.
  /// - Throws: ``FormatError/badData(file:place:found:expected:)``, also for a file without a network in its metadata.
  package static func read(
    _ bytes: [UInt8], limit: Int = NetworkDescription.maximumParameters
  ) throws(FormatError) -> Model {
    let file = try SafetensorsFile(bytes)
    let place = FormatError.Place.part("__metadata__")
    guard let text = file.metadata[networkKey] else {
      throw .bad(place, found: "no \(networkKey)", expected: "a file that sentei wrote, or a network to read it into")
    }
    guard let canonical = Data(base64Encoded: text) else {
      throw .bad(place, found: "\(networkKey) that is not base64", expected: "base64")
    }
    let network: NetworkDescription
    do { network = try NetworkDescription(canonical: Array(canonical)) } catch {
      throw .bad(place, found: "a network that cannot be (\(error.description))", expected: "a possible one")
    }
    let tensors = try StoredTensor.all(of: file)
    return try model(tensors, network, named(tensors, ParameterLayout(network)), limit: limit)
  }

  /// The values of a PyTorch state dictionary for a network.
  ///
  /// Tensors are found by name. Where not one name is known, they are taken layer by layer, as the file or else as the
  /// numbers in the names order them, and each must have its place's shape. `num_batches_tracked` is passed over.
  ///
  /// - Parameter limit: as for ``read(_:limit:)``.
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` that lists what is missing, left over or of another
  ///   shape.
  package static func read(
    _ bytes: [UInt8], into network: NetworkDescription, limit: Int = NetworkDescription.maximumParameters
  ) throws(FormatError) -> Model {
    let tensors = try StoredTensor.all(of: try SafetensorsFile(bytes))
    let layout = ParameterLayout(network)
    let names = Set(layout.tensors.map(\.name))
    let anyIsKnown = tensors.contains { names.contains($0.name) }
    return try model(
      tensors, network, anyIsKnown ? named(tensors, layout) : ordered(tensors, layout), limit: limit)
  }

  /// The number of the file's tensor for each tensor of the layout, by name.
  private static func named(_ stored: [StoredTensor], _ layout: ParameterLayout) throws(FormatError) -> [Int] {
    var places: [String: Int] = [:]
    for (index, tensor) in stored.enumerated() where !isCounter(tensor) { places[tensor.name] = index }
    var chosen: [Int] = []
    var complaints: [String] = []
    for tensor in layout.tensors {
      guard let index = places.removeValue(forKey: tensor.name) else {
        complaints.append("\(tensor.name) is missing")
        continue
      }
      if stored[index].shape != tensor.shape {
        complaints.append("\(tensor.name) is \(stored[index].shape) instead of \(tensor.shape)")
      }
      chosen.append(index)
    }
    for name in places.keys.sorted() { complaints.append("\(quoted(name)) belongs to no layer") }
    guard complaints.isEmpty else { throw mismatch(complaints) }
    return chosen
  }

  /// The same by order, for files of other names.
  ///
  /// The reference writer sorts tensors by name and so loses the order of layers; sorting the numbers in names by
  /// value brings back that of `0.weight`, `2.weight`, `10.weight`. If both orders fit, and differ, nothing tells which
  /// is meant.
  private static func ordered(_ stored: [StoredTensor], _ layout: ParameterLayout) throws(FormatError) -> [Int] {
    var prefixes: [String] = []
    var groups: [String: [String: Int]] = [:]
    for (index, tensor) in stored.enumerated() where !isCounter(tensor) {
      let dot = tensor.name.lastIndex(of: ".") ?? tensor.name.startIndex
      let prefix = String(tensor.name[..<dot])
      if groups[prefix] == nil { prefixes.append(prefix) }
      groups[prefix, default: [:]][String(tensor.name[dot...].drop { $0 == "." })] = index
    }
    let byNode = Dictionary(grouping: layout.tensors.indices) { layout.tensors[$0].node }
    let layers = byNode.keys.sorted().map { byNode[$0]! }
    let keys = Dictionary(uniqueKeysWithValues: prefixes.map { ($0, numberedKey($0)) })
    let numbered = prefixes.sorted { keys[$0]!.lexicographicallyPrecedes(keys[$1]!) }
    let orders = [prefixes, numbered].map { assign($0.map { ($0, groups[$0]!) }, stored, layers, layout) }
    switch (orders[0].complaints.isEmpty, orders[1].complaints.isEmpty) {
    case (true, true) where orders[0].chosen != orders[1].chosen:
      throw mismatch(["no name is known, and tensors fit both in the order of the file and in that of their names"])
    case (true, _): return orders[0].chosen
    case (_, true): return orders[1].chosen
    case (false, false): throw mismatch(["no name is known, and by order"] + orders[1].complaints)
    }
  }

  private static func assign(
    _ groups: [(prefix: String, members: [String: Int])], _ stored: [StoredTensor], _ layers: [[Int]],
    _ layout: ParameterLayout
  ) -> (chosen: [Int], complaints: [String]) {
    guard groups.count == layers.count else {
      return ([], ["there are \(groups.count) layers with values instead of \(layers.count)"])
    }
    var chosen = [Int](repeating: 0, count: layout.tensors.count)
    var complaints: [String] = []
    for (group, layer) in zip(groups, layers) {
      for place in layer {
        let wanted = layout.tensors[place]
        if let index = group.members[wanted.role.suffix], stored[index].shape == wanted.shape {
          chosen[place] = index
        } else {
          let shape = group.members[wanted.role.suffix].map { "\(stored[$0].shape)" } ?? "nothing"
          complaints.append("\(quoted(group.prefix)) has \(shape) for \(wanted.name) of \(wanted.shape)")
        }
      }
      if group.members.count > layer.count {
        complaints.append("\(quoted(group.prefix)) has \(group.members.count) tensors instead of \(layer.count)")
      }
    }
    return (chosen, complaints)
  }

  /// What names are sorted by so that numbers in them count by value.
  private static func numberedKey(_ name: String) -> [UInt64] {
    var key: [UInt64] = []
    var number: UInt64?
    for byte in name.utf8 {
      let digit = UInt64(byte) &- UInt64(UInt8(ascii: "0"))
      if digit < 10 {
        number = min((number ?? 0) * 10 + digit, 1 << 32)
      } else {
        if let value = number { key += [48, value] }
        number = nil
        key.append(UInt64(byte))
      }
    }
    if let value = number { key += [48, value] }
    return key
  }

  /// PyTorch's count of batches, which nothing here needs.
  private static func isCounter(_ tensor: StoredTensor) -> Bool {
    tensor.shape.isEmpty && (tensor.name == "num_batches_tracked" || tensor.name.hasSuffix(".num_batches_tracked"))
  }

  private static func model(
    _ stored: [StoredTensor], _ network: NetworkDescription, _ chosen: [Int], limit: Int
  ) throws(FormatError) -> Model {
    let layout = ParameterLayout(network)
    guard layout.count <= limit || chosen.allSatisfy({ !stored[$0].isPacked }) else {
      throw .bad(nil, found: "packed tensors of a network of \(layout.count) values", expected: "at most \(limit)")
    }
    var parameters: [Float] = []
    parameters.reserveCapacity(layout.count)
    for index in chosen { parameters += try stored[index].values() }
    do { return try Model(network: network, parameters: parameters) } catch {
      throw .bad(nil, found: error.description, expected: "finite values")
    }
  }

  private static func mismatch(_ complaints: [String]) -> FormatError {
    let rest = complaints.count > 20 ? "; and \(complaints.count - 20) more" : ""
    return .bad(
      nil, found: complaints.prefix(20).joined(separator: "; ") + rest, expected: "the tensors of the network")
  }
}
