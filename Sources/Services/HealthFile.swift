internal import Glibc
internal import Scheduling
internal import Synchronization

/// A file that is touched while its process goes round: for health checks of containers, which need no port for it.
package final class HealthFile: Sendable {
  /// The environment variable that names the file.
  package static let variable = "SENTEI_HEALTH_FILE"
  /// How many seconds old the file of a healthy process may be.
  package static let limit = 30.0

  package let path: String
  private let touched = Mutex<Instant?>(nil)

  /// Removes what an earlier process may have left there.
  package init(path: String) {
    self.path = path
    unlink(path)
  }

  /// Sets the file's time to now, at most once a second; makes it where it is not there.
  ///
  /// Where the system refuses, the file grows old, and the check tells.
  package func touch() {
    let isDue = touched.withLock { touched in
      let now = Clock.now
      if let last = touched, now.seconds(since: last) < 1 { return false }
      touched = now
      return true
    }
    guard isDue, utimensat(AT_FDCWD, path, nil, 0) != 0 else { return }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    if descriptor >= 0 { close(descriptor) }
  }

  /// How many seconds ago the file of another process was touched; nil where it is not there.
  ///
  /// By the clock that files go by, which a person may set: one wrong answer then.
  package static func age(of path: String) -> Double? {
    var status = stat()
    var now = timespec()
    guard stat(path, &status) == 0, clock_gettime(CLOCK_REALTIME, &now) == 0 else { return nil }
    return Double(now.tv_sec - status.st_mtim.tv_sec) + Double(now.tv_nsec - status.st_mtim.tv_nsec) * 1e-9
  }
}
