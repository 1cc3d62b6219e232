internal import Pruning
internal import Randomness

/// A mask on its way below a cap and up to it, which never goes below the floors of layers.
struct CappedMask {
  private(set) var mask: Mask
  private var tally: CostTally
  private let space: MaskSpace
  /// How many units each layer has beyond its floor; negative for what it lacks.
  private var spare: [Int]

  init(_ mask: Mask, _ cap: CostCap, _ space: MaskSpace) {
    self.mask = mask
    self.space = space
    tally = CostTally(cap, mask)
    spare = space.layers.indices.map { mask.population(in: space.layers[$0]) - space.floors[$0] }
  }

  var isOver: Bool { tally.isOver }
  var isFull: Bool { tally.isFull }

  mutating func add(_ unit: Int) {
    mask[unit] = true
    tally.add(tally.cap.model.kind(of: unit))
    spare[space.layer(of: unit)] += 1
  }

  /// Adds units of a pool to layers that lack some.
  mutating func meetFloors(from pool: Mask, stream: inout RandomStream) {
    for layer in spare.indices where spare[layer] < 0 {
      let units = space.layers[layer].filter { pool[$0] && !mask[$0] }
      for unit in space.drawn(units, stream: &stream, by: { space.coming[$0] }).prefix(-spare[layer]) { add(unit) }
    }
  }

  /// Removes units of a pool while the mask costs too much: drawn uniformly, taken with the given chance.
  ///
  /// As many misses as the pool is large end the draws; then all that are left are put into a random order, which a
  /// large pool cannot afford each time.
  mutating func thin(_ pool: [Int], stream: inout RandomStream, by chance: (Int) -> Double) {
    var misses = 0
    while isOver, misses < pool.count {
      let unit = pool[stream.below(pool.count)]
      if mask[unit], spare[space.layer(of: unit)] > 0, stream.uniform() < chance(unit) {
        remove(unit)
      } else {
        misses += 1
      }
    }
    guard isOver else { return }
    for unit in space.drawn(pool.filter { mask[$0] }, stream: &stream, by: chance) {
      guard isOver else { return }
      if spare[space.layer(of: unit)] > 0 { remove(unit) }
    }
  }

  private mutating func remove(_ unit: Int) {
    mask[unit] = false
    tally.remove(tally.cap.model.kind(of: unit))
    spare[space.layer(of: unit)] -= 1
  }

  private func fits(_ unit: Int) -> Bool { !mask[unit] && tally.fits(tally.cap.model.kind(of: unit)) }

  /// Adds units in the order given that fit.
  ///
  /// One pass is enough: what did not fit once does not fit later, because the room shrinks and costs grow.
  mutating func fill(from order: [Int]) {
    for unit in order {
      guard !isFull else { return }
      if fits(unit) { add(unit) }
    }
  }

  /// Adds the best units by a ranking until none fits.
  mutating func fill(byRanking ranking: [Float]) {
    guard !isFull else { return }
    TopSelection.takeDescending(by: ranking) { order in
      fill(from: order)
      return !isFull
    }
  }

  /// Adds units of a pool until none of them fits, drawn as ``thin(_:stream:by:)`` does.
  mutating func fill(_ pool: [Int], stream: inout RandomStream, by chance: (Int) -> Double) {
    var misses = 0
    while !isFull, misses < pool.count {
      let unit = pool[stream.below(pool.count)]
      if fits(unit), stream.uniform() < chance(unit) { add(unit) } else { misses += 1 }
    }
    guard !isFull else { return }
    fill(from: space.drawn(pool.filter { fits($0) }, stream: &stream, by: chance))
  }

  /// Adds any units until none fits: by draws while most of them hit, then from all that are left.
  ///
  /// - Parameter avoided: units that are taken last.
  mutating func fill(_ kind: Mutation, avoiding avoided: Mask? = nil, stream: inout RandomStream) {
    var open = mask.inverted
    if let avoided { open = open.subtracting(avoided) }
    var isFilling = true
    while !isFull, isFilling, open.population > 0 {
      isFilling = false
      for unit in space.candidates(min(64, open.population), of: open, kind, stream: &stream) {
        open[unit] = false
        guard fits(unit) else { continue }
        add(unit)
        isFilling = true
      }
    }
    guard !isFull else { return }
    var pool: [Int] = []
    for run in tally.cap.model.runs where tally.fits(run.kind) {
      for unit in run.units where !mask[unit] { pool.append(unit) }
    }
    let space = space
    func chance(_ unit: Int) -> Double { kind == .bitFlip ? 1 : space.coming[unit] }
    if let avoided {
      fill(pool.filter { !avoided[$0] }, stream: &stream, by: chance)
      pool = pool.filter { avoided[$0] }
    }
    fill(pool, stream: &stream, by: chance)
  }
}

extension MaskSpace {
  /// The layer of a unit.
  func layer(of unit: Int) -> Int {
    var (low, high) = (0, layers.count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if layers[middle].lowerBound <= unit { low = middle } else { high = middle - 1 }
    }
    return low
  }

  /// Units of a pool that a mutation may bring back, in the order drawn.
  func candidates(_ count: Int, of pool: Mask, _ kind: Mutation, stream: inout RandomStream) -> [Int] {
    guard kind == .bitFlip else { return coming.drawn(count, of: pool, stream: &stream) }
    let units = pool.keptPositions
    return stream.choose(count, of: units.count).map { units[$0] }
  }

  /// Brings a mixture of two parents below the cap and up to it, by units in which they differ as far as those do.
  func capped(_ child: Mask, _ first: Mask, _ second: Mask, _ cap: CostCap, stream: inout RandomStream) -> Mask {
    let differing = first.symmetricDifference(second)
    var result = CappedMask(child, cap, self)
    result.meetFloors(from: differing, stream: &stream)
    result.thin(differing.intersection(result.mask).keptPositions, stream: &stream, by: { leaving[$0] })
    if result.isOver { result.thin(result.mask.keptPositions, stream: &stream, by: { leaving[$0] }) }
    if !result.isFull {
      result.fill(differing.subtracting(result.mask).keptPositions, stream: &stream, by: { coming[$0] })
    }
    result.fill(.magnitude, stream: &stream)
    return result.mask
  }

  /// Brings `count` removed units in, lets kept ones go until the cap is met, and fills it with others than those.
  func exchanged(
    _ kind: Mutation, _ mask: Mask, count wanted: Int, _ cap: CostCap, stream: inout RandomStream
  ) -> Mask {
    let wanted = min(wanted, mask.count - mask.population)
    guard wanted > 0 else { return mask }
    var child = CappedMask(mask, cap, self)
    for unit in candidates(wanted, of: mask.inverted, kind, stream: &stream) { child.add(unit) }
    func chance(_ unit: Int) -> Double { kind == .bitFlip ? 1 : leaving[unit] }
    if child.isOver { child.thin(mask.keptPositions, stream: &stream, by: chance) }
    // Where floors hold all others, what came in goes again.
    if child.isOver { child.thin(child.mask.keptPositions, stream: &stream, by: chance) }
    child.fill(kind, avoiding: mask.subtracting(child.mask), stream: &stream)
    return child.mask
  }
}
