internal import Glibc

/// Files that are read and written as a whole.
package enum WholeFile {
  /// The content of a file; nil if it is not there.
  ///
  /// - Throws: ``FormatError`` where the system refuses or the file is too large.
  package static func readIfThere(_ path: String, limit: Int = 1 << 32) throws(FormatError) -> [UInt8]? {
    RegularFile.exists(path) ? try RegularFile.read(path, limit: limit) : nil
  }

  /// Puts new content in place of a file's, or makes the file.
  ///
  /// It appears whole or not at all: it is written under another name, made durable and then renamed.
  ///
  /// - Throws: ``FormatError/unwritable(path:reason:)``.
  package static func replace(_ path: String, with bytes: [UInt8]) throws(FormatError) {
    // Not mkstemp, whose files only the owner can read: a result is as public as its folder and the umask allow.
    let temporary = "\(path).\(String(UInt64.random(in: 0...(.max)), radix: 36)).partial"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
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
