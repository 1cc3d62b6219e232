/// What evaluating a network on a slice gives.
package enum Score: Hashable, Sendable {
  /// `correct` of `count` samples had their label's score highest (the first of equals wins); `loss` is the mean softmax
  /// cross-entropy, summed in `Double` in sample order.
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
