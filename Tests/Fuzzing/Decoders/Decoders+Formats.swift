import Formats
import Models

/// Files that people give: models and data.
extension Decoder {
  /// What archives may unpack to.
  private static let unpacked = 1 << 20

  /// The most values that packed tensors may make a network of.
  private static let packed = 1 << 16

  private static let model: @Sendable () throws -> Model = {
    try Model(
      network: NetworkDescription(name: "s", widths: [2, 3, 2]), parameters: Array(repeating: 0.5, count: 17))
  }

  /// Convolution, normalisation and branches, all weights 0.25.
  private static let graph: @Sendable () throws -> Model = {
    let network = try networks()[1]
    return try Model(network: network, parameters: Array(repeating: 0.25, count: ParameterLayout(network).count))
  }

  /// One weight in sixteen is not zero.
  private static let sparse: @Sendable () throws -> Model = {
    let network = try NetworkDescription(name: "s", widths: [40, 16, 2])
    let values = (0..<ParameterLayout(network).count).map { $0 % 16 == 3 ? Float($0) : 0 }
    return try Model(network: network, parameters: values)
  }

  private static let arrays: @Sendable () -> [NPYArray] = {
    [
      NPYArray(shape: [2, 3], values: .floats([0, 0.25, 0.5, 0.75, 1, 1.25]))!,
      NPYArray(shape: [3], values: .bytes([1, 2, 3]))!, NPYArray(shape: [2], values: .ints([-1, 1 << 40]))!,
    ]
  }

  static let formats = [
    Decoder("safetensors", perByte: 64) {
      [
        Safetensors.write(try model()), Safetensors.write(try graph()), Safetensors.writeSparse(try sparse()).bytes,
        Safetensors.writeShared(try sparse(), scope: PruningScope()).bytes,
      ]
    } read: { bytes in
      if let file = try? SafetensorsFile(bytes) { for tensor in file.tensors { _ = (tensor.values, tensor.integers) } }
      _ = try? Safetensors.read(bytes, into: NetworkDescription(name: "s", widths: [2, 3, 2]), limit: packed)
      return try Safetensors.read(bytes, limit: packed).parameters.count >= 0
    },
    Decoder("onnx", base: 4 << 20, perByte: 64) {
      [ONNX.write(try model()), ONNX.write(try graph())]
    } read: { bytes in
      let model = try ONNX.read(bytes)
      return sound(model.parameters.count == ParameterLayout(model.network).count, "a model without all its values")
    },
    Decoder("npy") {
      arrays().map { NPY.write($0) }
    } read: { bytes in
      let array = try NPY.read(bytes)
      return sound(array.shape.reduce(1, *) == array.values.count, "an array of another shape")
    },
    Decoder("npz", base: 8 << 20) {
      [NPZ.write([]), NPZ.write(arrays().enumerated().map { ("a\($0)", $1) })]
    } read: { bytes in
      let archive = try NPZ(bytes, limit: unpacked)
      var total = 0
      for name in archive.names { total += try archive.array(name)?.values.count ?? 0 }
      return sound(total <= unpacked, "an archive beyond its limit")
    },
    Decoder("gzip", base: 4 << 20) {
      // Stored, and a run of zeros by zlib's level 9.
      [
        [31, 139, 8, 0, 0, 0, 0, 0, 0, 255, 1, 1, 0, 254, 255, 1, 27, 223, 5, 165, 1, 0, 0, 0],
        [31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 237, 193, 1, 1, 0, 0, 0, 128, 144, 254, 175, 238, 8, 10]
          + [UInt8](repeating: 0, count: 63) + [106, 235, 142, 151, 215, 0, 0, 1, 0],
      ]
    } read: { bytes in
      sound(try Gzip.decompress(bytes, limit: unpacked).count <= unpacked, "a file beyond its limit")
    },
    Decoder("idx") {
      [
        IDX.write(IDXArray(dimensions: [2, 2, 3], values: Array(1...12))!),
        IDX.write(IDXArray(dimensions: [3], values: [0, 1, 2])!),
      ]
    } read: { bytes in
      sound(try IDX.write(IDX.read(bytes)) == bytes, "an array of two forms")
    },
    Decoder("cifar") {
      [[7], [3, 42]].map { $0 + [UInt8](repeating: 5, count: CIFAR.imageLength) }
    } read: { bytes in
      let records = try (try? CIFAR.ten.read(bytes)) ?? CIFAR.hundred.read(bytes)
      return sound(records.pixels.count == records.labels.count * CIFAR.imageLength, "an image without its label")
    },
    Decoder("csv") {
      ["1,2,3\n4,5,6\n", "a,b,c\n0.5,-1e3,7\r\n.25, 2 ,9", "\u{FEFF}\"x\",y\n2,2\n"].map { Array($0.utf8) }
    } read: { bytes in
      _ = try? CSV.readIntegers(bytes, columns: [0...9, -5...5, 0...9])
      for label in [CSVTable.LabelColumn.none, .index(0), .name("b")] { _ = try? CSV.readTable(bytes, label: label) }
      let table = try CSV.readTable(bytes, label: .last)
      return sound(
        table.values.count == table.labels.count * table.columns && table.values.allSatisfy(\.isFinite),
        "a table with holes")
    },
    Decoder("tar") {
      [tar("folder/a", [1, 2, 3]), tar("b", []) + tar("c", Array(repeating: 7, count: 513))].map {
        $0 + [UInt8](repeating: 0, count: 1024)
      }
    } read: { bytes in
      sound(
        try Tar.read(bytes).allSatisfy { $0.content.upperBound <= bytes.count && !$0.name.hasPrefix("/") },
        "a member outside its archive")
    },
  ]

  /// A member of a tar archive behind an ustar header.
  private static func tar(_ name: String, _ content: [UInt8]) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
      for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
    }
    func octal(_ number: Int, _ width: Int) -> String {
      let digits = String(number, radix: 8)
      return String(repeating: "0", count: width - digits.utf8.count) + digits
    }
    put(name, at: 0)
    put("0000644\0", at: 100)
    put(octal(content.count, 11) + "\0", at: 124)
    put("        0", at: 148)
    put("ustar\0" + "00", at: 257)
    put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\0 ", at: 148)
    return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }
}
