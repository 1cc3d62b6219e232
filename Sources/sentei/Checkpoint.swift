import Digests
import Formats
import Models

/// The file in which a training's progress outlives its process, with a SHA-256 of all before it at the end.
struct Checkpoint {
  let path: String
  /// What a progress must have in common with a training that goes on from it.
  let identity: Digest

  /// Replaces the file by this progress, so that a kill leaves the old or the new.
  ///
  /// - Throws: `FormatError` where the system refuses.
  func store(_ progress: TrainingProgress) throws {
    var bytes = CanonicalBytes(kind: "checkpoint", version: 2)
    bytes.append(identity)
    bytes.append(raw: progress.state.canonicalBytes.bytes)
    bytes.append(list: progress.best.map { [$0] } ?? []) { Parameters.append($1, to: &$0) }
    bytes.append(list: progress.losses) { $0.append($1) }
    try WholeFile.replace(path, with: bytes.bytes + bytes.digest.bytes)
  }

  /// Goes on from the file, if it is there.
  ///
  /// - Parameter progress: the beginning of the training.
  /// - Throws: `FormatError` for a file that cannot be read, ``CheckpointError`` for a damaged one, or one of another
  ///   training or version.
  func restore(_ progress: inout TrainingProgress) throws {
    guard let content = try WholeFile.readIfThere(path) else { return }
    do {
      let body = Array(content.dropLast(Digest.byteCount))
      var reader = try CanonicalReader(body, kind: "checkpoint", version: 2)
      guard Digest(of: body).bytes.elementsEqual(content.suffix(Digest.byteCount)) else {
        throw CheckpointError("\(path) is damaged: its checksum does not fit; remove it to begin anew")
      }
      guard try reader.digest() == identity else {
        throw CheckpointError("\(path) is the checkpoint of another training; give another file, or remove it")
      }
      let state = try TrainingState(canonical: try reader.raw())
      var best: [[Float]] = []
      for _ in 0..<(try reader.count(width: 8)) { best.append(try Parameters.read(from: &reader)) }
      var losses: [Double] = []
      for _ in 0..<(try reader.count(width: 8)) { losses.append(try reader.double()) }
      try reader.finish()
      let count = progress.state.parameters.count
      guard state.parameters.count == count, state.slots.map(\.count) == progress.state.slots.map(\.count),
        best.count <= 1, best.allSatisfy({ $0.count == count })
      else { throw CanonicalError("it is of another network") }
      progress.resume(state, best: best.first, losses: losses)
    } catch let error as CanonicalError {
      throw CheckpointError("\(path) is not a checkpoint of this version: \(error)")
    }
    print("going on from \(path), step \(progress.state.step)")
  }
}

/// A checkpoint that cannot be gone on from.
struct CheckpointError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
