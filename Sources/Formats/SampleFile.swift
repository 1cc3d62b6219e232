/// The content of a file that may be gzipped, and how messages call it.
struct SampleFile {
  /// The path, with "(unpacked)" behind it where offsets count in the unpacked content.
  let name: String
  let bytes: [UInt8]

  /// The file at `path`, unpacked if its content is gzip.
  ///
  /// By content and not by name: some browsers unpack a download and leave the name as it was.
  ///
  /// - Parameters:
  ///   - path: Of a regular file.
  ///   - limit: The most bytes of the file, packed or unpacked.
  /// - Throws: ``FormatError`` where the file is missing, unreadable, too large or a damaged gzip file.
  static func read(_ path: String, limit: Int) throws(FormatError) -> SampleFile {
    let bytes = try RegularFile.read(path, limit: limit)
    guard Gzip.isGzip(bytes) else { return SampleFile(name: path, bytes: bytes) }
    do {
      return SampleFile(name: path + " (unpacked)", bytes: try Gzip.decompress(bytes, limit: limit))
    } catch { throw error.naming(path) }
  }

  /// Where a file lies in a folder, the plain one before the packed one; nil if neither is there.
  static func path(of name: String, in folder: String) -> String? {
    let path = join(folder, name)
    return [path, path + ".gz"].first { RegularFile.exists($0) }
  }

  /// A path below a folder that may end in a slash.
  static func join(_ folder: String, _ name: String) -> String {
    folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
  }
}
