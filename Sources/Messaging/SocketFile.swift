internal import Glibc

/// The file of an `ipc://` socket, the lock beside it and the private directory around them.
enum SocketFile {
  /// Makes the path ready to listen at: a private directory, in which nothing or nothing living stands at the path.
  ///
  /// The lock is what tells whether one of ours lives. Connecting would tell too, but in nng 1.5.2 a connection that ends
  /// before both greetings are exchanged makes an IPC listener deaf for ever (nanomsg/nng#1518), and that also rules out
  /// nng's own removal of stale files, which moreover deletes ordinary files.
  ///
  /// - Returns: the descriptor of the lock, to be kept open for as long as the socket listens.
  /// - Throws: `MessagingError`: in use, no socket, directory open to others, or a failed system call.
  static func prepare(_ path: String) throws(MessagingError) -> Int32 {
    try prepareDirectory(of: path)
    let lock = try acquireLock(of: path)
    do throws(MessagingError) {
      try removeStale(path)
    } catch {
      release(lock)
      throw error
    }
    return lock
  }

  /// Gives up the lock of a socket that does not listen after all.
  static func release(_ lock: Int32) {
    close(lock)
  }

  private static func prepareDirectory(of path: String) throws(MessagingError) {
    let parent = String(path[..<path.lastIndex(of: "/")!])
    let directory = parent.isEmpty ? "/" : parent
    guard mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw failure(at: path) }
    var status = stat()
    // A symbolic link would let its owner exchange the directory.
    guard lstat(directory, &status) == 0 else { throw failure(at: path) }
    guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
      throw .directoryNotPrivate(directory)
    }
  }

  /// The lock ends with the process, however that ends; its file stays, because removing it would race with others.
  private static func acquireLock(of path: String) throws(MessagingError) -> Int32 {
    let descriptor = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw failure(at: path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let error = errno == EWOULDBLOCK ? .addressInUse(Address(form: .ipc(path: path))) : failure(at: path)
      close(descriptor)
      throw error
    }
    return descriptor
  }

  private static func removeStale(_ path: String) throws(MessagingError) {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      if errno == ENOENT { return }
      throw failure(at: path)
    }
    guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path) }
    // Without our lock it is no coordinator's; whether a stranger lives there only connecting can tell.
    switch try probe(path) {
    case 0, EAGAIN, EINPROGRESS: throw .addressInUse(Address(form: .ipc(path: path)))
    case ENOENT: return
    case ECONNREFUSED: guard unlink(path) == 0 || errno == ENOENT else { throw failure(at: path) }
    case let code: throw MessagingError(errno: code, .listen, place: "ipc://\(path)")
    }
  }

  /// Connects and disconnects at once; returns the `errno` of the attempt, which never waits.
  private static func probe(_ path: String) throws(MessagingError) -> Int32 {
    let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    let descriptor = socket(AF_UNIX, Int32(kind), 0)
    guard descriptor >= 0 else { throw failure(at: path) }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    return withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) == 0 ? 0 : errno }
    }
  }

  private static func failure(at path: String) -> MessagingError {
    MessagingError(errno: errno, .listen, place: "ipc://\(path)")
  }
}
