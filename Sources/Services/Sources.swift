internal import Digests
internal import Formats
internal import Models
internal import Studies
internal import StudyFile

/// The data sets and networks that study files name, read from where they are.
enum Sources {
  /// - Throws: `FormatError` for data that is missing or damaged.
  static func dataset(of document: StudyDocument, folder: String?) throws -> DataSet {
    switch document.dataset {
    case .known(let known): try DataFolder.load(named: known.name, folder: folder)
    case .files: fatalError("merge")
    }
  }

  /// The network, the weights if the study names a file, and the blobs that hold them.
  ///
  /// - Throws: `FormatError` for a file that is missing or damaged, `StudyFileError` where it does not fit the data.
  static func network(
    of document: StudyDocument, shape: [Int], classes: Int
  ) throws -> (inputs: StudyInputs, blobs: [[UInt8]]) {
    guard document.network.file != nil else {
      let network = try document.zooNetwork(shape: shape, classes: classes)
      return (StudyInputs(shape: shape, network: network, pretrained: nil), [])
    }
    fatalError("merge")
  }

  /// What a study file says now, for a run that was prepared before: only the model file is read again.
  ///
  /// - Throws: as ``network(of:shape:classes:)`` does.
  static func inputs(of document: StudyDocument, like recorded: StudyInputs) throws -> StudyInputs {
    try network(
      of: document, shape: recorded.shape, classes: recorded.network.outputCount
    ).inputs
  }
}
