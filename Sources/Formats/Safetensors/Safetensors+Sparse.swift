package import Models

/// Models with weights as compressed sparse rows.
extension Safetensors {
  /// The metadata key that names the tensors in sparse rows, with their shapes as JSON.
  static let sparseKey = "sentei.sparse"

  /// What two more tensors take in the header, roughly.
  private static let headerCost = 160

  /// A model's file, and which of its weights are sparse in it.
  package struct SparseFile: Sendable {
    package let bytes: [UInt8]
    /// The names of the tensors in compressed rows.
    package let sparse: [String]
  }

  /// A file with every weight tensor as compressed sparse rows where that is smaller, and the rest as ``write(_:)`` has it.
  ///
  /// `x.weight` becomes `x.weight.crow_indices`, `x.weight.col_indices` and `x.weight.values`, the arguments of
  /// `torch.sparse_csr_tensor`; a convolution counts as [outputs, inputs / groups · height · width].
  ///
  /// - Complexity: linear in the number of values.
  package static func writeSparse(_ model: Model) -> SparseFile {
    var parts: [SafetensorsFile.Part] = []
    var sparse: [(name: String, shape: [Int])] = []
    for tensor in ParameterLayout(model.network).tensors {
      guard tensor.role == .weight else {
        parts.append(dense(tensor, of: model))
        continue
      }
      let rows = CompressedRows(model.parameters[tensor.range], rows: tensor.shape[0])
      let stored = StoredRows.parts(of: rows, tensor.name)
      if stored.reduce(headerCost, { $0 + $1.elements.size }) < 4 * tensor.range.count {
        parts += stored
        sparse.append((tensor.name, tensor.shape))
      } else {
        parts.append(dense(tensor, of: model))
      }
    }
    let shapes = sparse.map { "\(SafetensorsFile.json($0.name)):[\($0.shape.map(String.init).joined(separator: ","))]" }
    let entry = (key: sparseKey, value: "{\(shapes.joined(separator: ","))}")
    return SparseFile(
      bytes: SafetensorsFile.bytes(tensors: parts, metadata: metadata(model.network) + [entry]),
      sparse: sparse.map(\.name))
  }

  /// The tensors that metadata say are in sparse rows, with their shapes.
  static func sparseShapes(_ metadata: [String: String]) throws(FormatError) -> [(name: String, shape: [Int])] {
    try entries(metadata[sparseKey], key: sparseKey) { (cursor) throws(FormatError) in
      try cursor.integers(atMost: SafetensorsHeader.maximumRank)
    }
  }

  /// What metadata of ours say of tensors, in the order in which they say it; nothing where there is no text.
  ///
  /// - Parameter member: reads what is said of one tensor, which begins with its shape.
  static func entries<Entry>(
    _ text: String?, key: String, _ member: (inout JSONCursor) throws(FormatError) -> Entry
  ) throws(FormatError) -> [(name: String, Entry)] {
    guard let text else { return [] }
    let bytes = Array(text.utf8)
    var names: Set<String> = []
    var found: [(name: String, Entry)] = []
    do throws(FormatError) {
      var cursor = JSONCursor(bytes, in: bytes.indices)
      try cursor.object { (cursor, name, place) throws(FormatError) in
        guard names.insert(name).inserted else {
          throw .bad(place, found: "a second \(quoted(name))", expected: "each name once")
        }
        found.append((name, try member(&cursor)))
      }
      try cursor.finish()
    } catch {
      throw .bad(.part("__metadata__"), found: "\(key) that cannot be read (\(error))", expected: "what sentei writes")
    }
    return found
  }
}

/// The three tensors of a file that are one tensor in compressed sparse rows.
struct StoredRows {
  private let starts: SafetensorsFile.Tensor
  private let columns: SafetensorsFile.Tensor
  private let values: SafetensorsFile.Tensor

  /// What PyTorch calls the arrays, behind the tensor's name.
  private static let suffixes = (starts: ".crow_indices", columns: ".col_indices", values: ".values")

  /// Takes the three out of a file.
  ///
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` where one is not there.
  init(_ name: String, from parts: inout StoredParts) throws(FormatError) {
    starts = try parts.take(name + Self.suffixes.starts)
    columns = try parts.take(name + Self.suffixes.columns)
    values = try parts.take(name + Self.suffixes.values)
  }

  /// The dense values of a tensor of this shape.
  ///
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` for parts that contradict each other.
  func unpacked(shape: [Int]) throws(FormatError) -> [Float] {
    guard let rows = shape.first, rows > 0, let count = Dimensions.product(shape) else {
      throw .bad(nil, found: "sparse rows of shape \(shape)", expected: "a matrix")
    }
    guard let starts = starts.integers, let columns = columns.integers else {
      throw .bad(
        nil, found: "indices of types \(starts.type.rawValue) and \(columns.type.rawValue)",
        expected: "whole numbers below 2⁶³")
    }
    return try CompressedRows(
      rows: rows, columns: count / rows, rowStarts: starts, columnIndices: columns, values: values.values
    ).dense
  }

  /// The parts of a file that hold a matrix.
  static func parts(of rows: CompressedRows, _ name: String) -> [SafetensorsFile.Part] {
    [
      (name + suffixes.starts, [rows.rowStarts.count], indices(rows.rowStarts, upTo: rows.values.count)),
      (name + suffixes.columns, [rows.columnIndices.count], indices(rows.columnIndices, upTo: rows.columns - 1)),
      (name + suffixes.values, [rows.values.count], .floats(rows.values[...])),
    ]
  }

  /// Indices in the narrowest type that has all of them.
  ///
  /// From four bytes on signed ones, which PyTorch takes as they are.
  private static func indices(_ indices: [Int], upTo largest: Int) -> SafetensorsFile.Elements {
    let type: SafetensorsFile.ElementType =
      switch largest {
      case ...0xFF: .uint8
      case ...0xFFFF: .uint16
      case ...0x7FFF_FFFF: .int32
      default: .int64
      }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(indices.count * type.width)
    for index in indices { LittleEndian.append(index, width: type.width, to: &bytes) }
    return .bytes(bytes, type)
  }
}
