internal import Pruning

/// A mask's score as far as it is known.
struct Tally {
  let threshold: Threshold?
  private var correct = 0
  /// The sum of all losses so far, in whatever order.
  private var loss = 0.0
  private(set) var isMissed = false

  init(_ threshold: Threshold?) { self.threshold = threshold }

  /// Takes what a block of samples gave, and notes whether the threshold cannot be reached any more.
  ///
  /// Losses come in another order than the score adds them. Each sum of n terms that are not negative is off by less than
  /// n times 2⁻⁵³ of itself, so by what is taken off here this one is below the other.
  mutating func add(correct: Int, loss: Double, seen: Int, of count: Int) {
    self.correct += correct
    self.loss += loss
    guard let threshold else { return }
    isMissed = threshold.isOutOfReach(
      correct: self.correct, loss: self.loss * (1 - Double(count) * 0x1p-51), seen: seen, of: count)
  }

  /// The score behind the last block; nil where the threshold is missed.
  ///
  /// - Parameter losses: `count` losses in the data's own order, in which they are added.
  func score(_ losses: UnsafePointer<Double>, count: Int) -> Score? {
    if isMissed { return nil }
    var loss = 0.0
    for sample in 0..<count { loss += losses[sample] }
    let score = Score.exact(correct: correct, count: count, loss: count == 0 ? 0 : loss / Double(count))
    return threshold?.isMissed(by: score) ?? false ? nil : score
  }
}
