internal import Glibc

/// Files that carry trust: read only if nobody else could have read or changed them, written whole and never over others.
package enum SafeFile {
  /// Which permissions make a file useless.
  package enum Care: Sendable {
    /// A private key: others may do nothing, the group may read (a service's group, as systemd and containers set it).
    case secret
    /// A certificate: public, but whoever can change it decides whom to trust.
    case trusted

    var forbidden: mode_t {
      switch self {
      case .secret: 0o037
      case .trusted: 0o022
      }
    }

    /// The mode that mends a wrong one, for `chmod`.
    var mode: String {
      switch self {
      case .secret: "600"
      case .trusted: "644"
      }
    }
  }

  /// Certificates and keys have about a thousand bytes.
  private static let sizeLimit = 1 << 16

  /// The text of a file, or nil if it is not there.
  ///
  /// Owner and mode are those of the opened file, not of a name that could point elsewhere a moment later.
  ///
  /// - Throws: ``CertificateError``: exposed, another user's, too large, no text, or a failed system call.
  package static func read(_ path: String, _ care: Care) throws(CertificateError) -> String? {
    // Without O_NONBLOCK a pipe in the file's place would wait for ever.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw .system("open", file: path, code: errno)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system("look at", file: path, code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .unusable(path, reason: "it is no ordinary file") }
    guard status.st_uid == geteuid() || status.st_uid == 0 else { throw .foreignOwner(path, owner: status.st_uid) }
    guard status.st_mode & care.forbidden == 0 else {
      throw .exposed(path, mode: status.st_mode & 0o7777, wanted: care.mode)
    }
    var bytes = [UInt8](repeating: 0, count: sizeLimit + 1)
    var count = 0
    while count < bytes.count {
      let got = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + count, $0.count - count) }
      guard got >= 0 else { throw .system("read", file: path, code: errno) }
      if got == 0 { break }
      count += got
    }
    guard count <= sizeLimit else { throw .unusable(path, reason: "it has more than \(sizeLimit) bytes") }
    guard let text = String(validating: bytes[..<count], as: UTF8.self) else {
      throw .unusable(path, reason: "it is no text")
    }
    return text
  }

  /// Puts a whole file at a path where nothing is; durable when it returns, except for the name (``sync(folder:)``).
  ///
  /// Linked from a temporary name, because a rename would replace a file that came meanwhile.
  ///
  /// - Throws: ``CertificateError``; nothing stands at the path then that was not there before.
  static func write(_ text: String, to path: String, mode: mode_t) throws(CertificateError) {
    let temporary = "\(path).\(getpid()).partial"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
    guard descriptor >= 0 else { throw .system("create", file: temporary, code: errno) }
    defer {
      close(descriptor)
      unlink(temporary)
    }
    let bytes = Array(text.utf8)
    guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
      throw .system("write", file: temporary, code: errno)
    }
    guard link(temporary, path) == 0 else {
      if errno == EEXIST { throw .exists(path, advice: "remove it first if it is not needed") }
      throw .system("create", file: path, code: errno)
    }
  }

  /// Makes the names in a folder durable.
  static func sync(folder: String) throws(CertificateError) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("open", file: folder, code: errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .system("write", file: folder, code: errno) }
  }
}
