package import Digests
internal import Models
internal import Pruning
internal import Search

extension SearchStudy {
  /// The planner's state as bytes, at the only moments when it can be taken: between two generations.
  ///
  /// Nil at other times. The random batch that may be out at such a moment is a function of its place and is proposed
  /// again after a restore.
  package var snapshot: [UInt8]? {
    guard phase == .searching, let genetic, let random, let splits, let weights, genetic.isBetweenGenerations,
      genetic.generation > 0, answers.isEmpty, !owesRandomBatch
    else { return nil }
    var bytes = CanonicalBytes(kind: "search-study", version: 2)
    bytes.append(study.digest)
    bytes.append(dataset)
    bytes.append(observed)
    bytes.append(raw: Outcome.split(splits).canonicalBytes)
    bytes.append(weights)
    genetic.append(to: &bytes)
    random.append(to: &bytes)
    return bytes.bytes
  }

  /// The blob that a restore needs before it can be done: the weights that the snapshot's masks are about.
  ///
  /// - Throws: `CanonicalError` for bytes that are no snapshot of this study.
  package func parametersOfSnapshot(_ snapshot: [UInt8]) throws(CanonicalError) -> Digest {
    var reader = try CanonicalReader(snapshot, kind: "search-study", version: 2)
    return try heading(&reader).weights
  }

  /// Takes the state of a snapshot, with the weights that ``parametersOfSnapshot(_:)`` named.
  ///
  /// - Throws: `CanonicalError` for bytes that are no snapshot of this study; the planner is then as it was.
  package mutating func restore(_ snapshot: [UInt8], parameters: [UInt8]) throws(CanonicalError) {
    var reader = try CanonicalReader(snapshot, kind: "search-study", version: 2)
    let (observed, splits, weights) = try heading(&reader)
    var restored = self
    restored.observed = observed
    restored.splits = splits
    restored.weights = weights
    restored.step = restored.totalSteps
    restored.phase = .weights
    do { try restored.supply(parameters) } catch { throw CanonicalError(error.description) }
    try restored.genetic!.restore(from: &reader)
    try restored.random!.restore(from: &reader)
    try reader.finish()
    restored.phase = .searching
    // The random batch beside the last told generation may have been observed before the snapshot, or not.
    let owed = study.randomSearch ? restored.genetic!.generation - restored.random!.generation : 0
    guard owed == 0 || owed == 1 else {
      throw CanonicalError("a snapshot whose random search is not beside its genetic algorithm")
    }
    restored.owesRandomBatch = owed == 1
    self = restored
  }

  private func heading(
    _ reader: inout CanonicalReader
  ) throws(CanonicalError) -> (observed: Int, splits: Splits, weights: Digest) {
    guard try reader.digest() == study.digest, try reader.digest() == dataset else {
      throw CanonicalError("a snapshot of another study")
    }
    let observed = try reader.int()
    guard case .split(let splits) = try Outcome(canonical: try reader.raw()) else {
      throw CanonicalError("a snapshot without splits")
    }
    return (observed, splits, try reader.digest())
  }
}
