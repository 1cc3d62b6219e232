import Formats
import Models
import Testing

/// A model with this share of its weights zero.
func sparseModel(_ seed: UInt64, zeros share: Double) throws -> Model {
  let model = try randomModel(seed)
  var random = Seeded(seed + 1000)
  var values = model.parameters
  for tensor in ParameterLayout(model.network).tensors where tensor.role == .weight {
    for index in tensor.range where random.chance(share) { values[index] = 0 }
  }
  return try Model(network: model.network, parameters: values)
}

/// A wide dense model, so that packing pays, with this share of its weights zero.
func wideModel(_ seed: UInt64, widths: [Int] = [300, 60, 10], zeros share: Double) throws -> Model {
  var random = Seeded(seed)
  let network = try NetworkDescription(name: "wide", widths: widths)
  var values = random.values(ParameterLayout(network).count)
  for tensor in ParameterLayout(network).tensors where tensor.role == .weight {
    for index in tensor.range where random.chance(share) { values[index] = 0 }
  }
  return try Model(network: network, parameters: values)
}

/// Whether two models have the same bits, which `==` does not ask for: −0 equals 0.
func hasSameBits(_ left: Model, _ right: Model) -> Bool {
  left.network == right.network && left.parameters.map(\.bitPattern) == right.parameters.map(\.bitPattern)
}

@Suite struct SparseRowsTests {
  /// The example of SciPy's documentation of `csr_matrix`.
  @Test func knownArrays() {
    let rows = CompressedRows([1, 0, 2, 0, 0, 3, 4, 5, 6], rows: 3)
    #expect(rows.rowStarts == [0, 2, 3, 6])
    #expect(rows.columnIndices == [0, 2, 2, 0, 1, 2])
    #expect(rows.values == [1, 2, 3, 4, 5, 6])
    #expect(rows.dense == [1, 0, 2, 0, 0, 3, 4, 5, 6])
  }

  @Test(arguments: 0..<50 as Range<UInt64>)
  func matricesComeBack(seed: UInt64) {
    var random = Seeded(seed)
    let (rows, columns) = (Int.random(in: 1...9, using: &random), Int.random(in: 1...9, using: &random))
    let share = random.pick([0, 0.3, 0.9, 1])
    let matrix = random.values(rows * columns).map { random.chance(share) ? random.pick([0, -0.0]) : $0 }
    let packed = CompressedRows(matrix[...], rows: rows)
    #expect(packed.dense.map(\.bitPattern) == matrix.map(\.bitPattern), "seed \(seed)")
    #expect(packed.values.count == matrix.count { $0.bitPattern != 0 }, "seed \(seed)")
    let again = try? CompressedRows(
      rows: rows, columns: columns, rowStarts: packed.rowStarts, columnIndices: packed.columnIndices,
      values: packed.values)
    #expect(again == packed, "seed \(seed)")
  }

