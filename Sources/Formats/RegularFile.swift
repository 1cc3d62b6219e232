import Glibc

/// Whole files as bytes.
enum RegularFile {
  /// Whether a path names anything, through symbolic links.
  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// The content of a regular file.
  ///
  /// - Throws: ``FormatError/unreadable(path:reason:)`` where the system refuses or the path names something else
  ///   than a regular file, ``FormatError/tooLarge(file:limit:)`` for more than `limit` bytes.
  /// - Complexity: linear in the file's length, which is never taken on trust: at most `limit` bytes are held.
  static func read(_ path: String, limit: Int) throws(FormatError) -> [UInt8] {
    // Without O_NONBLOCK the opening of a named pipe would wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw unreadable(path, errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw unreadable(path, errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(path: path, reason: "it is not a regular file")
    }
    guard status.st_size <= limit else { throw .tooLarge(file: path, limit: limit) }

    let size = Int(status.st_size)
    var failure: Int32?
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let got = Glibc.read(descriptor, buffer.baseAddress! + count, size - count)
        if got < 0 && errno == EINTR { continue }
        if got < 0 { failure = errno }
        if got <= 0 { return }
        count += got
      }
    }
    if let failure { throw unreadable(path, failure) }
    return bytes
  }

  private static func unreadable(_ path: String, _ code: Int32) -> FormatError {
    .unreadable(path: path, reason: String(cString: strerror(code)))
  }
}
