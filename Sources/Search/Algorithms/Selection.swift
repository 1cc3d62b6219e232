package import Randomness

/// How a parent is chosen from a population.
package enum Selection: Hashable, Sendable {
  /// The best of `size` members drawn with replacement. Source: Goldberg and Deb 1991.
  case tournament(size: Int)
  /// In proportion to the first value of the fitness above the worst finite one; the worst itself is never chosen.
  ///
  /// While some are feasible, the others have no chance; while nobody is, violations take the place of values. Where
  /// nothing tells members apart, all have the same chance. Source: Holland 1975, windowing: Grefenstette 1986.
  case roulette
  /// Linear in the rank: the best is chosen `pressure` times as often as the average, the worst 2 − `pressure` times;
  /// from 1 to 2. Source: Baker 1985.
  case rank(pressure: Double)
  /// Uniformly from the best fraction, at least one. Source: Mühlenbein and Schlierkamp-Voosen 1993.
  case truncation(fraction: Double)

  var isValid: Bool {
    switch self {
    case .tournament(let size): size >= 1
    case .roulette: true
    case .rank(let pressure): (1...2).contains(pressure)
    case .truncation(let fraction): fraction > 0 && fraction <= 1
    }
  }

  /// The place of the chosen one among members that are sorted, best first.
  ///
  /// - Precondition: there is one member at least.
  /// - Complexity: O(1) for rank and truncation, O(size) for tournaments, linear in the members for roulette.
  package func place(among members: [Individual], stream: inout RandomStream) -> Int {
    switch self {
    case .tournament(let size):
      var place = members.count
      for _ in 0..<size { place = min(place, stream.below(members.count)) }
      return place
    case .roulette: return Self.roulette(members, &stream)
    case .rank(let pressure): return Self.rank(members.count, pressure, &stream)
    case .truncation(let fraction):
      return stream.below(max(1, Int((fraction * Double(members.count)).rounded())))
    }
  }

  /// A mixture of the uniform chance and the steepest linear one, so that no sum of chances has to be taken: the smaller
  /// of a place and a place but the last is i or above with chance (n − i) (n − 1 − i) / (n (n − 1)), which makes i
  /// itself as likely as pressure 2 asks for, 2 (n − 1 − i) / (n (n − 1)).
  private static func rank(_ count: Int, _ pressure: Double, _ stream: inout RandomStream) -> Int {
    guard count > 1, stream.chance(pressure - 1) else { return stream.below(count) }
    return min(stream.below(count), stream.below(count - 1))
  }

  private static func roulette(_ members: [Individual], _ stream: inout RandomStream) -> Int {
    let weights = weights(of: members.map(\.fitness))
    let total = weights.reduce(0, +)
    guard total > 0 else { return stream.below(members.count) }
    var rest = stream.uniform() * total
    for (place, weight) in weights.enumerated() {
      rest -= weight
      if rest < 0 { return place }
    }
    // Rounding left a crumb behind the last one with a chance.
    return weights.lastIndex { $0 > 0 }!
  }

  /// Weights from 0 to 1, so that no sum of them overflows; 0 for what is not finite.
  private static func weights(of fitnesses: [Fitness]) -> [Double] {
    let hasFeasible = fitnesses.contains { $0.violation == 0 }
    let marks = fitnesses.map { hasFeasible ? ($0.violation == 0 ? $0.value : -.infinity) : -$0.violation }
    let finite = marks.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else { return marks.map { _ in 0 } }
    // Halves, because the distance of two finite numbers may be none. Without a distance all finite ones weigh the same.
    let span = high / 2 - low / 2
    return marks.map { $0.isFinite ? (span > 0 ? ($0 / 2 - low / 2) / span : 1) : 0 }
  }
}
