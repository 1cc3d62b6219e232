internal import Digests
internal import Formats
internal import Foundation
internal import Models
internal import Studies
internal import StudyFile

/// The data sets and networks that study files name, read from where they are.
enum Sources {
  /// - Throws: `FormatError` for data that is missing or damaged.
  static func dataset(of document: SubjectDocument, folder: String?) throws -> DataSet {
    switch document.dataset {
    case .known(let known): try DataFolder.load(named: known.name, folder: folder)
    case .files(let files):
      try DataFiles(
        classes: files.classes, scale: files.scale, channelsLast: files.channelsLast,
        labelColumn: files.labelColumn.map { Int($0).map { .index($0) } ?? .name($0) } ?? .last
      ).load(
        name: files.x, x: files.x, y: files.y, testX: files.testX, testY: files.testY)
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
    var dataset = recorded.dataset
    if case .files(let files) = document.dataset, FileManager.default.fileExists(atPath: files.x) {
      dataset = identity(of: try normalized(try Sources.dataset(of: document, folder: folder), document))
    }
    return try network(
      of: document, shape: recorded.shape, classes: recorded.network.outputCount, dataset: dataset
    ).inputs
  }

  /// The data as the network sees them.
  ///
  /// - Throws: `StudyFileError` where the normalisation does not fit.
  static func normalized(_ set: DataSet, _ document: SubjectDocument) throws -> DataSet {
    DataSet(
      name: set.name, training: try document.normalized(set.training),
      officialTest: try set.officialTest.map { try document.normalized($0) }, note: set.note)
  }

  /// The digest of the content of a data set.
  static func identity(of set: DataSet) -> Digest {
    var identity = CanonicalBytes(kind: "dataset", version: 1)
    identity.append(set.training.canonicalBytes.digest)
    identity.append(list: set.officialTest.map { [$0] } ?? []) { $0.append($1.canonicalBytes.digest) }
    return identity.digest
  }
}
