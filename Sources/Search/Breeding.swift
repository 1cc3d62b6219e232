internal import Elementary
package import Pruning
package import Randomness

/// The operators that make a child of masks, each keyed and each keeping the exact number of weights.
package enum Breeding {
  /// Each weight that only one parent keeps is kept with chance ½; what both keep stays, what neither keeps stays away.
  package static func uniformCrossover(_ first: Mask, _ second: Mask, in space: SearchSpace, stream: inout RandomStream)
    -> Mask
  {
    let child = Mask(mixing: first, second) { stream.next() }
    return repaired(child, first, second, in: space, stream: &stream)
  }

  /// Each neuron's incoming weights come from one parent as a whole.
  package static func neuronCrossover(_ first: Mask, _ second: Mask, in space: SearchSpace, stream: inout RandomStream)
    -> Mask
  {
    var child = first
    for neuron in space.neurons where stream.next() & 1 == 1 { child.replace(neuron, from: second) }
    return repaired(child, first, second, in: space, stream: &stream)
  }

  /// Brings a mixture of two parents to the exact budget by touching only weights in which they differ.
  ///
  /// With equal budgets that always suffices: between what both keep and what either keeps lie as many weights above
  /// as below the budget. Large weights are favoured.
  private static func repaired(
    _ child: Mask, _ first: Mask, _ second: Mask, in space: SearchSpace, stream: inout RandomStream
  ) -> Mask {
    let surplus = child.population - space.budget.kept
    guard surplus != 0 else { return child }
    let differing = first.symmetricDifference(second)
    let pool = surplus > 0 ? differing.intersection(child) : differing.subtracting(child)
    var result = child
    flip(
      abs(surplus), of: pool.keptPositions, to: surplus < 0, in: &result, stream: &stream,
      chance: surplus < 0 ? space.chanceToReturn : space.chanceToLeave)
    return result
  }

  /// Keeps or removes `count` positions of a pool: drawn uniformly, taken with the given chance.
  ///
  /// Rejection costs a few draws for each position that is taken, where scoring the whole pool cost two logarithms a
  /// position and a sort. Where hardly anything has a chance worth the name, enough misses let anything through.
  ///
  /// - Precondition: the pool has that many positions which are not yet as wanted.
  private static func flip(
    _ count: Int, of pool: [Int], to kept: Bool, in mask: inout Mask, stream: inout RandomStream,
    chance: (Int) -> Double
  ) {
    var flipped = 0
    var misses = 0
    while flipped < count {
      let position = pool[stream.below(pool.count)]
      guard mask[position] != kept else { continue }
      if stream.uniform() < chance(position) || misses >= 4096 * count {
        mask[position] = kept
        flipped += 1
      } else {
        misses += 1
      }
    }
  }

  /// Exchanges `count` kept weights for as many removed ones: small weights tend to go, large ones to come back.
  ///
  /// A removed weight returns in proportion to |w|, a kept one leaves by ``SearchSpace/chanceToLeave(_:)``.
  package static func swapMutation(_ mask: Mask, count: Int, in space: SearchSpace, stream: inout RandomStream) -> Mask
  {
    let removed = mask.count - mask.population
    let count = min(count, removed, mask.population)
    guard count > 0 else { return mask }
    var child = mask
    var added = 0
    // When nearly all removed weights are tiny, draws by magnitude rarely hit one: after enough misses draw uniformly.
    var misses = 0
    while added < count {
      let position = misses < 64 * count ? space.tables.drawByMagnitude(&stream) : stream.below(mask.count)
      if child[position] {
        misses += 1
      } else {
        child[position] = true
        added += 1
      }
    }
    flip(count, of: mask.keptPositions, to: false, in: &child, stream: &stream, chance: space.chanceToLeave)
    return child
  }

  /// A number of weights to exchange, log-uniform over a range of fractions of the kept ones; at least 1.
  package static func swapCount(_ range: ClosedRange<Double>, kept: Int, stream: inout RandomStream) -> Int {
    let low = Elementary.log(range.lowerBound)
    let high = Elementary.log(range.upperBound)
    return max(1, Int((Elementary.exp(low + (high - low) * stream.uniform()) * Double(kept)).rounded()))
  }
}
