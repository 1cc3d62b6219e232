package import Digests
internal import Glibc

extension RunStore {
  /// What ``create(at:studyText:studyDigest:runID:)`` found.
  package enum Creation: Sendable {
    /// The directory is a new run.
    case created
    /// The directory held a run of the same study, which was left as it is.
    case alreadyThere
  }

  /// Makes a run directory with its parents; open it afterwards.
  ///
  /// The database gets its name last, so a directory either is a run or is none. A directory in which an earlier creation
  /// was killed is taken over.
  ///
  /// - Throws: ``RunStoreError/otherStudy(path:holds:wanted:)``, ``RunStoreError/foreign(path:found:)`` for a directory
  ///   that holds anything else, and others; what was there is then as it was.
  @discardableResult
  package static func create(at path: String, studyText: String, studyDigest: Digest, runID: String)
    throws(RunStoreError) -> Creation
  {
    let layout = RunLayout(directory: path)
    if Files.exists(layout.database) {
      let holds = try Inspection.identity(RunDatabase(layout.database, .reading)).study
      guard holds == studyDigest else {
        throw .otherStudy(path: layout.directory, holds: holds, wanted: studyDigest)
      }
      return .alreadyThere
    }
    try checkVacant(layout)
    let parents = try makeFolders(layout.directory)
    do {
      try fill(layout, studyText, studyDigest, runID)
    } catch {
      for folder in parents.reversed() { _ = rmdir(folder) }
      throw error
    }
    return .created
  }

  /// Refuses a directory that holds something, unless it is the remains of a creation.
  private static func checkVacant(_ layout: RunLayout) throws(RunStoreError) {
    var status = stat()
    guard stat(layout.directory, &status) == 0 else {
      if errno == ENOENT { return }
      throw .system("look at", layout.directory)
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw .foreign(path: layout.directory, found: "is not a directory")
    }
    guard let names = try Files.names(in: layout.directory), let first = names.first else { return }
    let stranger = names.first { !RunLayout.namesOfCreation.contains($0) }
    let mark = names.contains(RunLayout.lockName) ? try Files.read(layout.lock, limit: 100) : nil
    let isMarked = mark == Array(RunLock.marker.utf8) || (mark == [] && names.count == 1)
    guard stranger == nil, isMarked else {
      throw .foreign(path: layout.directory, found: "is not empty and no run (it holds \(stranger ?? first))")
    }
  }

  /// Makes a folder and those above it.
  ///
  /// - Returns: the new ones, outermost first.
  private static func makeFolders(_ path: String) throws(RunStoreError) -> [String] {
    if Files.exists(path) { return [] }
    let parent = Files.parent(of: path)
    var made = try makeFolders(parent)
    do {
      if try Files.makeFolder(path, in: parent) { made.append(path) }
    } catch {
      for folder in made.reversed() { _ = rmdir(folder) }
      throw error
    }
    return made
  }

  /// Puts everything into the directory, or takes everything out again.
  private static func fill(_ layout: RunLayout, _ studyText: String, _ studyDigest: Digest, _ runID: String)
    throws(RunStoreError)
  {
    let lock = try RunLock(layout)
    if Files.exists(layout.database) {
      // Another creation was faster; opening says whose run this is now.
      _ = consume lock
      throw .locked(path: layout.directory)
    }
    do {
      for folder in [layout.partial, layout.blobs, layout.snapshots] {
        try Files.makeFolder(folder, in: layout.directory)
      }
      for name in try Files.names(in: layout.partial) ?? [] { try Files.remove(layout.partialFile(name)) }
      try Files.replace(layout.study, in: layout.directory, with: Array(studyText.utf8), by: layout)
      let database = layout.partialFile(RunLayout.databaseName)
      try RunDatabase.make(database) { db in
        try MetaTable.set(.study, studyDigest.hex, in: db)
        try MetaTable.set(.run, runID, in: db)
        try MetaTable.set(.epoch, "0", in: db)
        try MetaTable.set(.text, Digest(of: Array(studyText.utf8)).hex, in: db)
      }
      try Files.move(database, to: layout.database, in: layout.directory)
    } catch {
      clear(layout)
      throw error
    }
    _ = consume lock
  }

  private static func clear(_ layout: RunLayout) {
    for name in (try? Files.names(in: layout.partial)) ?? [] { _ = unlink(layout.partialFile(name)) }
    for folder in [layout.partial, layout.blobs, layout.snapshots] { _ = rmdir(folder) }
    for file in [layout.database, layout.study, layout.lock] { _ = unlink(file) }
  }
}
