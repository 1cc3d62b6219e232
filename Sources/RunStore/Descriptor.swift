internal import Glibc

/// An open file that closes itself.
struct Descriptor: ~Copyable {
  let number: CInt
  let path: String

  /// Opens a file, never inherited by child processes.
  ///
  /// - Throws: ``RunStoreError`` by the operating system's reason.
  init(_ path: String, _ flags: CInt, operation: String) throws(RunStoreError) {
    let opened = Glibc.open(path, flags | O_CLOEXEC, 0o666)
    guard opened >= 0 else { throw .system(operation, path) }
    self.init(number: opened, path: path)
  }

  private init(number: CInt, path: String) {
    self.number = number
    self.path = path
  }

  /// Opens a file for reading; nil if there is none.
  ///
  /// - Throws: ``RunStoreError`` by the operating system's reason.
  static func ifPresent(_ path: String) throws(RunStoreError) -> Descriptor? {
    let opened = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    if opened < 0, errno == ENOENT || errno == ENOTDIR { return nil }
    guard opened >= 0 else { throw .system("open", path) }
    return Descriptor(number: opened, path: path)
  }

  deinit { _ = Glibc.close(number) }

  /// The size in bytes.
  func size() throws(RunStoreError) -> Int {
    var status = stat()
    guard fstat(number, &status) == 0 else { throw .system("look at", path) }
    return Int(status.st_size)
  }

  /// Appends all bytes.
  func write(_ bytes: [UInt8]) throws(RunStoreError) {
    var position = 0
    while position < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(number, $0.baseAddress! + position, bytes.count - position)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw .system("write", path)
      }
      position += count
    }
  }

  /// At most `limit` bytes from the start of the file, or all of them.
  ///
  /// - Complexity: linear in the bytes read.
  func read(limit: Int = .max) throws(RunStoreError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: min(limit, try size()))
    var position = 0
    while position < bytes.count {
      let room = bytes.count - position
      let count = bytes.withUnsafeMutableBytes {
        pread(number, $0.baseAddress! + position, room, off_t(position))
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw .system("read", path)
      }
      if count == 0 { break }
      position += count
    }
    bytes.removeLast(bytes.count - position)
    return bytes
  }

  /// Waits until what was written is on the disk.
  ///
  /// - Throws: ``RunStoreError``; never try again, for the kernel may have dropped the dirty pages already.
  func sync() throws(RunStoreError) {
    guard fsync(number) == 0 else { throw .system("fsync", path) }
  }
}

extension RunStoreError {
  /// The error that `errno` names.
  static func system(_ operation: String, _ path: String, code: CInt = errno) -> RunStoreError {
    let found = String(cString: strerror(code))
    return switch code {
    case ENOSPC, EDQUOT: .noSpace(operation: operation, path: path)
    case EACCES, EPERM, EROFS: .permission(operation: operation, path: path, found: found)
    default: .io(operation: operation, path: path, found: found)
    }
  }
}
