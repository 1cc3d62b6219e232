import Formats
import Models
import Testing

/// A safetensors file of this header and so many zero bytes of data.
func safetensors(_ header: String, data: Int = 0) -> [UInt8] {
  let text = Array(header.utf8)
  return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text + [UInt8](repeating: 0, count: data)
}

@Suite struct SafetensorsTests {
  @Test(arguments: 0..<20 as Range<UInt64>)
  func whatIsWrittenIsRead(seed: UInt64) throws {
    let model = try randomModel(seed)
    let bytes = Safetensors.write(model)
    let again = try Safetensors.read(bytes)
    let isSame = again == model
    #expect(isSame, "seed \(seed)")
    #expect(Safetensors.write(again) == bytes)
    #expect(try Safetensors.read(bytes, into: model.network) == model)
    let header = Int(bytes[0]) | Int(bytes[1]) << 8 | Int(bytes[2]) << 16
    #expect(header % 8 == 0)
  }

  @Test(arguments: ["branches", "flattened"])
  func stateDictionariesOfPyTorch(name: String) throws {
    // The network comes from the file that keeps normalisation apart.
    let network = try ONNX.read(modelFixture("\(name)-legacy.onnx")).network
    let model = try Safetensors.read(modelFixture("\(name).safetensors"), into: network)
    let expected = try SafetensorsFile(modelFixture("\(name)-expected.safetensors"))
    let (x, y) = (expected.tensors[0].values, expected.tensors[1].values)
    #expect(expected.tensors.map(\.name) == ["x", "y"])
    for sample in 0..<20 {
      let out = forward(model, Array(x[sample * network.inputCount..<(sample + 1) * network.inputCount]))
      let wanted = Array(y[sample * out.count..<(sample + 1) * out.count])
      #expect(relativeDifference(out, wanted) < 1e-5, "sample \(sample)")
    }
  }

  @Test func otherNamesAreTakenInOrder() throws {
    var builder = NetworkBuilder(input: [3])
    for index in 0..<11 {
      builder.dense(3, name: "layer\(index)")
      builder.batchNorm(name: "norm\(index)")
    }
    let network = try builder.network(name: "deep")
    var random = Seeded(4)
    let model = try Model(network: network, parameters: random.values(ParameterLayout(network).count, in: 0.5...1))
    // As the reference writer does: sorted as text, with counters.
    var tensors = ParameterLayout(network).tensors.map { tensor in
      (name: "\(tensor.node).\(tensor.role.suffix)", shape: "\(tensor.shape)", values: model.parameters[tensor.range])
    }
    tensors.sort { $0.name < $1.name }
    var (header, data, offset) = (
      "{\"2.num_batches_tracked\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]}",
      [UInt8](repeating: 7, count: 8), 8
    )
    for tensor in tensors {
      let end = offset + 4 * tensor.values.count
      header += ",\"\(tensor.name)\":{\"dtype\":\"F32\",\"shape\":\(tensor.shape),\"data_offsets\":[\(offset),\(end)]}"
      tensor.values.withUnsafeBytes { data += $0 }
      offset = end
    }
    let bytes = safetensors(header + "}") + data
    #expect(try Safetensors.read(bytes, into: network) == model)

    let other = try NetworkDescription(name: "other", widths: [3, 3, 4])
    let text = complaint { try Safetensors.read(bytes, into: other) }
    #expect(text?.contains("22 layers with values instead of 2") == true, "\(text ?? "nothing")")
  }

  @Test func whatDoesNotFitIsListed() throws {
    let model = try Model(
      network: NetworkDescription(name: "a", widths: [2, 3, 2]), parameters: Array(repeating: 1, count: 17))
    let bytes = Safetensors.write(model)
    let wider = try NetworkDescription(name: "b", widths: [2, 4, 2, 2])
    let text = try #require(complaint { try Safetensors.read(bytes, into: wider) })
    for part in ["dense1.weight is [3, 2] instead of [4, 2]", "dense3.weight is missing", "dense3.bias is missing"] {
      #expect(text.contains(part), "\(text)")
    }
    let plain = safetensors("{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", data: 4)
    #expect(complaint { try Safetensors.read(plain) }?.contains("no sentei.network") == true)
  }

