package import Models
package import Pruning

/// Masks over units that can be kept or removed, of one exact size or of any size in a range.
package struct MaskSpace: Sendable {
  /// How many units a mask keeps.
  package enum Size: Hashable, Sendable {
    case exactly(Int)
    case within(ClosedRange<Int>)
  }

  /// Scores of the units, |w| for single weights: founders and biased mutations favour large ones.
  package let tables: MagnitudeTables
  /// The units of each layer, in order and without gaps.
  package let layers: [Range<Int>]
  /// The units of each neuron, in order and without gaps.
  package let neurons: [Range<Int>]
  package let size: Size
  package let seed: UInt64
  /// The score of the lowest unit that pruning by score alone would keep.
  let threshold: Float

  /// - Precondition: layers and neurons each cover all units.
  /// - Complexity: linear in the number of units.
  package init(scores: [Float], layers: [Range<Int>], neurons: [Range<Int>], size: Size, seed: UInt64) {
    precondition(layers.last?.upperBound ?? 0 == scores.count && neurons.last?.upperBound ?? 0 == scores.count)
    tables = MagnitudeTables(scores)
    self.layers = layers
    self.neurons = neurons
    self.size = size
    self.seed = seed
    let kept = ScorePruning.global(scores: tables.magnitudes, budget: Budget(exactly: Self.usual(size)))
    var smallest = Float.infinity
    kept.forEachKept { [magnitudes = tables.magnitudes] in smallest = min(smallest, magnitudes[$0]) }
    threshold = smallest
  }

  /// Single weights of a network at an exact budget.
  package init(layout: ParameterLayout, parameters: [Float], budget: Budget, seed: UInt64) {
    var neurons: [Range<Int>] = []
    for tensor in layout.prunable {
      guard let range = tensor.maskRange else { continue }
      let inputs = range.count / tensor.shape[0]
      for row in 0..<tensor.shape[0] {
        let start = range.lowerBound + row * inputs
        neurons.append(start..<start + inputs)
      }
    }
    self.init(
      scores: layout.prunableValues(of: parameters), layers: layout.prunable.compactMap(\.maskRange), neurons: neurons,
      size: .exactly(budget.kept), seed: seed)
  }

  /// The number of units.
  package var count: Int { tables.count }

  /// Whether a mask has the right length and size.
  package func contains(_ mask: Mask) -> Bool {
    guard mask.count == count else { return false }
    return switch size {
    case .exactly(let kept): mask.population == kept
    case .within(let range): range.contains(mask.population)
    }
  }

  /// The size nearest to `population` that is allowed.
  func allowed(_ population: Int) -> Int {
    switch size {
    case .exactly(let kept): kept
    case .within(let range): min(max(population, range.lowerBound), range.upperBound)
    }
  }

  /// How many units founders keep: the exact size, or the middle of the range.
  private static func usual(_ size: Size) -> Int {
    switch size {
    case .exactly(let kept): kept
    case .within(let range): (range.lowerBound + range.upperBound) / 2
    }
  }

  /// The budget of a sample, and of a founder where founders are all of one size.
  var founderBudget: Budget { Budget(exactly: Self.usual(size)) }

  /// A budget for founder `index` of founders that reach through the whole range of sizes.
  ///
  /// Multiples of the golden ratio, modulo 1, fill an interval evenly however many they are, and in an order that has
  /// nothing to do with the other gradings of founders.
  func spreadBudget(_ index: Int) -> Budget {
    guard case .within(let range) = size else { return founderBudget }
    let ratio = 0.618_033_988_749_894_9
    let turns = Double(index) * ratio
    let part = Int((turns - turns.rounded(.down)) * Double(range.count))
    return Budget(exactly: range.lowerBound + min(part, range.count - 1))
  }

  /// The chance that a kept unit which was drawn is let go: in proportion to 1 / max(score, τ) with τ half the threshold,
  /// so that nothing small is certain to go and nothing large is safe.
  func chanceToLeave(_ position: Int) -> Double {
    let floor = max(threshold / 2, .leastNormalMagnitude)
    return Double(floor / max(tables.magnitudes[position], floor))
  }

  /// The chance that a removed unit which was drawn comes back: in proportion to the score, up to twice the threshold.
  func chanceToReturn(_ position: Int) -> Double {
    let ceiling = max(threshold * 2, .leastNormalMagnitude)
    return Double(min(tables.magnitudes[position], ceiling) / ceiling)
  }
}
