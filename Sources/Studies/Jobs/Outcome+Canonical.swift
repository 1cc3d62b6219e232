package import Digests
internal import Pruning

extension Outcome {
  /// The stored form of a fact's outcome.
  package var canonicalBytes: [UInt8] {
    var bytes = CanonicalBytes(kind: "outcome", version: 1)
    switch self {
    case .split(let splits):
      bytes.append(1)
      for (digest, count) in [
        (splits.train.digest, splits.train.count), (splits.search.digest, splits.search.count),
        (splits.validation.digest, splits.validation.count), (splits.test.digest, splits.test.count),
      ] {
        bytes.append(digest)
        bytes.append(count)
      }
    case .trained(let segment):
      bytes.append(2)
      bytes.append(segment.state)
      bytes.append(segment.parameters)
      bytes.append(segment.loss)
    case .diverged(let step):
      bytes.append(3)
      bytes.append(step)
    case .evaluated(let score):
      bytes.append(4)
      score.append(to: &bytes)
    case .tested(let test):
      bytes.append(5)
      test.score.append(to: &bytes)
      bytes.append(test.top5)
    case .worseThanThreshold:
      bytes.append(6)
    case .scored(let scores):
      bytes.append(7)
      bytes.append(scores)
    case .measured(let value):
      bytes.append(8)
      bytes.append(value)
    case .grown(let network):
      bytes.append(9)
      bytes.append(network.state)
      bytes.append(network.parameters)
      bytes.append(network.gain)
    }
    return bytes.bytes
  }

  /// An outcome from its stored form.
  ///
  /// - Throws: `CanonicalError` for bytes that are not such a form.
  package init(canonical: [UInt8]) throws(CanonicalError) {
    var reader = try CanonicalReader(canonical, kind: "outcome", version: 1)
    switch try reader.int() {
    case 1:
      self = .split(
        Splits(
          train: try Slice(from: &reader), search: try Slice(from: &reader), validation: try Slice(from: &reader),
          test: try Slice(from: &reader)))
    case 2:
      self = .trained(
        TrainedSegment(state: try reader.digest(), parameters: try reader.digest(), loss: try reader.double()))
    case 3: self = .diverged(step: try reader.int())
    case 4: self = .evaluated(try Score(from: &reader))
    case 5:
      let test = TestScore(try Score(from: &reader), top5: try reader.int())
      guard test.isPossible else { throw CanonicalError("\(test.top5) among the first five is no count") }
      self = .tested(test)
    case 6: self = .worseThanThreshold
    case 7: self = .scored(try reader.digest())
    case 8: self = .measured(try reader.double())
    case 9:
      self = .grown(
        GrownNetwork(state: try reader.digest(), parameters: try reader.digest(), gain: try reader.double()))
    case let other: throw CanonicalError("unknown outcome \(other)")
    }
    try reader.finish()
  }
}

extension Slice {
  init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let digest = try reader.digest()
    let count = try reader.int()
    guard count >= 0 else { throw CanonicalError("a slice of \(count) samples") }
    self.init(digest: digest, count: count)
  }
}

extension Score {
  fileprivate func append(to bytes: inout CanonicalBytes) {
    switch self {
    case .exact(let correct, let count, let loss):
      bytes.append(0)
      bytes.append(correct)
      bytes.append(count)
      bytes.append(loss)
    case .nonfinite:
      bytes.append(1)
    }
  }

  fileprivate init(from reader: inout CanonicalReader) throws(CanonicalError) {
    switch try reader.int() {
    case 0:
      let correct = try reader.int()
      let count = try reader.int()
      let loss = try reader.double()
      guard count >= 0, (0...count).contains(correct), loss.isFinite else {
        throw CanonicalError("\(correct) of \(count) correct with loss \(loss) is no score")
      }
      self = .exact(correct: correct, count: count, loss: loss)
    case 1: self = .nonfinite
    case let other: throw CanonicalError("unknown score \(other)")
    }
  }
}
