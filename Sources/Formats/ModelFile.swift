package import Models

/// Models in files, whose format the name tells or else the content.
package enum ModelFile {
  /// The most bytes that a file, or what is packed in it, may have: what protobuf can express.
  package static let limit = 1 << 31

  private enum Format: String, CaseIterable {
    case onnx
    case safetensors

    init?(path: String) {
      // In a/model.onnx.gz the ending before the last one counts.
      let name = path.hasSuffix(".gz") ? path.dropLast(3) : path[...]
      guard let match = Self.allCases.first(where: { name.hasSuffix(".\($0.rawValue)") }) else { return nil }
      self = match
    }

    /// A safetensors file has a brace behind the eight bytes of a length.
    init(content: [UInt8]) {
      self = content.count > 8 && content[8] == UInt8(ascii: "{") ? .safetensors : .onnx
    }

    /// Whether the content is clearly of this format: a length that the file has and a brace, or protobuf's field 1, a
    /// version below 128, and a second field.
    func begins(_ content: [UInt8]) -> Bool {
      guard content.count > 8 else { return false }
      let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(content[$1]) << UInt64(8 * $1) }
      let isSafetensors = content[8] == UInt8(ascii: "{") && length <= UInt64(content.count - 8)
      switch self {
      case .safetensors: return isSafetensors
      case .onnx: return !isSafetensors && content[0] == 0x08 && content[1] < 0x80 && content[2] != 0
      }
    }

    var name: String {
      switch self {
      case .onnx: "an ONNX file"
      case .safetensors: "a safetensors file"
      }
    }
  }

  /// The model of an ONNX or safetensors file, which may be gzipped.
  ///
  /// - Parameter network: what a safetensors file is read into; without one, the file must name its network, as ours
  ///   do. A network that is given must be that of an ONNX file.
  /// - Throws: ``FormatError`` with the path.
  package static func load(path: String, network: NetworkDescription? = nil) throws(FormatError) -> Model {
    do throws(FormatError) {
      var bytes = try RegularFile.read(path, limit: limit)
      if Gzip.isGzip(bytes) { bytes = try Gzip.decompress(bytes, limit: limit) }
      let format = Format(path: path) ?? Format(content: bytes)
      if let other = Format.allCases.first(where: { $0 != format && $0.begins(bytes) }) {
        throw FormatError.bad(nil, found: other.name, expected: "\(format.name), as its name says")
      }
      switch format {
      case .safetensors:
        guard let network else { return try Safetensors.read(bytes) }
        return try Safetensors.read(bytes, into: network)
      case .onnx:
        let model = try ONNX.read(bytes)
        guard let network, network.digest != model.network.digest else { return model }
        throw FormatError.bad(nil, found: "another network than \(network.name)", expected: "that one")
      }
    } catch { throw error.naming(path) }
  }

  /// Whether a path ends in a format that models are written in.
  package static func canSave(as path: String) -> Bool { !path.hasSuffix(".gz") && Format(path: path) != nil }

  /// Writes a model in the format that the path ends in, `.onnx` or `.safetensors`.
  ///
  /// The file appears whole or not at all: it is written under another name, made durable and then renamed.
  ///
  /// - Throws: ``FormatError/unwritable(path:reason:)``.
  package static func save(_ model: Model, to path: String) throws(FormatError) {
    switch path.hasSuffix(".gz") ? nil : Format(path: path) {
    case .onnx: try WholeFile.replace(path, with: ONNX.write(model))
    case .safetensors: try WholeFile.replace(path, with: Safetensors.write(model))
    case nil: throw .unwritable(path: path, reason: "a model file ends in .onnx or .safetensors")
    }
  }
}
