import Digests
import Formats
import Foundation
import Models
import Networks
import Reports

/// A training that is under way, with what early stopping remembers.
struct TrainingProgress {
  var state: TrainingState
  /// Nil without early stopping.
  private(set) var watch: EarlyStopping.Watch?
  /// The weights with the lowest validation loss so far.
  private(set) var best: [Float]?
  private(set) var isStopped = false
  /// Validation losses so far, from which the watch is made again.
  private var losses: [Double] = []

  init(state: TrainingState, watch: EarlyStopping.Watch?) {
    self.state = state
    self.watch = watch
  }

  /// Takes the validation loss behind an epoch.
  mutating func judge(_ loss: Double) {
    losses.append(loss)
    guard let (isBest, stops) = watch?.observe(loss) else { return }
    if isBest || best == nil { best = state.parameters }
    isStopped = stops
  }

  /// Replaces the file by this progress, so that a kill leaves the old or the new.
  ///
  /// - Throws: `FormatError` where the system refuses.
  func store(to path: String, of identity: Digest) throws {
    var bytes = CanonicalBytes(kind: "checkpoint", version: 1)
    bytes.append(identity)
    bytes.append(raw: state.canonicalBytes.bytes)
    bytes.append(list: best.map { [$0] } ?? []) { Parameters.append($1, to: &$0) }
    bytes.append(list: losses) { $0.append($1) }
    try WholeFile.replace(path, with: bytes.bytes)
  }

  /// Goes on from a file, if it is there.
  ///
  /// - Throws: `FormatError` for a file that cannot be read, `CheckpointError` for one of another training.
  mutating func restore(from path: String, of identity: Digest) throws {
    guard let content = try WholeFile.readIfThere(path) else { return }
    do {
      var reader = try CanonicalReader(content, kind: "checkpoint", version: 1)
      guard try reader.digest() == identity else {
        throw CheckpointError("\(path) is the checkpoint of another training; give another file, or remove it")
      }
      let stored = try TrainingState(canonical: try reader.raw())
      guard stored.parameters.count == state.parameters.count, stored.slots.count == state.slots.count else {
        throw CanonicalError("of another network")
      }
      var best: [Float]?
      for _ in 0..<(try reader.count(width: 8)) { best = try Parameters.read(from: &reader) }
      var losses: [Double] = []
      for _ in 0..<(try reader.count(width: 8)) { losses.append(try reader.double()) }
      try reader.finish()
      state = stored
      self.best = best
      for loss in losses {
        self.losses.append(loss)
        if let stops = watch?.observe(loss).stops { isStopped = stops }
      }
    } catch let error as CanonicalError {
      throw CheckpointError("\(path) is not a checkpoint of this version: \(error)")
    }
    print("going on from \(path), step \(state.step)")
  }
}

/// A checkpoint that cannot be gone on from.
struct CheckpointError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// A computation that left the finite numbers.
struct ComputationError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// Measures weights on one set of data.
struct Judge {
  private let network: NetworkDescription
  private let data: EvaluationData

  /// - Throws: `NetworkError` if the data do not belong to the network.
  init(_ network: NetworkDescription, _ samples: LabelledData) throws {
    self.network = network
    data = EvaluationData(samples)
  }

  /// - Throws: ``ComputationError`` for weights that give infinite or undefined values.
  func report(_ parameters: [Float]) throws -> EvaluationReport {
    let evaluator = try MaskedEvaluator(
      network: network, scope: .init(), parameters: parameters, data: data)
    guard let report = evaluator.report(nil) else {
      throw ComputationError("the weights give infinite or undefined values")
    }
    return report
  }
}

extension EvaluationReport {
  /// For a line of progress.
  var summary: String {
    "accuracy \((Double(top1) / Double(max(count, 1))).fixed(digits: 4)) loss \(loss.fixed(digits: 5))"
  }
}
