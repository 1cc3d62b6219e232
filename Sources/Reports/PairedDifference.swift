/// What networks have more of something than others, pair by pair: each with one of the same run and seed.
package struct PairedDifference: Hashable, Sendable {
  /// One pair.
  struct Pair: Hashable, Sendable {
    let seed: UInt64
    let value: Double
  }

  package let spread: Spread
  /// Different seeds among the pairs: as often was it repeated.
  package let seeds: Int
  /// The t test's probability after Holm's correction over its family, and Wilcoxon's; nil for a single pair.
  package let adjusted: Double?
  package let wilcoxon: Double?

  /// Whether the difference is one that may be called significant: ten seeds at least, and 5 % after the correction.
  package var isSignificant: Bool { seeds >= 10 && (adjusted ?? 1) < 0.05 }

  /// Differences that answer one kind of question, corrected for being asked so often.
  ///
  /// - Parameter pairs: of each difference; none where there is nothing to compare.
  /// - Parameter resolution: as ``Wilcoxon/probability(_:resolution:)`` has it.
  /// - Returns: as many, nil for those without pairs.
  static func family(_ pairs: [[Pair]], resolution: Double = 1e-9) -> [PairedDifference?] {
    let values = pairs.map { $0.map(\.value) }
    let tested = values.indices.filter { values[$0].count > 1 }
    let adjusted = Holm.adjusted(tested.map { Spread(values[$0]).probability! })
    let byPlace = Dictionary(uniqueKeysWithValues: zip(tested, adjusted))
    return pairs.indices.map { place in
      guard !pairs[place].isEmpty else { return nil }
      return PairedDifference(
        spread: Spread(values[place]), seeds: Set(pairs[place].map(\.seed)).count, adjusted: byPlace[place],
        wilcoxon: byPlace[place].map { _ in Wilcoxon.probability(values[place], resolution: resolution) })
    }
  }
}
