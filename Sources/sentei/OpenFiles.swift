import Foundation

/// How many files this process may have open.
enum OpenFiles {
  /// Below it parts of the runtime trap instead of failing.
  private static let least = 256
  /// The standard input, the log and the connection of one of this machine's workers, and what starting it takes.
  private static let perWorker = 8

  /// Raises the soft limit to the hard one, as each connection takes files.
  ///
  /// - Parameter localWorkers: how many this process will start.
  /// - Throws: ``TooFewFiles`` where even that is too little to start.
  static func allow(localWorkers: Int = 0) throws {
    let needed = rlim_t(least + perWorker * localWorkers)
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    let hard = limit.rlim_max
    limit.rlim_cur = hard
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    guard hard >= needed else { throw TooFewFiles(allowed: UInt64(hard), needed: UInt64(needed)) }
  }
}

/// A limit of open files that is too low for sockets and a run.
struct TooFewFiles: Error, CustomStringConvertible {
  let allowed: UInt64
  let needed: UInt64

  var description: String {
    "only \(allowed) files may be open, and \(needed) are needed; raise the limit with `ulimit -n` or where the service is "
      + "set up"
  }
}
