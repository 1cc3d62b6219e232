internal import Digests
internal import Models
internal import RunStore
internal import Studies
internal import StudyFile

extension RunStore {
  private static var inputsKey: String { "inputs" }

  /// Keeps what the study needs beside its file, so that the run directory is complete in itself.
  ///
  /// - Parameter inputs: of each subject.
  func record(_ inputs: [StudyInputs]) throws(RunStoreError) {
    var bytes = CanonicalBytes(kind: "study-inputs", version: 4)
    bytes.append(list: inputs) { bytes, inputs in
      bytes.append(inputs.dataset)
      bytes.append(list: inputs.shape) { $0.append($1) }
      bytes.append(raw: inputs.network.canonicalBytes.bytes)
      bytes.append(list: inputs.pretrained.map { [$0] } ?? []) { $0.append($1) }
    }
    try setMeta(Self.inputsKey, try storeBlob(bytes.bytes).hex)
  }

  /// What ``record(_:)`` kept; nil before.
  func inputs() throws -> [StudyInputs]? {
    guard let digest = try inputsBlob() else { return nil }
    var reader = try CanonicalReader(try blob(digest), kind: "study-inputs", version: 4)
    var out: [StudyInputs] = []
    for _ in 0..<(try reader.count(width: Digest.byteCount)) {
      let dataset = try reader.digest()
      var shape: [Int] = []
      for _ in 0..<(try reader.count(width: 8)) { shape.append(try reader.int()) }
      let network = try NetworkDescription(canonical: try reader.raw())
      var pretrained: [Digest] = []
      for _ in 0..<(try reader.count(width: Digest.byteCount)) { pretrained.append(try reader.digest()) }
      out.append(StudyInputs(dataset: dataset, shape: shape, network: network, pretrained: pretrained.first))
    }
    try reader.finish()
    return out
  }

  /// The inputs of the run in a directory; nil where there is none, or none that got so far, or where they were lost.
  static func inputs(at directory: String) throws -> [StudyInputs]? {
    do { return try open(at: directory, mode: .reading).inputs() } catch let error as RunStoreError {
      switch error {
      case .notARun, .noBlob, .damagedBlob: return nil
      default: throw error
      }
    }
  }

  /// The blob of ``record(_:)``; nil before.
  func inputsBlob() throws(RunStoreError) -> Digest? { try meta(Self.inputsKey).flatMap(Digest.init(hex:)) }
}
