internal import Glibc
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
      switch Format(path: path) ?? Format(content: bytes) {
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

  /// Writes a model in the format that the path ends in, `.onnx` or `.safetensors`.
  ///
  /// The file appears whole or not at all: it is written under another name, made durable and then renamed.
  ///
  /// - Throws: ``FormatError/unwritable(path:reason:)``.
  package static func save(_ model: Model, to path: String) throws(FormatError) {
    switch path.hasSuffix(".gz") ? nil : Format(path: path) {
    case .onnx: try write(ONNX.write(model), to: path)
    case .safetensors: try write(Safetensors.write(model), to: path)
    case nil: throw .unwritable(path: path, reason: "a model file ends in .onnx or .safetensors")
    }
  }

  private static func write(_ bytes: [UInt8], to path: String) throws(FormatError) {
    // Not mkstemp, whose files only the owner can read: a model is as public as its folder and the umask allow.
    let temporary = "\(path).\(getpid()).partial"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw unwritable(path, errno) }
    do throws(FormatError) {
      do throws(FormatError) {
        try put(bytes, descriptor, path)
        guard fsync(descriptor) == 0 else { throw unwritable(path, errno) }
      } catch {
        close(descriptor)
        throw error
      }
      guard close(descriptor) == 0, rename(temporary, path) == 0 else { throw unwritable(path, errno) }
    } catch {
      unlink(temporary)
      throw error
    }
    // The name is durable only when its folder is.
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let parent = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard parent >= 0 else { throw unwritable(path, errno) }
    defer { close(parent) }
    guard fsync(parent) == 0 else { throw unwritable(path, errno) }
  }

  private static func put(_ bytes: [UInt8], _ descriptor: CInt, _ path: String) throws(FormatError) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw unwritable(path, errno) }
      written += count
    }
  }

  private static func unwritable(_ path: String, _ code: Int32) -> FormatError {
    .unwritable(path: path, reason: String(cString: strerror(code)))
  }
}
