package import Digests
internal import Models
internal import Pruning
package import RunStore
package import Scheduling
internal import Search
package import Studies
package import StudyFile

/// A budget that a run cannot be given.
package struct BudgetRefusal: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String
}

/// A study file whose budget is not that of the run in its directory.
package struct OtherBudget: Error, Equatable, Sendable, CustomStringConvertible {
  package let directory: String
  package let holds: Int
  package let wanted: Int

  package var description: String {
    "\(directory) has a budget of \(holds) evaluations for each search, not \(wanted); "
      + (wanted > holds ? "`sentei extend \(directory) --evaluations \(wanted)` gives it more, " : "")
      + "`sentei resume \(directory)` goes on with what it has, or give another directory"
  }
}

/// A run that compares methods, where one of searches was expected.
package struct NotASearch: Error, Equatable, Sendable, CustomStringConvertible {
  package let directory: String

  package var description: String {
    "\(directory) is a study of methods, which has no trials of a search; `sentei report \(directory)` shows what it came to"
  }
}

/// Results to which workers gave different answers when all else of a study was done.
struct Undecided: Error, CustomStringConvertible {
  let jobs: Int
  let directory: String

  var description: String {
    "workers gave different answers to \(jobs == 1 ? "one job" : "\(jobs) jobs"), and there was no other worker to decide; "
      + "with one more worker than before `sentei resume \(directory)` finds out which of them is wrong"
  }
}

