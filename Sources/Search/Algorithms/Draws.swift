internal import Elementary
internal import Randomness

/// Draws that several algorithms make.
enum Draws {
  /// One of some operators, in proportion to their shares.
  ///
  /// - Precondition: one share at least is above 0.
  static func pick<Operator>(_ shares: [Share<Operator>], stream: inout RandomStream) -> Operator {
    var rest = stream.uniform() * shares.reduce(0) { $0 + $1.share }
    for share in shares {
      rest -= share.share
      if rest < 0 { return share.kind }
    }
    return shares.last { $0.share > 0 }!.kind
  }

  /// The same, without a draw where there is no choice.
  static func choice<Operator>(_ shares: [Share<Operator>], stream: inout RandomStream) -> Operator {
    shares.count == 1 ? shares[0].kind : pick(shares, stream: &stream)
  }

  /// A number drawn log-uniformly from a range of positive numbers.
  static func logUniform(_ range: ClosedRange<Double>, stream: inout RandomStream) -> Double {
    let low = Elementary.log(range.lowerBound)
    let high = Elementary.log(range.upperBound)
    return Elementary.exp(low + (high - low) * stream.uniform())
  }
}
