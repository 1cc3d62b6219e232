internal import Glibc

/// The advisory lock of the one coordinator of a run; it dies with the process, however that ends.
///
/// `flock` and not `fcntl`: a lock of the latter kind vanishes when any descriptor of the file is closed anywhere in the
/// process, and does not keep two stores of one process apart.
struct RunLock: ~Copyable, Sendable {
  private let file: Descriptor

  /// What a lock file says to a person who looks into it, and to a creation that finds another's remains.
  static let marker = "sentei run directory\n"

  deinit {
    // Closing alone is not enough: a child that another thread has forked and that has not reached its exec yet still
    // holds the same open file, and the lock with it (measured).
    _ = flock(file.number, LOCK_UN)
  }

  /// Takes the lock, or refuses at once.
  ///
  /// - Throws: ``RunStoreError/locked(path:)`` if another has it.
  init(_ layout: RunLayout) throws(RunStoreError) {
    while true {
      let file = try Descriptor(layout.lock, O_RDWR | O_CREAT, operation: "open")
      guard flock(file.number, LOCK_EX | LOCK_NB) == 0 else {
        throw errno == EWOULDBLOCK ? .locked(path: layout.directory) : .system("lock", layout.lock)
      }
      // A failed creation removes its lock file: a lock on a removed file excludes nobody.
      var held = stat()
      var named = stat()
      guard fstat(file.number, &held) == 0 else { throw .system("look at", layout.lock) }
      if stat(layout.lock, &named) == 0, named.st_ino == held.st_ino, named.st_dev == held.st_dev {
        if held.st_size == 0 {
          do { try file.write(Array(Self.marker.utf8)) } catch {
            _ = unlink(layout.lock)
            throw error
          }
        }
        self.file = file
        return
      }
    }
  }
}
