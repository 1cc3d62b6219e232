internal import Glibc
internal import Synchronization

/// The few file operations of a run directory, each durable when it returns.
enum Files {
  private static let counter = Atomic<Int>(0)

  /// A name that no other file of this process has; other processes are kept away by the run's lock.
  static func uniqueName() -> String { "\(counter.add(1, ordering: .relaxed).newValue).partial" }

  /// Puts a whole file in its place: no reader and no crash ever sees half of it.
  ///
  /// - Throws: ``RunStoreError``; the old file stays unless only the last fsync of the folder failed.
  static func replace(_ path: String, in folder: String, with bytes: [UInt8], by layout: RunLayout)
    throws(RunStoreError)
  {
    let temporary = layout.partialFile(uniqueName())
    do {
      let file = try Descriptor(temporary, O_WRONLY | O_CREAT | O_EXCL, operation: "create")
      try file.write(bytes)
      try file.sync()
    } catch {
      _ = unlink(temporary)
      throw error
    }
    try move(temporary, to: path, in: folder)
  }

  /// Renames a finished and synced file into its place and makes the renaming durable.
  static func move(_ temporary: String, to path: String, in folder: String) throws(RunStoreError) {
    guard rename(temporary, path) == 0 else {
      let error = RunStoreError.system("rename a new file to", path)
      _ = unlink(temporary)
      throw error
    }
    try syncFolder(folder)
  }

  /// Makes the names in a folder durable.
  static func syncFolder(_ path: String) throws(RunStoreError) {
    try Descriptor(path, O_RDONLY | O_DIRECTORY, operation: "open").sync()
  }

  /// All bytes of a file; nil if there is none.
  ///
  /// - Complexity: linear in the file's size, in time and memory.
  static func read(_ path: String, limit: Int = .max) throws(RunStoreError) -> [UInt8]? {
    try Descriptor.ifPresent(path)?.read(limit: limit)
  }

  /// Whether the path names anything.
  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// The names in a folder in byte order, without `.` and `..`; nil if there is no folder.
  static func names(in folder: String) throws(RunStoreError) -> [String]? {
    guard let stream = opendir(folder) else {
      if errno == ENOENT { return nil }
      throw .system("list", folder)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Makes a folder, and reports whether it is new.
  @discardableResult
  static func makeFolder(_ path: String, in parent: String) throws(RunStoreError) -> Bool {
    if mkdir(path, 0o777) == 0 {
      try syncFolder(parent)
      return true
    }
    guard errno == EEXIST else { throw .system("make the directory", path) }
    return false
  }

  /// Removes a file; one that is not there is as good as removed.
  static func remove(_ path: String) throws(RunStoreError) {
    guard unlink(path) == 0 || errno == ENOENT else { throw .system("remove", path) }
  }

  /// The folder that holds a path.
  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Whether so little space is left at the path that a failed write means a full disk.
  static func isFull(_ path: String) -> Bool {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return false }
    return UInt(status.f_bavail) * UInt(status.f_frsize) < 64 << 10
  }
}
