package import Digests

/// What evaluating a network on a slice gives.
package enum Score: Hashable, Sendable {
  /// `correct` of `count` samples had their label's score highest (the first of equals wins); `loss` is the mean softmax
  /// cross-entropy, or the mean squared error of data with targets, summed in `Double` in sample order.
  case exact(correct: Int, count: Int, loss: Double)
  /// Some activation was infinite or not a number; such a candidate ranks below every other.
  case nonfinite

  /// The fraction correct; 0 for `nonfinite`.
  package var accuracy: Double {
    switch self {
    case .exact(let correct, let count, _): count == 0 ? 0 : Double(correct) / Double(count)
    case .nonfinite: 0
    }
  }

  /// The mean loss; infinity for `nonfinite`.
  package var loss: Double {
    switch self {
    case .exact(_, _, let loss): loss
    case .nonfinite: .infinity
    }
  }
}

/// What a score must reach for its exact value to matter.
package enum Threshold: Hashable, Sendable {
  case accuracy(atLeast: Double)
  case loss(atMost: Double)

  package func append(to bytes: inout CanonicalBytes) {
    switch self {
    case .accuracy(let value):
      bytes.append(0)
      bytes.append(value)
    case .loss(let value):
      bytes.append(1)
      bytes.append(value)
    }
  }

  /// Whether a score is worse; one that is not finite always is.
  package func isMissed(by score: Score) -> Bool {
    guard case .exact = score else { return true }
    return switch self {
    case .accuracy(let least): score.accuracy < least
    case .loss(let most): score.loss > most
    }
  }

  /// Whether whatever the samples to come bring, the score will miss: losses are never negative, and rounded sums and
  /// quotients never fall as their terms grow.
  ///
  /// - Parameters:
  ///   - correct: of the first `seen` samples of `count`.
  ///   - loss: their sum.
  package func isOutOfReach(correct: Int, loss: Double, seen: Int, of count: Int) -> Bool {
    switch self {
    case .accuracy(let least): Double(correct + count - seen) / Double(count) < least
    case .loss(let most): loss / Double(count) > most
    }
  }
}