/// A run directory that is ready to go on: its store, its planner at the newest sound snapshot, and every fact.
package struct OpenRun: Sendable {
  package let store: RunStore
  /// The study on its way, where the newest snapshot left it.
  package let run: any StudyRun
  package let study: AnyStudy
  /// How the searches went until where the planner stands.
  let course: SearchCourse
  package let facts: [Digest: Outcome]
  /// What was found damaged, for people; empty for a sound run.
  package private(set) var damage: [String]
  /// Workers that were found to lie in this run.
  package let quarantined: Set<Digest>
  /// Jobs to which workers gave different answers, and nobody has decided; they count as not done.
  package let disputes: [Digest: [Testimony]]
  /// Jobs whose facts were taken back because somebody lied or contradicted.
  let doubted: Set<Digest>
  /// What a reader of the results has to know of the data; nil where they are a whole set.
  package let note: String?

  /// The run's identity on the wire.
  package var runDigest: Digest { Digest(of: Array(store.identity.run.utf8)) }

  /// The key of the budget table for the trials of each search.
  package static let trialsKey = "trials"
  private static let noteKey = "dataset-note"
  /// There from when a file first asked for accuracies on `train`.
  private static let trainAccuracyKey = "train-accuracy"

  /// Makes the run directory of a study, or finds that it is there, and opens it.
  ///
  /// - Parameter data: the folder of data sets, needed until the slices are stored.
  /// - Throws: `RunStoreError`, `FormatError`, `SplitError`, `StudyFileError`; a new directory is then removed again or
  ///   was never made. ``OtherBudget`` for a run that never had the file's budget, which stays as it is.
  package static func start(
    _ document: AnyStudyDocument, text: String, directory: String, data: String?
  ) throws -> OpenRun {
    // Everything that a person can get wrong is read before the directory is made.
    var found: Prepared?
    let study: AnyStudy
    if let recorded = try RunStore.inputs(at: directory), recorded.count == document.subjects.count {
      study = try document.study(
        try zip(document.subjects, recorded).map { try Sources.inputs(of: $0, like: $1, folder: data) })
    } else {
      let prepared = try Prepared(document, data: data)
      (found, study) = (prepared, prepared.study)
    }
    let creation = try RunStore.create(
      at: directory, studyText: text, studyDigest: study.digest, runID: ProcessIdentity.random().hex)
    if case .alreadyThere = creation, let trials = document.trials { try checkBudget(trials, of: directory) }
    return try open(directory: directory, document: document, prepared: found, data: data)
  }

  /// A file that asks for what the run has, or had before it was extended, goes on with it.
  private static func checkBudget(_ trials: Int, of directory: String) throws {
    let budgets = try RunStore.open(at: directory, mode: .reading).budgets().filter { $0.key == trialsKey }
    guard let last = budgets.last, !budgets.contains(where: { $0.value == trials }) else { return }
    throw OtherBudget(directory: directory, holds: last.value, wanted: trials)
  }

  /// Opens an existing run for writing.
  ///
  /// - Throws: `RunStoreError`, `StudyFileError` and, where the slices are not stored yet, `FormatError` or `SplitError`.
  package static func resume(directory: String, data: String?) throws -> OpenRun {
    try open(directory: directory, document: nil, prepared: nil, data: data)
  }

  /// Opens an existing run for writing and gives it a larger budget, durably.
  ///
  /// The history so far stays as it is: it becomes a prefix of the longer one.
  ///
  /// - Throws: ``BudgetRefusal`` for a budget that is no larger, or a study that cannot have another; else as
  ///   ``resume(directory:data:)``.
  package static func extend(directory: String, to budget: Budget, data: String?) throws -> OpenRun {
    let open = try resume(directory: directory, data: data)
    guard let planner = open.planner else {
      throw BudgetRefusal(
        description:
          "the study compares methods, each of which ends by itself; start a new run, with --reuse \(directory)")
    }
    let study = planner.study
    guard study.cycles == nil, study.population == nil else {
      throw BudgetRefusal(
        description:
          "the study goes on with what its searches found, in cycles or with a population, so all that follows depends on "
          + "their trials; start a new run")
    }
    let trials =
      switch budget {
      case .generations(let generations): generations * study.searches[0].settings.generationSize
      case .evaluations(let evaluations): evaluations
      }
    guard trials > planner.trials else {
      throw BudgetRefusal(
        description: "the run has a budget of \(planner.trials) evaluations already; \(trials) is not more")
    }
    try open.store.appendBudgets([BudgetRow(key: trialsKey, value: trials)])
    open.store.fold()
    var facts = KnownFacts()
    facts.outcomes = open.facts
    var extended = try assemble(open.store, open.study, facts)
    // What was lost and is gone by now, too.
    extended.damage = open.damage + extended.damage.filter { !open.damage.contains($0) }
    return extended
  }

  /// A budget as a person gives it: for each search of the study.
  package enum Budget: Hashable, Sendable {
    case generations(Int)
    case evaluations(Int)
  }

  private static func open(
    directory: String, document: AnyStudyDocument?, prepared: Prepared?, data: String?
  ) throws -> OpenRun {
    var facts = KnownFacts()
    facts.outcomes.reserveCapacity(RunStore.likelyFactCount(at: directory))
    let store = try RunStore.open(at: directory, mode: .writing) { facts.add($0) }
    facts.revision = store.revision
    let document = try document ?? readDocument(store)
    let sources = LostSources(store, document, prepared, data)
    guard let inputs = try store.inputsBlob() else {
      let prepared = try prepared ?? Prepared(document, data: data)
      try check(prepared.study, in: store)
      try prepared.store(in: store)
      if let trials = document.trials { try store.appendBudgets([BudgetRow(key: trialsKey, value: trials)]) }
      if let note = prepared.note { try store.setMeta(noteKey, note) }
      // Last: where inputs are recorded, everything is.
      try store.record(prepared.inputs)
      // None of these rows is computed again.
      store.fold()
      return try assemble(store, try readStudy(document, store), try facts.current(in: store))
    }
    var mended = try sources.mend([inputs])
    let study = try readStudy(document, store)
    mended += try sources.mend(try sources.slices(of: study))
    return try assemble(store, study, try facts.current(in: store), mended: mended)
  }

  /// Opens an existing run for reading, also while a coordinator writes.
  ///
  /// - Throws: `RunStoreError`, `StudyFileError`.
  package static func look(directory: String) throws -> OpenRun {
    try look(try RunStore.open(at: directory, mode: .reading))
  }

  /// ``look(directory:)`` through a store that is open.
  static func look(_ store: RunStore) throws -> OpenRun {
    try assemble(store, try readStudy(try readDocument(store), store), try KnownFacts(in: store))
  }

  private static func readDocument(_ store: RunStore) throws -> AnyStudyDocument {
    try AnyStudyDocument(text: try store.studyText(), file: store.layout.study)
  }

  private static func readStudy(_ document: AnyStudyDocument, _ store: RunStore) throws -> AnyStudy {
    guard let inputs = try store.inputs(), inputs.count == document.subjects.count else { throw unprepared(store) }
    let study = try document.study(inputs)
    try check(study, in: store)
    guard case .methods(var methods) = study else { return study }
    // The digest does not know what is asked of the report alone: another file of the same study may go on with the run,
    // while readers have the directory's own. So the run itself keeps what was asked, once somebody may answer it.
    var isAsked = try store.meta(trainAccuracyKey) != nil
    if !isAsked, methods.reportsTrainAccuracy, store.mode == .writing {
      try store.setMeta(trainAccuracyKey, "asked")
      isAsked = true
    }
    methods.reportsTrainAccuracy = isAsked
    return .methods(methods)
  }

  static func check(_ study: AnyStudy, in store: RunStore) throws {
    guard study.digest == store.identity.study else {
      throw RunStoreError.damaged(path: store.layout.study, found: "it is not the study that this run was started with")
    }
  }

  private static func unprepared(_ store: RunStore) -> RunStoreError {
    .damaged(path: store.layout.directory, found: "its data set or budget is not recorded; start the run again")
  }

  /// A study at its start.
  private static func start(_ study: AnyStudy, _ store: RunStore) throws -> any StudyRun {
    switch study {
    case .search(let study):
      guard let trials = try store.budgets().last(where: { $0.key == trialsKey })?.value else {
        throw unprepared(store)
      }
      return PlannerRun(try SearchStudy(study, dataset: study.dataset, trials: trials), executor: .concurrent)
    case .methods(let study): return MethodRun(study)
    }
  }

  /// What the data sets are called, in order.
  ///
  /// - Throws: `RunStoreError`, `StudyFileError`.
  package func datasetNames() throws -> [String] { try Self.readDocument(store).subjects.map(\.datasetName) }

  /// The planner of a study of searches; nil for other studies.
  package var planner: SearchStudy? { (run as? PlannerRun)?.planner }

  /// The planner of a study of searches, for what is of no use elsewhere.
  ///
  /// - Throws: ``NotASearch`` for other studies.
  package func searches() throws(NotASearch) -> SearchStudy {
    guard let planner else { throw NotASearch(directory: store.layout.directory) }
    return planner
  }

  private static func assemble(
    _ store: RunStore, _ study: AnyStudy, _ known: KnownFacts, mended: [String] = []
  ) throws -> OpenRun {
    LargeBlocks.giveBack()
    var damage = store.damage.map(\.description) + mended
    var facts = known.outcomes
    var run = try start(study, store)
    var course = SearchCourse()
    // Not for readers: while they look, a coordinator removes states that it needs no more.
    if store.mode == .writing {
      let newest = try store.newestSnapshot()
      damage += newest.damage.map(\.description)
      let standing = try Standing(run, snapshot: newest.snapshot, facts: facts, store: store)
      (run, course, facts) = (standing.run, standing.course, standing.facts)
      damage += standing.damage
    }
    let disputes = try store.disputes()
    if !disputes.isEmpty {
      damage.append(
        "workers gave different answers to \(disputes.count == 1 ? "one job" : "\(disputes.count) jobs"), "
          + "and it takes another worker to decide; until then these count as not done")
    }
    if try store.studyTextIsChanged() {
      damage.append("\(store.layout.study) is not what the run began with; it still describes the same study")
    }
    return OpenRun(
      store: store, run: run, study: study, course: course, facts: facts, damage: damage,
      quarantined: try store.quarantined(),
      disputes: disputes.mapValues { rows in
        rows.compactMap { row in
          (try? Outcome(canonical: row.outcome)).map { Testimony(worker: row.worker, outcome: $0) }
        }
      },
      doubted: Set(try store.revokedFacts().map(\.fact.job)).union(disputes.keys),
      note: try store.meta(noteKey))
  }
}

/// What the facts of a run say.
private struct KnownFacts {
  var outcomes: [Digest: Outcome] = [:]
  /// That of the store when these were all.
  var revision: Int?

  init() {}

  /// All that count.
  init(in store: RunStore) throws(RunStoreError) {
    outcomes.reserveCapacity((try? store.factCount()) ?? 0)
    try store.forEachFact { add($0) }
  }

  mutating func add(_ row: FactRow) {
    if let outcome = try? Outcome(canonical: row.outcome) { outcomes[row.job] = outcome }
  }

  /// These, as the opening of a run for writing told them, without those that are taken back before anything rests on them.
  func current(in store: RunStore) throws(RunStoreError) -> KnownFacts {
    try store.endQuarantines()
    try store.reopenDisputes()
    return store.revision == revision ? self : try KnownFacts(in: store)
  }
}
