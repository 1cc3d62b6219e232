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
  /// as below the budget. Large weights are favoured, by Gumbel-perturbed log magnitude.
  private static func repaired(
    _ child: Mask, _ first: Mask, _ second: Mask, in space: SearchSpace, stream: inout RandomStream
  ) -> Mask {
    let surplus = child.population - space.budget.kept
    guard surplus != 0 else { return child }
    let differing = first.symmetricDifference(second)
    let pool = surplus > 0 ? differing.intersection(child) : differing.subtracting(child)
    var result = child
    let sign: Double = surplus > 0 ? -1 : 1
    let scored = pool.keptPositions.map { position in
      (score: sign * Double(space.tables.logMagnitudes[position]) + stream.gumbel(), position: position)
    }
    for (_, position) in scored.sorted(by: { ($1.score, $0.position) < ($0.score, $1.position) }).prefix(abs(surplus)) {
      result[position] = surplus < 0
    }
    return result
  }

  /// Exchanges `count` kept weights for as many removed ones: small weights tend to go, large ones to come back.
  ///
  /// A removed weight returns in proportion to |w|; a kept one leaves in proportion to 1 / max(|w|, τ) with τ half the
  /// magnitude threshold, so that nothing small is certain to go and nothing large is safe.
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
    let kept = mask.keptPositions
    let floor = max(space.threshold / 2, .leastNormalMagnitude)
    var dropped = 0
    // When the threshold is next to nothing (zero weights), hardly a kept weight ever goes: after enough misses take any.
    misses = 0
    while dropped < count {
      let position = kept[stream.below(kept.count)]
      guard child[position] else { continue }
      if stream.uniform() >= Double(floor / max(space.tables.magnitudes[position], floor)), misses < 4096 * count {
        misses += 1
      } else {
        child[position] = false
        dropped += 1
      }
    }
    return child
  }

  /// A number of weights to exchange, log-uniform over a range of fractions of the kept ones; at least 1.
  package static func swapCount(_ range: ClosedRange<Double>, kept: Int, stream: inout RandomStream) -> Int {
    let low = Elementary.log(range.lowerBound)
    let high = Elementary.log(range.upperBound)
    return max(1, Int((Elementary.exp(low + (high - low) * stream.uniform()) * Double(kept)).rounded()))
  }
}
