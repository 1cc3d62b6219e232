internal import Digests
internal import Formats
internal import Models
internal import Pruning
internal import RunStore
internal import Studies
internal import StudyFile

/// What a study is made of beside its file, read and cut before anything is written.
struct Prepared {
  let study: Study
  let dataset: Digest
  let inputs: StudyInputs
  /// What a reader of the results has to know of the data, such as that they are a part of the set.
  let note: String?
  /// Slices and weights.
  private let blobs: [[UInt8]]
  private let splits: Splits

  /// - Throws: `FormatError` for data or a model that is missing or damaged, `StudyFileError` where they do not fit the
  ///   study, `SplitError` for sizes that the data cannot give.
  init(_ document: StudyDocument, data: String?) throws {
    let set = try Sources.normalized(try Sources.dataset(of: document, folder: data), document)
    note = set.note
    let (training, officialTest) = (set.training, set.officialTest)
    dataset = Sources.identity(of: set)
    let source = try Sources.network(
      of: document, shape: training.shape, classes: training.classes, dataset: dataset)
    inputs = source.inputs
    study = try document.study(inputs)

    let (sizes, seed) = (study.splits, study.seed)
    let cut = try document.placingErrors {
      () throws(SplitError) in
      try StratifiedSplit.slices(of: training, officialTest: officialTest, sizes: sizes, seed: seed)
    }
    try document.check(study, trainSamples: cut.train.count)
    let slices = [cut.train, cut.search, cut.validation, cut.test].map(\.canonicalBytes.bytes)
    blobs = slices + source.blobs
    splits = Splits(
      train: Slice(digest: Digest(of: slices[0]), count: cut.train.count),
      search: Slice(digest: Digest(of: slices[1]), count: cut.search.count),
      validation: Slice(digest: Digest(of: slices[2]), count: cut.validation.count),
      test: Slice(digest: Digest(of: slices[3]), count: cut.test.count))
  }

  /// Stores the blobs and the fact that these slices are the split.
  func store(in store: RunStore) throws(RunStoreError) {
    for blob in blobs { _ = try store.storeBlob(blob) }
    let job = Job.split(SplitJob(dataset: dataset, sizes: study.splits, seed: study.seed))
    let fact = FactRow(job: job.digest, kind: job.kind, outcome: Outcome.split(splits).canonicalBytes)
    _ = try store.commit([fact], attempts: [])
  }
}
