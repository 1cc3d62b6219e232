internal import Digests
internal import Dispatch
internal import GRDB
internal import Synchronization

extension RunStore {
  /// Opens a run.
  ///
  /// For writing it takes the run's lock, removes what unfinished writes left behind, sets damaged facts aside, and
  /// begins a new epoch by a durable transaction. ``damage`` tells what was wrong and survived; after damage there are no
  /// snapshots any more. For sweeping it takes the lock and reads.
  ///
  /// - Parameters:
  ///   - journal: how a writer keeps its transactions; by default as the file system of the directory demands.
  ///   - body: is told, for writing, each sound fact in its order: who needs them all is spared a second walk.
  /// - Throws: ``RunStoreError``; the directory is then as it was, but for the lock file and SQLite's `-shm` cache
  ///   and an empty `-wal` where there were none.
  /// - Complexity: O(n log n) in the number of facts.
  package static func open(
    at path: String, mode: Mode, journal: RunJournal? = nil, _ body: (FactRow) -> Void = { _ in }
  ) throws(RunStoreError) -> RunStore {
    let layout = RunLayout(directory: path)
    guard Files.exists(layout.database) else { throw .notARun(path: layout.directory) }
    return switch mode {
    case .reading: try openForReading(layout, .reading, nil)
    case .sweeping: try openForSweeping(layout)
    case .writing:
      try openForWriting(layout, journal ?? (MountTable.isRemote(layout.directory) ? .rollback : .writeAhead), body)
    }
  }

  private static func openForSweeping(_ layout: RunLayout) throws(RunStoreError) -> RunStore {
    // Before the lock file is made: a foreign directory must stay as it was.
    try Inspection.checkHeader(layout)
    return try openForReading(layout, .sweeping, try RunLock(layout))
  }

  private static func openForReading(
    _ layout: RunLayout, _ mode: Mode, _ lock: consuming RunLock?
  ) throws(RunStoreError) -> RunStore {
    let database = try RunDatabase(layout.database, .reading)
    let identity = try Inspection.identity(database)
    // HEAD first: a writer may be at work, and the database must not be older than what HEAD tells of it.
    var survey = try FactSurvey(database, headFile: Head.read(layout), isForWriting: false)
    if !survey.damage.isEmpty {
      // A writer that revoked a fact between two reads looks like damage, but not twice.
      survey = try FactSurvey(database, headFile: Head.read(layout), isForWriting: false)
    }
    let ledger = Ledger(facts: survey.chain, attempts: 0)
    let damage = try survey.damage + headDamage(layout)
    return RunStore(layout, mode, database, lock, identity, ledger, damage)
  }

  /// A coordinator writes `HEAD` before each snapshot, so where there is none, it was removed.
  private static func headDamage(_ layout: RunLayout) throws(RunStoreError) -> [RunDamage] {
    let hasSnapshots = !(try snapshotNumbers(layout)).isEmpty
    return hasSnapshots && !Files.exists(layout.head) ? [.headMissing] : []
  }

  private static func openForWriting(
    _ layout: RunLayout, _ journal: RunJournal, _ body: (FactRow) -> Void
  ) throws(RunStoreError) -> RunStore {
    // Before the lock file is made: a foreign directory must stay as it was.
    try Inspection.checkHeader(layout)
    let lock = try RunLock(layout)
    let headFile = try Head.read(layout)
    let survey = try Inspection.survey(layout, headFile, body)
    let database = try RunDatabase(layout.database, .writing)
    try database.setJournal(journal)
    let found = try Inspection.identity(database)
    let damage = try survey.damage + headDamage(layout)
    if !damage.isEmpty {
      // A fact from before a snapshot may be gone, and only a replay from the start asks for it again. Before the damage is
      // set aside: from then on nobody knows of it.
      for observed in try snapshotNumbers(layout) { try Files.remove(layout.snapshot(observed: observed)) }
      if Files.exists(layout.snapshots) { try Files.syncFolder(layout.snapshots) }
    }
    let epoch = max(found.epoch, headFile.head?.epoch ?? 0) + 1
    let attempts = try database.write("begin an epoch in") { db in
      try MetaTable.set(.epoch, "\(epoch)", in: db)
      try setAside(survey, in: db)
      return try Int.fetchOne(db, sql: "SELECT max(sequence) FROM attempts") ?? 0
    }
    try prepareFolders(layout)
    let store = RunStore(
      layout, .writing, database, lock, Identity(study: found.study, run: found.run, epoch: epoch),
      Ledger(facts: survey.chain, attempts: attempts, index: survey.index ?? FactIndex()), damage)
    if !damage.isEmpty { try store.writeHead() }
    return store
  }

