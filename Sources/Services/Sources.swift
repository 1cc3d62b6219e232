internal import Digests
internal import Formats
internal import Foundation
internal import Models
internal import Studies
internal import StudyFile

/// The data sets and networks that study files name, read from where they are.
enum Sources {
  /// The data as the network sees them.
  ///
  /// - Throws: `FormatError` for data that is missing or damaged, `StudyFileError` where the normalisation does not fit.
  static func samples(of document: SubjectDocument, folder: String?) throws -> SampleSource {
    switch document.dataset {
    case .known(let known): .set(try normalized(try DataFolder.load(named: known.name, folder: folder), document))
    case .files(let files):
      .set(
        try normalized(
          try DataFiles(
            classes: files.classes, scale: files.scale, channelsLast: files.channelsLast,
            labelColumn: files.labelColumn.map { Int($0).map { .index($0) } ?? .name($0) } ?? .last
          ).load(name: files.x, x: files.x, y: files.y, testX: files.testX, testY: files.testY),
          document))
    case .teacher(let plan): .teacher(plan)
    }
  }

  /// The network, the weights if the study names a file, and the blobs that hold them.
  ///
  /// - Throws: `FormatError` for a file that is missing or damaged, `StudyFileError` where it does not fit the data.
  static func network(
    of document: SubjectDocument, shape: [Int], classes: Int, dataset: Digest
  ) throws -> (inputs: StudyInputs, blobs: [[UInt8]]) {
    let own = try document.ownNetwork(shape: shape, classes: classes)
    guard let file = document.network.file else {
      return (StudyInputs(dataset: dataset, shape: shape, network: own!, pretrained: nil), [])
    }
    let model = try ModelFile.load(path: file, network: own)
    let network = model.network
    guard network.accepts(shape: shape), network.outputCount == classes else {
      throw document.modelError(
        "\(file) takes samples of \(network.inputShape) and gives \(network.outputCount) classes; the data have samples "
          + "of \(shape) and \(classes) classes")
    }
    let weights = Parameters.canonicalBytes(of: model.parameters)
    let pretrained = Digest(of: weights)
    return (StudyInputs(dataset: dataset, shape: shape, network: network, pretrained: pretrained), [weights])
  }

  /// What a study file says now, for a run that was prepared before: the model file is read again, and data of one's own
  /// if they are still there, so that a changed file is another study.
  ///
  /// - Throws: as ``network(of:shape:classes:)`` does.
  static func inputs(of document: SubjectDocument, like recorded: StudyInputs, folder: String?) throws -> StudyInputs {
    var (dataset, shape, classes) = (recorded.dataset, recorded.shape, recorded.network.outputCount)
    switch document.dataset {
    case .known: break
    case .files(let files):
      if FileManager.default.fileExists(atPath: files.x) {
        dataset = try samples(of: document, folder: folder).identity
      }
    case .teacher(let plan):
      (dataset, shape, classes) = (plan.digest, plan.network.inputShape, plan.network.outputCount)
    }
    return try network(of: document, shape: shape, classes: classes, dataset: dataset).inputs
  }

  private static func normalized(_ set: DataSet, _ document: SubjectDocument) throws -> DataSet {
    DataSet(
      name: set.name, training: try document.normalized(set.training),
      officialTest: try set.officialTest.map { try document.normalized($0) }, note: set.note)
  }
}
