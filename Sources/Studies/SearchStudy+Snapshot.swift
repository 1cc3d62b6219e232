package import Digests
internal import Models
internal import Pruning
internal import Search

extension SearchStudy {
  /// Whether ``snapshot`` can be taken now. Never where architectures are searched: their few facts are soon replayed,
  /// since each has cost a training.
  package var isSnapshotMoment: Bool {
    phase == .searching && study.architecture == nil && round!.isMoment(pending: pending)
  }

  /// The planner's state as bytes; nil at moments when it cannot be taken.
  ///
  /// What is out at such a moment is part of the state, and is proposed again after a restore.
  package var snapshot: [UInt8]? { snapshot(budget: trials) }

  /// The state as a run with another budget stores it, which came to the same one.
  package func snapshot(budget: Int) -> [UInt8]? {
    guard isSnapshotMoment, let splits, let weights, let round, let firstWeights else { return nil }
    var bytes = CanonicalBytes(kind: "search-study", version: 4)
    bytes.append(study.digest)
    bytes.append(dataset)
    bytes.append(observed)
    bytes.append(raw: Outcome.split(splits).canonicalBytes)
    bytes.append(weights)
    bytes.append(firstWeights)
    bytes.append(trainedSteps)
    bytes.append(list: early.map { [$0] } ?? []) { $0.append($1) }
    bytes.append(list: cycles) { bytes, cycle in
      bytes.append(cycle.mask.count)
      bytes.append(words: cycle.mask.words)
      for figure in cycle.metrics.figures { bytes.append(figure) }
      bytes.append(cycle.weights)
    }
    bytes.append(list: scores) { $0.append(list: $1.map { [$0] } ?? []) { $0.append($1) } }
    bytes.append(budget)
    round.append(to: &bytes, pending: pending)
    return bytes.bytes
  }

  /// The blob that a restore needs before it can be done: the weights that the snapshot's masks are about.
  ///
  /// - Throws: `CanonicalError` for bytes that are no snapshot of this study.
  package func parametersOfSnapshot(_ snapshot: [UInt8]) throws(CanonicalError) -> Digest {
    var reader = try CanonicalReader(snapshot, kind: "search-study", version: 4)
    var copy = self
    try copy.readHeading(&reader)
    return copy.weights!
  }

  /// The further blobs that a restore needs: the scores of those weights.
  ///
  /// - Throws: `CanonicalError` for bytes that are no snapshot of this study.
  package func scoresOfSnapshot(_ snapshot: [UInt8]) throws(CanonicalError) -> [Digest] {
    var reader = try CanonicalReader(snapshot, kind: "search-study", version: 4)
    var copy = self
    try copy.readHeading(&reader)
    return copy.scores.compactMap { $0 }
  }

  /// Takes the state of a snapshot, with the weights that ``parametersOfSnapshot(_:)`` named and the scores that
  /// ``scoresOfSnapshot(_:)`` did.
  ///
  /// - Throws: `CanonicalError` for bytes that are no snapshot of this study; the planner is then as it was.
  package mutating func restore(
    _ snapshot: [UInt8], parameters: [UInt8], scores: [[UInt8]] = []
  ) throws(CanonicalError) {
    var reader = try CanonicalReader(snapshot, kind: "search-study", version: 4)
    var restored = self
    try restored.readHeading(&reader)
    restored.phase = .weights
    guard restored.blobsOfRound.count == 1 + scores.count else {
      throw CanonicalError("other scores than the snapshot's")
    }
    do { for blob in [parameters] + scores { try restored.supply(blob) } } catch {
      throw CanonicalError(error.description)
    }
    try restored.round!.restore(from: &reader)
    try reader.finish()
    self = restored
  }

  private mutating func readHeading(_ reader: inout CanonicalReader) throws(CanonicalError) {
    guard try reader.digest() == study.digest, try reader.digest() == dataset else {
      throw CanonicalError("a snapshot of another study")
    }
    observed = try reader.int()
    guard case .split(let splits) = try Outcome(canonical: try reader.raw()) else {
      throw CanonicalError("a snapshot without splits")
    }
    self.splits = splits
    weights = try reader.digest()
    firstWeights = try reader.digest()
    trainedSteps = try reader.int()
    for _ in 0..<(try reader.count(width: 32)) { early = try reader.digest() }
    cycles = []
    for _ in 0..<(try reader.count(width: 32)) {
      let count = try reader.int()
      guard let mask = Mask(count: count, words: try reader.words()), count == layout.prunableCount else {
        throw CanonicalError("a cycle's mask is of another network")
      }
      let metrics = SizeMetrics(
        size: try reader.int(), sizeNonzero: try reader.int(), flops: try reader.int(), flopsNonzero: try reader.int())
      cycles.append(CycleResult(mask: mask, metrics: metrics, weights: try reader.digest()))
    }
    guard cycles.isEmpty || cycles.count < study.cycles?.rounds ?? 0 && isPossible(round: cycles.count) else {
      throw CanonicalError("more cycles than the study has")
    }
    scores = []
    for _ in 0..<(try reader.count(width: 8)) {
      var blob: Digest?
      for _ in 0..<(try reader.count(width: 32)) { blob = try reader.digest() }
      scores.append(blob)
    }
    guard scores.count == study.criteria.count else { throw CanonicalError("a snapshot with other scores") }
    guard try reader.int() == trials || study.cycles == nil else {
      throw CanonicalError("a snapshot of rounds of another length")
    }
  }
}

extension SizeMetrics {
  fileprivate var figures: [Int] { [size, sizeNonzero, flops, flopsNonzero] }
}
