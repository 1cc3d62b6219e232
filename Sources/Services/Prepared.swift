internal import Digests
internal import Formats
internal import Models
internal import Pruning
internal import RunStore
internal import Studies
internal import StudyFile

/// What a study is made of beside its file, read and cut before anything is written.
struct Prepared {
  let study: AnyStudy
  let inputs: [StudyInputs]
  /// What a reader of the results has to know of the data, such as that they are a part of the set.
  let note: String?
  /// Slices and weights.
  private var blobs: [Digest: [UInt8]] = [:]
  private var splits: [(job: SplitJob, splits: Splits)] = []

  /// - Throws: `FormatError` for data or a model that is missing or damaged, `StudyFileError` where they do not fit the
  ///   study, `SplitError` for sizes that the data cannot give.
  init(_ document: AnyStudyDocument, data: String?) throws {
    var sets: [SampleSource] = []
    var inputs: [StudyInputs] = []
    for subject in document.subjects {
      let set = try Sources.samples(of: subject, folder: data)
      let source = try Sources.network(of: subject, shape: set.shape, classes: set.classes, dataset: set.identity)
      sets.append(set)
      inputs.append(source.inputs)
      for blob in source.blobs { blobs[Digest(of: blob)] = blob }
    }
    var notes: [String] = []
    for note in sets.compactMap(\.note) where !notes.contains(note) { notes.append(note) }
    note = notes.isEmpty ? nil : notes.joined(separator: "; ")
    self.inputs = inputs
    let study = try document.study(inputs)
    self.study = study
    let jobs = study.splits
    let perSubject = jobs.count / sets.count
    for (index, job) in jobs.enumerated() {
      let subject = document.subjects[index / perSubject]
      try cut(try sets[index / perSubject].set(seed: job.seed, of: subject), job, subject)
    }
    try document.check(
      study, trainSamples: sets.indices.map { splits[$0 * perSubject].splits.train.count })
  }

  private mutating func cut(_ set: DataSet, _ job: SplitJob, _ document: SubjectDocument) throws {
    let cut = try document.placingErrors {
      () throws(SplitError) in
      try StratifiedSplit.slices(of: set.training, officialTest: set.officialTest, sizes: job.sizes, seed: job.seed)
    }
    func slice<Use>(_ samples: LabelledData, _: Use.Type = Use.self) -> Slice<Use> {
      let bytes = samples.canonicalBytes.bytes
      let digest = Digest(of: bytes)
      blobs[digest] = bytes
      return Slice(digest: digest, count: samples.count)
    }
    splits.append(
      (
        job,
        Splits(
          train: slice(cut.train), search: slice(cut.search), validation: slice(cut.validation), test: slice(cut.test))
      ))
  }

  /// Stores the blobs and the facts that these slices are the splits.
  func store(in store: RunStore) throws(RunStoreError) {
    for (_, blob) in blobs.sorted(by: { $0.key < $1.key }) { _ = try store.storeBlob(blob) }
    let facts = splits.map { job, splits in
      let job = Job.split(job)
      return FactRow(job: job.digest, kind: job.kind, outcome: Outcome.split(splits).canonicalBytes)
    }
    _ = try store.commit(facts, attempts: [])
  }
}