  @Test func elementTypes() throws {
    func values(_ type: String, _ bytes: [UInt8], shape: [Int]) throws -> [Float] {
      let header = "{\"x\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":[0,\(bytes.count)]}}"
      return try SafetensorsFile(safetensors(header) + bytes).tensors[0].values
    }
    // 1, −2, the smallest subnormal, the largest number, in half precision.
    #expect(
      try values("F16", [0x00, 0x3C, 0x00, 0xC0, 0x01, 0x00, 0xFF, 0x7B], shape: [2, 2]) == [1, -2, 0x1p-24, 65504])
    #expect(try values("F16", [0x00, 0x7C], shape: []) == [.infinity])
    #expect(try values("F16", [0x00, 0x7E], shape: [])[0].isNaN)
    #expect(try values("BF16", [0x80, 0x3F, 0x49, 0xC0], shape: [2]) == [1, -3.140625])
    #expect(try values("F64", [0, 0, 0, 0, 0, 0, 0xF8, 0x3F], shape: [1]) == [1.5])
    #expect(try values("I64", [0xFE, 255, 255, 255, 255, 255, 255, 255], shape: []) == [-2])
    #expect(try values("U8", [7, 255], shape: [2]) == [7, 255])
    #expect(try values("BOOL", [1, 0], shape: [2, 1]) == [1, 0])
  }

  /// Each is refused with a reason that names what is wrong.
  @Test(arguments: [
    ("[]", 0, "'{'"),
    ("{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "as many as the shape needs"),
    ("{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 8, "4 bytes that no tensor has"),
    ("{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "without hole or overlap"),
    ("{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,4]}}", 8, "offsets inside"),
    ("{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,40]}}", 8, "offsets inside"),
    ("{\"x\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, "whole number"),
    ("{\"x\":{\"dtype\":\"F32\",\"shape\":[01],\"data_offsets\":[0,4]}}", 4, "whole number"),
    ("{\"x\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]}}", 4, "18 digits"),
    (
      "{\"x\":{\"dtype\":\"F32\",\"shape\":[4611686018427387,4611686018427387],\"data_offsets\":[0,4]}}", 4,
      "as many as the shape needs"
    ),
    (
      "{\"x\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"y\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
      3, "without hole or overlap"
    ),
    (
      "{\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
      2, "second tensor 'x'"
    ),
    ("{\"x\":{\"dtype\":\"F99\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "'F99'"),
    ("{\"x\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "each once"),
    ("{\"x\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, "incomplete"),
    ("{\"x\":{\"a\":{\"a\":{\"a\":{}}}}}", 0, "dtype, shape and data_offsets"),
    ("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0, "each key once"),
    ("{\"__metadata__\":{\"a\":\"\\ud800\"}}", 0, "surrogate"),
    ("{} x", 0, "end of the header"),
    ("{\"x\"", 0, "':'"),
  ])
  func hostileHeaders(header: String, data: Int, reason: String) throws {
    let text = complaint { try SafetensorsFile(safetensors(header, data: data)) }
    #expect(text?.contains(reason) == true, "\(text ?? "nothing") for \(header)")
  }

  @Test func hostileLengths() {
    for length: [UInt8] in [
      [0, 0, 0, 0, 0, 0, 0, 0x80], [255, 255, 255, 255, 255, 255, 255, 255], [255, 255, 255, 255, 255, 255, 255, 127],
      [0, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 2, 0, 0, 0, 0],
    ] {
      #expect(complaint { try SafetensorsFile(length + Array("{}".utf8)) }?.contains("a header of") == true)
    }
    #expect(complaint { try SafetensorsFile([1, 2, 3]) } != nil)
    let deep = "{" + String(repeating: "\"a\":{", count: 1_000_000)
    #expect(complaint { try SafetensorsFile(safetensors(deep)) } != nil)
    #expect(complaint { try SafetensorsFile(safetensors("{\"x\":" + String(repeating: "[", count: 1_000_000))) } != nil)
    var invalid = safetensors("{\"?\":0}")
    invalid[10] = 0xFF
    #expect(complaint { try SafetensorsFile(invalid) }?.contains("UTF-8") == true)
  }
}