  /// Each is refused with a reason that names what is wrong.
  @Test(arguments: [
    ([0, 2], [0, 1], 2, "2 row starts for 2 rows"), ([], [], 0, "0 row starts"),
    ([0, 1, 2, 2], [0, 1], 2, "4 row starts"),
    ([1, 1, 2], [0, 1], 2, "row starts from 1 to 2"), ([0, 1, 1], [0, 1], 2, "row starts from 0 to 1"),
    ([0, 1, 3], [0, 1], 2, "row starts from 0 to 3"), ([0, 1, 2], [0], 2, "1 columns and 2 values"),
    ([0, 1, 2], [0, 1], 1, "2 columns and 1 values"), ([0, 3, 2], [0, 1], 2, "row 0 from entry 0 to 3"),
    ([0, -1, 2], [0, 1], 2, "row 0 from entry 0 to -1"), ([0, Int.max, 2], [0, 1], 2, "starts that never fall"),
    ([0, Int.min, 2], [0, 1], 2, "starts that never fall"), ([0, 1, 2], [0, 3], 2, "column 3 in row 1"),
    ([0, 1, 2], [0, -1], 2, "column -1 in row 1"), ([0, 2, 2], [1, 0], 2, "column 0 in row 0 behind 1"),
    ([0, 2, 2], [1, 1], 2, "column 1 in row 0 behind 1"), ([0, 1, 2], [Int.max, 0], 2, "columns that ascend"),
    ([0, 1, 2], [Int.min, 0], 2, "columns that ascend"), ([0, 1, Int.max], [0, 1], 2, "row starts from 0"),
  ])
  func nonsense(starts: [Int], columns: [Int], values: Int, reason: String) {
    let text = complaint {
      try CompressedRows(
        rows: 2, columns: 3, rowStarts: starts, columnIndices: columns, values: [Float](repeating: 1, count: values))
    }
    #expect(text?.contains(reason) == true, "\(text ?? "nothing") for \(starts) and \(columns)")
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func modelsComeBackToTheBit(seed: UInt64) throws {
    for share in [0, 0.5, 0.95, 1] {
      let model = try seed % 2 == 0 ? sparseModel(seed, zeros: share) : wideModel(seed, zeros: share)
      let file = Safetensors.writeSparse(model)
      let again = try Safetensors.read(file.bytes)
      #expect(hasSameBits(again, model), "seed \(seed), share \(share)")
      #expect(hasSameBits(try Safetensors.read(file.bytes, into: model.network), model), "seed \(seed), share \(share)")
      #expect(file.bytes.count <= Safetensors.write(model).count + 100, "seed \(seed), share \(share)")
      if share == 0 { #expect(file.sparse.isEmpty, "seed \(seed)") }
    }
  }

  @Test func negativeZerosAreKept() throws {
    let wide = try wideModel(1, zeros: 0.95)
    var values = wide.parameters
    for index in stride(from: 0, to: 18_000, by: 77) { values[index] = -0.0 }
    let model = try Model(network: wide.network, parameters: values)
    let file = Safetensors.writeSparse(model)
    #expect(file.sparse == ["dense1.weight", "dense2.weight"])
    #expect(hasSameBits(try Safetensors.read(file.bytes), model))
  }

  /// Index types are the narrowest that PyTorch knows and that fit.
  @Test func typesAndShapes() throws {
    func types(_ widths: [Int], zeros: Double) throws -> [String: String] {
      let file = Safetensors.writeSparse(try wideModel(5, widths: widths, zeros: zeros))
      let tensors = try SafetensorsFile(file.bytes).tensors
      return Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, "\($0.type.rawValue) \($0.shape)") })
    }
    let few = try types([256, 100, 2], zeros: 1)
    #expect(few["dense1.weight.crow_indices"] == "U8 [101]")
    #expect(few["dense1.weight.col_indices"] == "U8 [0]" && few["dense1.weight.values"] == "F32 [0]")
    let more = try types([257, 100, 2], zeros: 0.9)
    #expect(more["dense1.weight.crow_indices"] == "U16 [101]")
    #expect(more["dense1.weight.col_indices"]?.hasPrefix("U16 [") == true)
    let many = try types([65_536, 16, 2], zeros: 0.9)
    #expect(many["dense1.weight.crow_indices"] == "I32 [17]")
    #expect(many["dense1.weight.col_indices"]?.hasPrefix("U16 [") == true)
    #expect(many["dense2.weight"] == "F32 [2, 16]", "it is not smaller in rows")
    #expect(many["dense1.bias"] == "F32 [16]")
  }

  @Test func aConvolutionIsAMatrixOfItsFilters() throws {
    var builder = NetworkBuilder(input: [4, 6, 6])
    builder.add(.convolution(Convolution(outputs: 8, window: Window(3), groups: 2)), name: "conv")
    builder.flatten()
    builder.dense(2)
    let network = try builder.network(name: "c")
    var values = [Float](repeating: 0, count: ParameterLayout(network).count)
    values[5 * 18 + 7] = 3
    let file = Safetensors.writeSparse(try Model(network: network, parameters: values))
    let stored = try SafetensorsFile(file.bytes)
    let parts = Dictionary(uniqueKeysWithValues: stored.tensors.map { ($0.name, $0.integers ?? []) })
    #expect(parts["conv.weight.crow_indices"] == [0, 0, 0, 0, 0, 0, 1, 1, 1])
    #expect(parts["conv.weight.col_indices"] == [7])
    #expect(stored.metadata["sentei.sparse"]?.contains("\"conv.weight\":[8,2,3,3]") == true)
    #expect(try Safetensors.read(file.bytes).parameters == values)
  }
}

