internal import Elementary
package import Models
package import Pruning

/// Masks over units that can be kept or removed, of one exact size or of any size in a range.
///
/// Each layer keeps its floor; founders and operators see to it, and ``contains(_:)`` asks for it.
package struct MaskSpace: Sendable {
  /// How much a mask keeps.
  package enum Size: Hashable, Sendable {
    case exactly(Int)
    case within(ClosedRange<Int>)
    /// At most so much, and so much that no further unit fits.
    case atMost(CostCap)
    /// N of each group of M.
    case pattern(GroupPattern)
  }

  /// Scores of the units, |w| for single weights: founders and biased mutations favour large ones.
  package let tables: MagnitudeTables
  /// The units of each layer, in order and without gaps.
  package let layers: [Range<Int>]
  /// The units of each neuron, in order and without gaps.
  package let neurons: [Range<Int>]
  package let size: Size
  /// How many units each layer keeps at least.
  package let floors: [Int]
  package private(set) var seed: UInt64
  /// How many units a mask by score alone keeps.
  private(set) var usual = 0
  /// The score of the lowest of the `usual` best units.
  private(set) var threshold = Float.infinity
  /// How far draws by score are from taking the best: they go by score^(1 / noise), as a ranking under Gumbel noise of
  /// that scale on the logarithms does.
  package private(set) var noise = 0.0
  /// The chance that a removed unit comes back: in proportion to the score, up to twice the threshold.
  private(set) var coming = ChanceTable([])
  /// The chance that a kept unit is let go: in inverse proportion to the score, from half the threshold, so that nothing
  /// small is certain to go and nothing large is safe.
  private(set) var leaving = ChanceTable([])

  /// - Parameters:
  ///   - floors: for each layer; nil means none.
  ///   - isDrawnFrom: whether masks are drawn or mutated in it, random ones too. What draws need takes most of the time; a
  ///     space from which the best are selected once can do without.
  /// - Precondition: layers and neurons each cover all units, and the size leaves room for the floors.
  /// - Complexity: linear in the number of units; O(n log n) under a cap.
  package init(
    scores: [Float], layers: [Range<Int>], neurons: [Range<Int>], size: Size, floors: [Int]? = nil,
    noise: Double = MaskSpace.usualNoise, seed: UInt64, isDrawnFrom: Bool = true
  ) {
    precondition(noise > 0)
    precondition(layers.last?.upperBound ?? 0 == scores.count && neurons.last?.upperBound ?? 0 == scores.count)
    let floors = floors ?? layers.map { _ in 0 }
    precondition(floors.count == layers.count && zip(floors, layers).allSatisfy { $0 >= 0 && $0 <= $1.count })
    precondition(Self.shortage(of: size, layers, floors) == nil, "the floors of the layers exceed the budget")
    tables = MagnitudeTables(scores)
    self.layers = layers
    self.neurons = neurons
    self.size = size
    self.floors = floors
    self.seed = seed
    switch size {
    case .exactly(let kept): usual = kept
    case .within(let range): usual = (range.lowerBound + range.upperBound) / 2
    case .atMost: usual = selected(tables.magnitudes).population
    case .pattern(let pattern): usual = pattern.population
    }
    for unit in TopSelection.positions(usual, of: tables.magnitudes, in: 0..<scores.count) {
      threshold = min(threshold, tables.magnitudes[unit])
    }
    if isDrawnFrom { drawBy(noise) }
  }

  /// - Complexity: linear in the number of units.
  private mutating func drawBy(_ noise: Double) {
    self.noise = noise
    let logarithm = Elementary.log(max(Double(threshold), 1e-30))
    let logTwo = 0.693_147_180_559_945_3
    func chances(_ exponent: (Double) -> Double) -> [Double] {
      tables.logMagnitudes.map { Elementary.exp(min(0, exponent(Double($0) - logarithm)) / noise) }
    }
    coming = ChanceTable(chances { $0 - logTwo })
    leaving = ChanceTable(chances { -logTwo - $0 })
  }

  /// Measured on LeNet-300-100 at 50 times: sharper draws find less new, blunter ones break more.
  package static let usualNoise = 0.4

  /// Single weights of a network, one of each layer at least.
  package init(layout: ParameterLayout, parameters: [Float], size: Size, seed: UInt64) {
    var neurons: [Range<Int>] = []
    for tensor in layout.prunable {
      guard let range = tensor.maskRange else { continue }
      let inputs = range.count / tensor.shape[0]
      for row in 0..<tensor.shape[0] {
        let start = range.lowerBound + row * inputs
        neurons.append(start..<start + inputs)
      }
    }
    let layers = layout.prunable.compactMap(\.maskRange)
    self.init(
      scores: layout.prunableValues(of: parameters), layers: layers, neurons: neurons, size: size,
      floors: layers.map { _ in 1 }, seed: seed)
  }

  /// Units of any kind.
  ///
  /// - Parameter isDrawnFrom: whether masks are drawn or mutated in it.
  /// - Throws: `BudgetError` if the floors of the layers exceed the budget.
  package init(
    units: Units, parameters: [Float], norm: Norm = .l2, size: Size, floor: LayerFloor = LayerFloor(), seed: UInt64,
    isDrawnFrom: Bool = true
  ) throws(BudgetError) {
    let layers = units.layers.map(\.range)
    let floors =
      if case .pattern = size { layers.map { _ in 0 } } else { layers.map { floor.minimum(of: $0.count) } }
    if let shortage = Self.shortage(of: size, layers, floors) { throw shortage }
    self.init(
      scores: units.scores(parameters, norm: norm), layers: layers, neurons: units.neurons, size: size, floors: floors,
      seed: seed, isDrawnFrom: isDrawnFrom)
  }

  /// The same space under another seed, and with draws that are another way sharp.
  package func seeded(_ seed: UInt64, noise: Double? = nil) -> MaskSpace {
    var other = self
    other.seed = seed
    if let noise, noise != self.noise { other.drawBy(noise) }
    return other
  }

  /// The number of units.
  package var count: Int { tables.count }

  /// Whether a mask has the right length and size, and keeps the floors.
  package func contains(_ mask: Mask) -> Bool {
    guard mask.count == count, layers.indices.allSatisfy({ lack($0, mask) <= 0 }) else { return false }
    return switch size {
    case .exactly(let kept): mask.population == kept
    case .within(let range): range.contains(mask.population)
    case .atMost(let cap): cap.isMet(by: mask)
    case .pattern(let pattern): pattern.isMet(by: mask)
    }
  }

  /// How many units a layer lacks to its floor; negative for what it has beyond.
  func lack(_ layer: Int, _ mask: Mask) -> Int {
    floors[layer] == 0 ? 0 : floors[layer] - mask.population(in: layers[layer])
  }

  /// The size nearest to `population` that is allowed.
  ///
  /// - Precondition: sizes are counts.
  func allowed(_ population: Int) -> Int {
    switch size {
    case .exactly(let kept): kept
    case .within(let range): min(max(population, range.lowerBound), range.upperBound)
    case .atMost, .pattern: preconditionFailure("this size is no count")
    }
  }

  /// The same space for founder `index` of founders that reach through a whole range of sizes.
  ///
  /// Multiples of the golden ratio, modulo 1, fill an interval evenly however many they are, and in an order that has
  /// nothing to do with the other gradings of founders.
  func spread(_ index: Int) -> MaskSpace {
    guard case .within(let range) = size else { return self }
    let ratio = 0.618_033_988_749_894_9
    let turns = Double(index) * ratio
    let part = Int((turns - turns.rounded(.down)) * Double(range.count))
    return sized(range.lowerBound + min(part, range.count - 1))
  }

  /// The same space with another size of what scores alone decide.
  ///
  /// - Precondition: the size is allowed.
  func sized(_ kept: Int) -> MaskSpace {
    precondition(allowed(kept) == kept)
    var other = self
    other.usual = kept
    return other
  }
}
