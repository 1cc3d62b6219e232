package import Digests
internal import Formats
internal import Models
internal import Pruning
package import RunStore
package import Studies
package import StudyFile

/// A run directory that is ready to go on: its store, its planner at the newest sound snapshot, and every fact.
package struct OpenRun: Sendable {
  package let store: RunStore
  package let planner: SearchStudy
  package let facts: [Digest: Outcome]
  /// What was found damaged, for people; empty for a sound run.
  package let damage: [String]

  /// The run's identity on the wire.
  package var runDigest: Digest { Digest(of: Array(store.identity.run.utf8)) }

  /// The key of the budget table for generations.
  package static let generationsKey = "generations"
  private static let datasetKey = "dataset"

  /// Makes the run directory of a study, or finds that it is there, and opens it.
  ///
  /// - Parameter data: the folder of data sets, needed until the slices are stored.
  /// - Throws: `RunStoreError`, `FormatError`, `SplitError`, `StudyFileError`; a new directory is then removed again or
  ///   was never made.
  package static func start(
    _ document: StudyDocument, text: String, directory: String, data: String?
  ) throws -> OpenRun {
    // Everything that a person can get wrong is read before the directory is made.
    let isThere = try RunStore.holds(document.study.digest, at: directory)
    let slices = isThere ? nil : try Prepared(document.study, data: data)
    _ = try RunStore.create(
      at: directory, studyText: text, studyDigest: document.study.digest, runID: ProcessIdentity.random().hex)
    return try open(directory: directory, document: document, prepared: slices, data: data)
  }

  /// Opens an existing run for writing.
  ///
  /// - Throws: `RunStoreError`, `StudyFileError` and, where the slices are not stored yet, `FormatError` or `SplitError`.
  package static func resume(directory: String, data: String?) throws -> OpenRun {
    try open(directory: directory, document: nil, prepared: nil, data: data)
  }

  private static func open(
    directory: String, document: StudyDocument?, prepared: Prepared?, data: String?
  ) throws -> OpenRun {
    let store = try RunStore.open(at: directory, mode: .writing)
    let document = try document ?? readStudy(store)
    if try store.meta(datasetKey) == nil {
      let slices = try prepared ?? Prepared(document.study, data: data)
      try slices.store(in: store, document.study)
      try store.appendBudgets([BudgetRow(key: generationsKey, value: document.generations)])
      try store.setMeta(datasetKey, slices.dataset.hex)
    }
    return try assemble(store, document.study)
  }

  /// Opens an existing run for reading, also while a coordinator writes.
  ///
  /// - Throws: `RunStoreError`, `StudyFileError`.
  package static func look(directory: String) throws -> OpenRun {
    let store = try RunStore.open(at: directory, mode: .reading)
    return try assemble(store, try readStudy(store).study)
  }

  private static func readStudy(_ store: RunStore) throws -> StudyDocument {
    let document = try StudyDocument(text: try store.studyText(), file: store.layout.study)
    guard document.study.digest == store.identity.study else {
      throw RunStoreError.damaged(path: store.layout.study, found: "it is not the study that this run was started with")
    }
    return document
  }

  private static func assemble(_ store: RunStore, _ study: Study) throws -> OpenRun {
    guard let dataset = try store.meta(datasetKey).flatMap(Digest.init(hex:)),
      let generations = try store.budgets().last(where: { $0.key == generationsKey })?.value
    else {
      throw RunStoreError.damaged(
        path: store.layout.directory, found: "its data set or budget is not recorded; start the run again")
    }
    var damage = store.damage.map(\.description)
    var facts: [Digest: Outcome] = [:]
    try store.forEachFact { row in
      if let outcome = try? Outcome(canonical: row.outcome) { facts[row.job] = outcome }
    }
    var planner = try SearchStudy(study, dataset: dataset, generations: generations)
    // After damage a fact from before the snapshot may be missing; only a replay from the start asks for it again.
    if damage.isEmpty, store.mode == .writing {
      let newest = try store.newestSnapshot()
      damage += newest.damage.map(\.description)
      if let snapshot = newest.snapshot, let parameters = try? planner.parametersOfSnapshot(snapshot.state) {
        try? planner.restore(snapshot.state, parameters: try store.blob(parameters))
      }
    }
    return OpenRun(store: store, planner: planner, facts: facts, damage: damage)
  }
}

/// The slices of a study's data, cut before anything is written.
struct Prepared: Sendable {
  let dataset: Digest
  private let slices: [[UInt8]]
  private let splits: Splits

  /// - Throws: `FormatError` for data that is missing or damaged, `SplitError` for sizes that it cannot give.
  init(_ study: Study, data: String?) throws {
    let set = try DataFolder.load(named: study.dataset, folder: data)
    var identity = CanonicalBytes(kind: "dataset", version: 1)
    identity.append(set.training.canonicalBytes.digest)
    identity.append(list: set.officialTest.map { [$0] } ?? []) { $0.append($1.canonicalBytes.digest) }
    dataset = identity.digest
    let cut = try StratifiedSplit.slices(
      of: set.training, officialTest: set.officialTest, sizes: study.splits, seed: study.seed)
    slices = [cut.train, cut.search, cut.validation, cut.test].map(\.canonicalBytes.bytes)
    splits = Splits(
      train: Slice(digest: Digest(of: slices[0]), count: cut.train.count),
      search: Slice(digest: Digest(of: slices[1]), count: cut.search.count),
      validation: Slice(digest: Digest(of: slices[2]), count: cut.validation.count),
      test: Slice(digest: Digest(of: slices[3]), count: cut.test.count))
  }

  /// Stores the slices and the fact that they are the split.
  func store(in store: RunStore, _ study: Study) throws(RunStoreError) {
    for slice in slices { _ = try store.storeBlob(slice) }
    let job = Job.split(SplitJob(dataset: dataset, sizes: study.splits, seed: study.seed))
    let fact = FactRow(job: job.digest, kind: job.kind, outcome: Outcome.split(splits).canonicalBytes)
    _ = try store.commit([fact], attempts: [])
  }
}

extension RunStore {
  /// Whether a directory holds a run of this study.
  ///
  /// - Throws: `RunStoreError` if it holds one of another study, or something that is no run.
  fileprivate static func holds(_ study: Digest, at directory: String) throws(RunStoreError) -> Bool {
    let store: RunStore
    do { store = try open(at: directory, mode: .reading) } catch {
      if case .notARun = error { return false }
      throw error
    }
    guard store.identity.study == study else {
      throw .otherStudy(path: directory, holds: store.identity.study, wanted: study)
    }
    return true
  }
}