/// Files that claim to hold sparse rows.
@Suite struct SparseFileTests {
  /// A sound file of a small network, put together by hand so that any part can be changed.
  private struct Draft {
    var sparse = "{\"dense1.weight\":[2,3]}"
    var tensors: [(name: String, type: String, shape: String, bytes: [UInt8])] = [
      ("dense1.weight.values", "F32", "[2]", [0, 0, 128, 63, 0, 0, 0, 64]),
      ("dense1.bias", "F32", "[2]", [UInt8](repeating: 0, count: 8)),
      ("dense1.weight.crow_indices", "U8", "[3]", [0, 1, 2]), ("dense1.weight.col_indices", "U8", "[2]", [2, 0]),
    ]

    var bytes: [UInt8] {
      var header = "{\"__metadata__\":{\"sentei.sparse\":\"\(sparse.replacing("\"", with: "\\\""))\"}"
      var data: [UInt8] = []
      for tensor in tensors {
        let end = data.count + tensor.bytes.count
        header +=
          ",\"\(tensor.name)\":{\"dtype\":\"\(tensor.type)\",\"shape\":\(tensor.shape),\"data_offsets\":[\(data.count),\(end)]}"
        data += tensor.bytes
      }
      return safetensors(header + "}") + data
    }

    mutating func set(_ name: String, _ type: String, _ bytes: [UInt8], shape: String? = nil) {
      let width = ["U8": 1, "I8": 1, "U16": 2, "I16": 2, "U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8][type]!
      let place = tensors.firstIndex { $0.name == "dense1.weight.\(name)" }!
      tensors[place] = (tensors[place].name, type, shape ?? "[\(bytes.count / width)]", bytes)
    }
  }

  private static let network = try! NetworkDescription(name: "n", widths: [3, 2])

  private func read(_ draft: Draft) throws(FormatError) -> [Float] {
    try Safetensors.read(draft.bytes, into: Self.network).parameters
  }

  private func refuses(_ reason: String, location: SourceLocation = #_sourceLocation, _ change: (inout Draft) -> Void) {
    var draft = Draft()
    change(&draft)
    let text = complaint { try read(draft) }
    #expect(text?.contains(reason) == true, "\(text ?? "nothing")", sourceLocation: location)
  }

  private static func words(_ values: [UInt64], _ width: Int) -> [UInt8] {
    values.flatMap { value in (0..<width).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) } }
  }

  @Test func whatIsSoundIsRead() throws {
    #expect(try read(Draft()) == [0, 0, 1, 2, 0, 0, 0, 0])
    for (type, width) in [("I8", 1), ("U16", 2), ("I16", 2), ("U32", 4), ("I32", 4), ("U64", 8), ("I64", 8)] {
      var draft = Draft()
      draft.set("crow_indices", type, Self.words([0, 1, 2], width))
      draft.set("col_indices", type, Self.words([2, 0], width))
      #expect(try read(draft) == [0, 0, 1, 2, 0, 0, 0, 0], "\(type)")
    }
  }

  @Test func indicesThatAreNonsense() {
    refuses("dense1.weight: found column 3") { $0.set("col_indices", "U8", [3, 0]) }
    refuses("dense1.weight: found column -1") { $0.set("col_indices", "I8", [255, 0]) }
    refuses("behind 1") {
      $0.set("crow_indices", "U8", [0, 2, 2])
      $0.set("col_indices", "U8", [1, 1])
    }
    refuses("starts that never fall") { $0.set("crow_indices", "U8", [0, 3, 2]) }
    refuses("row starts from 0 to 9") { $0.set("crow_indices", "U8", [0, 1, 9]) }
    refuses("4 row starts for 2 rows") { $0.set("crow_indices", "U8", [0, 1, 1, 2]) }
    refuses("0 row starts for 2 rows") { $0.set("crow_indices", "U8", []) }
    refuses("1 columns and 2 values") { $0.set("col_indices", "U8", [2]) }
    refuses("whole numbers") { $0.set("col_indices", "F32", Self.words([2, 0], 4)) }
    // Beyond what an integer holds, and the largest that it holds.
    refuses("whole numbers below 2⁶³") { $0.set("crow_indices", "U64", Self.words([0, .max, 2], 8)) }
    refuses("starts that never fall") { $0.set("crow_indices", "I64", Self.words([0, UInt64(Int.max), 2], 8)) }
    refuses("columns that ascend") { $0.set("col_indices", "U64", Self.words([UInt64(Int.max), 0], 8)) }
    refuses("is inf") { $0.set("values", "F32", [0, 0, 128, 127, 0, 0, 0, 64]) }
  }

  @Test func metadataThatAreNonsense() {
    refuses("dense1.weight is [2, 2] instead of [2, 3]") { $0.sparse = "{\"dense1.weight\":[2,2]}" }
    refuses("dense1.weight is [6] instead of [2, 3]") { $0.sparse = "{\"dense1.weight\":[6]}" }
    refuses("dense1.weight is [] instead of [2, 3]") { $0.sparse = "{\"dense1.weight\":[]}" }
    refuses("is [461168601842738790, 40] instead") { $0.sparse = "{\"dense1.weight\":[461168601842738790,40]}" }
    refuses("18 digits") { $0.sparse = "{\"dense1.weight\":[99999999999999999999,3]}" }
    refuses("a second 'dense1.weight'") { $0.sparse = "{\"dense1.weight\":[2,3],\"dense1.weight\":[2,3]}" }
    refuses("without its 'other.crow_indices'") { $0.sparse = "{\"dense1.weight\":[2,3],\"other\":[2,3]}" }
    refuses("sentei.sparse that cannot be read") { $0.sparse = "{\"dense1.weight\":[2,3]} x" }
    refuses("sentei.sparse that cannot be read") { $0.sparse = "[]" }
    refuses("belongs to no layer") { $0.sparse = "{}" }
    refuses("without its 'dense1.weight.values'") { draft in draft.tensors.removeFirst() }
    refuses("the tensor in two forms") { draft in
      draft.tensors.append(("dense1.weight", "F32", "[2,3]", [UInt8](repeating: 0, count: 24)))
    }
  }

  @Test func everyTruncationIsRefused() throws {
    let whole = Safetensors.writeSparse(try wideModel(3, widths: [40, 8, 3], zeros: 0.9))
    #expect(!whole.sparse.isEmpty)
    for length in whole.bytes.indices {
      let text = complaint { try Safetensors.read(Array(whole.bytes.prefix(length))) }
      if text == nil { Issue.record("\(length) of \(whole.bytes.count) bytes were accepted") }
    }
  }

  /// Every byte of header and indices changed in a few ways: a model comes out whose every value is one of the file's.
  @Test func everyByteChanged() throws {
    let model = try wideModel(4, widths: [40, 6, 3], zeros: 0.9)
    let whole = Safetensors.writeSparse(model).bytes
    for place in whole.indices {
      for change in [1, 0x80, 0xFF] as [UInt8] {
        var bytes = whole
        bytes[place] ^= change
        do throws(FormatError) {
          let read = try Safetensors.read(bytes, limit: 1 << 16)
          let isWhole = read.parameters.count == ParameterLayout(read.network).count
          #expect(isWhole, "byte \(place) ^ \(change)")
        } catch {
          #expect(!error.description.isEmpty)
        }
      }
    }
  }

  @Test func packedTensorsHaveALimit() throws {
    let bytes = Safetensors.writeSparse(try wideModel(3, zeros: 1)).bytes
    let text = complaint { try Safetensors.read(bytes, limit: 18_000) }
    #expect(text?.contains("at most 18000") == true, "\(text ?? "nothing")")
  }
}
