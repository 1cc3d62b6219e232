package import Digests
internal import Glibc

/// A file on its way: written under a name of its own beside its place, which it gets only when it is right.
///
/// The name is the same each time and locked, so what a killed process left is used up by the next one.
package struct PendingFile: ~Copyable {
  /// Where the file is to be.
  package let path: String
  private let partPath: String
  let descriptor: Int32
  private var isKept = false

  /// An empty file for `path`, whose folder must exist.
  ///
  /// - Throws: ``DownloadError/disk(path:reason:)``, also while another process is writing this file.
  package init(for path: String) throws(DownloadError) {
    let (folder, name) = Self.split(path)
    let partPath = "\(folder)/.\(name).part"
    var (descriptor, links) = try Self.locked(partPath, for: path)
    if links > 1 {
      // A process died in the midst of `keep`: this is the finished file, which must not be emptied.
      unlink(partPath)
      close(descriptor)
      (descriptor, links) = try Self.locked(partPath, for: path)
    }
    guard ftruncate(descriptor, 0) == 0 else {
      close(descriptor)
      throw Self.failure(partPath)
    }
    self.path = path
    self.partPath = partPath
    self.descriptor = descriptor
  }

  /// The file that is being written, and how many names it has.
  private static func locked(
    _ partPath: String, for path: String
  ) throws(DownloadError) -> (descriptor: Int32, links: UInt) {
    let descriptor = open(partPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw failure(partPath) }
    var mine = stat()
    var there = stat()
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &mine) == 0, lstat(partPath, &there) == 0,
      // Between opening and locking, another process may have given the file its name.
      mine.st_ino == there.st_ino, mine.st_dev == there.st_dev
    else {
      close(descriptor)
      throw .disk(path: path, reason: "another process is writing it")
    }
    return (descriptor, UInt(mine.st_nlink))
  }

  deinit {
    if !isKept { unlink(partPath) }
    close(descriptor)
  }

  /// Appends bytes.
  package func write(_ bytes: ArraySlice<UInt8>) throws(DownloadError) {
    if let error = bytes.withUnsafeBytes({ Self.write($0, to: descriptor, path: path) }) { throw error }
  }

  /// Appends bytes to an open file; what went wrong, if anything did.
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) -> DownloadError? {
    var done = 0
    while done < bytes.count {
      let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return failure(path) }
      done += count
    }
    return nil
  }

  /// SHA-256 of what has been written, read back.
  ///
  /// - Complexity: linear in the length, in time and memory.
  package func digest() throws(DownloadError) -> Digest {
    guard let bytes = Self.content(of: descriptor) else { throw Self.failure(partPath) }
    return Digest(of: bytes)
  }

  /// Makes the file durable and gives it its name, which nothing may have.
  ///
  /// - Throws: ``DownloadError/occupied(path:)`` if something has it.
  package consuming func keep() throws(DownloadError) {
    guard fsync(descriptor) == 0 else { throw Self.failure(path) }
    if link(partPath, path) == 0 {
      unlink(partPath)
    } else {
      guard errno != EEXIST, !Self.exists(path) else { throw .occupied(path: path) }
      // The file system has no second names.
      guard rename(partPath, path) == 0 else { throw Self.failure(path) }
    }
    isKept = true
    let folder = open(Self.split(path).folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw Self.failure(path) }
    defer { close(folder) }
    guard fsync(folder) == 0 else { throw Self.failure(path) }
  }

  /// Writes a whole new file durably, in one step from nothing to its content.
  ///
  /// - Throws: ``DownloadError/occupied(path:)`` if there is something of that name.
  package static func write(_ bytes: ArraySlice<UInt8>, to path: String) throws(DownloadError) {
    let file = try PendingFile(for: path)
    try file.write(bytes)
    try file.keep()
  }

  /// Whether anything has this name, a broken link included.
  static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// The whole content of an open regular file; nil if the system refuses or it has more than `limit` bytes.
  static func content(of descriptor: Int32, limit: Int = .max) -> [UInt8]? {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= limit else {
      return nil
    }
    let size = Int(status.st_size)
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let got = pread(descriptor, buffer.baseAddress! + count, size - count, count)
        if got < 0 && errno == EINTR { continue }
        failed = got < 0
        if got <= 0 { return }
        count += got
      }
    }
    return failed ? nil : bytes
  }

  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    return (String(path[..<slash]) + "/.", String(path[path.index(after: slash)...]))
  }

  static func failure(_ path: String) -> DownloadError {
    .disk(path: path, reason: String(cString: strerror(errno)))
  }
}
