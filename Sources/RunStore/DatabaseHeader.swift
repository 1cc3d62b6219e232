internal import Glibc
internal import Synchronization

/// The look into the first 100 bytes of a database that tells ours from others before SQLite touches it.
///
/// SQLite must not see a foreign file first: it would put `-wal` and `-shm` beside one in WAL mode, and it removes the
/// WAL of an empty one.
enum DatabaseHeader {
  /// Checks the header.
  ///
  /// Only for a database that this process has not open: closing any descriptor of a file drops all POSIX locks that the
  /// process holds on it, SQLite's included. ``OpenDatabases`` sees to that.
  ///
  /// - Throws: ``RunStoreError/foreign(path:found:)`` or ``RunStoreError/damaged(path:found:)``.
  static func check(_ path: String) throws(RunStoreError) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw .system("look at", path) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .foreign(path: path, found: "is not a file") }
    let bytes = try Descriptor(path, O_RDONLY, operation: "open").read(limit: 100)
    guard bytes.count == 100 else { throw .damaged(path: path, found: "cut short to \(bytes.count) bytes") }
    let isSQLite = bytes.starts(with: Array("SQLite format 3\0".utf8))
    let isOurs = word(bytes, at: 68) == RunSchema.applicationID
    switch (isSQLite, isOurs) {
    case (false, false): throw .foreign(path: path, found: "is not an SQLite database")
    case (true, false): throw .foreign(path: path, found: "is an SQLite database of another program")
    case (false, true): throw .damaged(path: path, found: "its first bytes are wrong")
    case (true, true): break
    }
    // The format for writing and for reading: 1 for a rollback journal, 2 for a write-ahead log, and never different.
    guard 1...2 ~= bytes[18], bytes[18] == bytes[19] else {
      throw .damaged(path: path, found: "its file format \(bytes[18])/\(bytes[19]) is none that Sentei writes")
    }
    let version = word(bytes, at: 60)
    guard RunSchema.readableVersions.contains(version) else {
      throw .foreign(
        path: path, found: "was written by another version of Sentei (tables \(version), here \(RunSchema.version))")
    }
  }

  private static func word(_ bytes: [UInt8], at offset: Int) -> UInt32 {
    bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }
}

/// The databases that this process has open, so that their headers are not read behind SQLite's back.
enum OpenDatabases {
  /// A file by what it is, not by one of its names.
  struct File: Hashable {
    var device: UInt
    var node: UInt
  }

  private static let counts = Mutex<[File: Int]>([:])

  /// Checks the header unless the file is open already, and counts it as open.
  static func enter(_ path: String) throws(RunStoreError) -> File {
    try counts.withLock { counts throws(RunStoreError) in
      var status = stat()
      guard stat(path, &status) == 0 else { throw .system("look at", path) }
      let file = File(device: UInt(status.st_dev), node: UInt(status.st_ino))
      if counts[file, default: 0] == 0 { try DatabaseHeader.check(path) }
      counts[file, default: 0] += 1
      return file
    }
  }

  /// Takes back one ``enter(_:)``.
  static func leave(_ file: File) {
    counts.withLock { counts in
      let left = counts[file, default: 1] - 1
      counts[file] = left == 0 ? nil : left
    }
  }
}