  /// Moves damaged facts out of the table and keeps the places of all lost ones.
  private static func setAside(_ survey: FactSurvey, in db: Database) throws {
    for sequence in survey.damaged {
      try db.execute(sql: "DELETE FROM facts WHERE sequence = ?", arguments: [sequence])
    }
    let damaged = Set(survey.damaged)
    for sequence in survey.lost {
      let reason = damaged.contains(sequence) ? "the row was damaged" : "the row was missing"
      try RevokedFact.lost(sequence, reason: reason).insert(in: db)
    }
  }

  /// Brings the folders into the state that every write relies on.
  private static func prepareFolders(_ layout: RunLayout) throws(RunStoreError) {
    for folder in [layout.partial, layout.blobs, layout.snapshots] {
      try Files.makeFolder(folder, in: layout.directory)
    }
    for name in try Files.names(in: layout.partial) ?? [] { try Files.remove(layout.partialFile(name)) }
    // A process killed between a rename and its fsync leaves a name that is there and not durable; from here on whatever
    // is there is durable, so that a blob found in its place need not be written again.
    for name in try Files.names(in: layout.blobs) ?? [] where name.utf8.count == 2 {
      try Files.syncFolder(layout.blobs + "/" + name)
    }
    for folder in [layout.blobs, layout.snapshots, layout.directory] { try Files.syncFolder(folder) }
  }
}

/// The looks at a database that may refuse it, all without changing it.
enum Inspection {
  /// Tells ours from foreign files.
  static func checkHeader(_ layout: RunLayout) throws(RunStoreError) {
    OpenDatabases.leave(try OpenDatabases.enter(layout.database))
  }

  /// Checks tables and pages, and on another thread at the same time the facts; only what the first check lets pass counts.
  ///
  /// - Throws: ``RunStoreError``; what is wrong with the tables before what that did to the facts.
  static func survey(
    _ layout: RunLayout, _ headFile: HeadFile, _ body: (FactRow) -> Void
  ) throws(RunStoreError) -> FactSurvey {
    // A stopped writer's rollback journal is for one connection to roll back, before anybody else reads.
    guard !Files.exists(layout.database + "-journal") else {
      try checkStructure(layout)
      return try facts(layout, headFile, body)
    }
    let structure = Mutex<Result<Void, RunStoreError>>(.success(()))
    let survey: Result<FactSurvey, RunStoreError>
    do {
      let group = DispatchGroup()
      defer { group.wait() }
      DispatchQueue.global().async(group: group) {
        let result = Result { () throws(RunStoreError) in try checkStructure(layout) }
        structure.withLock { $0 = result }
      }
      survey = Result { () throws(RunStoreError) in try facts(layout, headFile, body) }
    }
    try structure.withLock { $0 }.get()
    return try survey.get()
  }

  private static func facts(
    _ layout: RunLayout, _ headFile: HeadFile, _ body: (FactRow) -> Void
  ) throws(RunStoreError) -> FactSurvey {
    let database = try RunDatabase(layout.database, .reading)
    defer { database.close() }
    return try FactSurvey(database, headFile: headFile, isForWriting: true, body)
  }

  /// Checks tables and pages through a connection that cannot fold the write-ahead log into a damaged database.
  private static func checkStructure(_ layout: RunLayout) throws(RunStoreError) {
    let database: RunDatabase
    do {
      database = try RunDatabase(layout.database, .reading)
    } catch .io where Files.exists(layout.database + "-journal") {
      // A rollback journal of a stopped writer: only a writing connection can roll back, and it checks afterwards.
      database = try RunDatabase(layout.database, .writing)
    }
    defer { database.close() }
    let complaint = try database.read("check") { db in
      try RunSchema.complaint(about: db) ?? RunSchema.structuralComplaint(about: db)
    }
    if let complaint { throw .damaged(path: layout.database, found: complaint) }
    _ = try identity(database)
  }

  /// The identity of a run, after a look at the tables.
  static func identity(_ database: RunDatabase) throws(RunStoreError) -> RunStore.Identity {
    try database.read("read the identity of") { db in
      if let complaint = try RunSchema.complaint(about: db) {
        throw RunStoreError.damaged(path: database.path, found: complaint)
      }
      guard let study = try MetaTable.get(.study, in: db).flatMap({ Digest(hex: $0) }),
        let run = try MetaTable.get(.run, in: db),
        let epoch = try MetaTable.get(.epoch, in: db).flatMap({ Int($0) }), epoch >= 0
      else { throw RunStoreError.damaged(path: database.path, found: "its identity is missing or wrong") }
      return RunStore.Identity(study: study, run: run, epoch: epoch)
    }
  }
}
