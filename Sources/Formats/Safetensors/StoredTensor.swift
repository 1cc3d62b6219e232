/// A tensor of a model's file in the form in which it is stored.
struct StoredTensor {
  let name: String
  let shape: [Int]
  private let form: Form

  private enum Form {
    case dense(SafetensorsFile.Tensor)
    case rows(StoredRows)
    case shares(StoredShares)
  }

  /// Whether the file may be much smaller than the values.
  var isPacked: Bool {
    switch form {
    case .dense: false
    case .rows, .shares: true
    }
  }

  /// The values, the last dimension running fastest.
  ///
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` that names a packed tensor which contradicts itself.
  /// - Complexity: linear in the number of values.
  func values() throws(FormatError) -> [Float] {
    do throws(FormatError) {
      switch form {
      case .dense(let tensor): return tensor.values
      case .rows(let rows): return try rows.unpacked(shape: shape)
      case .shares(let shares): return try shares.unpacked(shape: shape)
      }
    } catch {
      guard case .badData(_, _, let found, let expected) = error else { throw error }
      throw .bad(.part(name), found: found, expected: expected)
    }
  }

  /// The tensors of a file, packed ones for the several that each of them is stored as.
  ///
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` for metadata that name tensors which are not there.
  /// - Complexity: linear in the number of tensors.
  static func all(of file: SafetensorsFile) throws(FormatError) -> [StoredTensor] {
    var parts = StoredParts(file)
    var packed: [StoredTensor] = []
    for (name, shape) in try Safetensors.sparseShapes(file.metadata) {
      packed.append(StoredTensor(name: name, shape: shape, form: .rows(try StoredRows(name, from: &parts))))
    }
    for (name, (shape, entries)) in try Safetensors.sharedEntries(file.metadata) {
      let shares = try StoredShares(name, entries: entries, from: &parts)
      packed.append(StoredTensor(name: name, shape: shape, form: .shares(shares)))
    }
    var names: Set<String> = []
    for tensor in packed where parts.contains(tensor.name) || !names.insert(tensor.name).inserted {
      throw .bad(.part(tensor.name), found: "the tensor in two forms", expected: "one of them")
    }
    return parts.rest.map { StoredTensor(name: $0.name, shape: $0.shape, form: .dense($0)) } + packed
  }
}

/// The tensors of a file of which nothing has been made yet.
struct StoredParts {
  private let tensors: [SafetensorsFile.Tensor]
  private var places: [String: Int]

  init(_ file: SafetensorsFile) {
    tensors = file.tensors
    // A header has each name once.
    places = Dictionary(uniqueKeysWithValues: file.tensors.enumerated().map { ($1.name, $0) })
  }

  func contains(_ name: String) -> Bool { places[name] != nil }

  /// Takes a tensor out.
  ///
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` where it is not there any more.
  mutating func take(_ name: String) throws(FormatError) -> SafetensorsFile.Tensor {
    guard let place = places.removeValue(forKey: name) else {
      throw .bad(.part("__metadata__"), found: "a packed tensor without its \(quoted(name))", expected: "all its parts")
    }
    return tensors[place]
  }

  /// What is left, in the order of the file.
  var rest: [SafetensorsFile.Tensor] { tensors.filter { places[$0.name] != nil } }
}
