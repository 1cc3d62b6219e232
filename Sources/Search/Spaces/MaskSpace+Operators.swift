package import Pruning
package import Randomness

extension MaskSpace {
  /// The n-th genome without history: magnitude under Gumbel noise.
  func sample(noise: Double, stream: inout RandomStream) -> Mask {
    selected(tables.perturbedScores(noise: noise, stream: &stream))
  }

  /// A child of two masks at an allowed size; what both keep stays, what neither keeps stays away.
  ///
  /// Under a cap that holds but for what is needed to come below it, and to fill it. A pattern gives whole groups.
  package func crossover(_ kind: Crossover, _ first: Mask, _ second: Mask, stream: inout RandomStream) -> Mask {
    if case .pattern(let pattern) = size { return crossover(kind, first, second, pattern, stream: &stream) }
    var child = first
    switch kind {
    case .uniform: child = Mask(mixing: first, second) { stream.next() }
    case .onePoint: child.replace(stream.below(count + 1)..<count, from: second)
    case .twoPoint:
      let points = [stream.below(count + 1), stream.below(count + 1)].sorted()
      child.replace(points[0]..<points[1], from: second)
    case .layer: for layer in layers where stream.next() & 1 == 1 { child.replace(layer, from: second) }
    case .neuron: for neuron in neurons where stream.next() & 1 == 1 { child.replace(neuron, from: second) }
    }
    if case .atMost(let cap) = size { return capped(child, first, second, cap, stream: &stream) }
    return repaired(child, first, second, stream: &stream)
  }

  /// Brings a mixture of two parents to an allowed size by touching only units in which they differ.
  ///
  /// With equal sizes that always suffices: between what both keep and what either keeps lie as many units above as below
  /// that size. Large scores are favoured.
  private func repaired(_ child: Mask, _ first: Mask, _ second: Mask, stream: inout RandomStream) -> Mask {
    let surplus = child.population - allowed(child.population)
    let differing = first.symmetricDifference(second)
    guard surplus != 0 else { return floored(child, within: differing, stream: &stream) }
    let pool = surplus > 0 ? differing.intersection(child) : differing.subtracting(child)
    var result = child
    flip(
      abs(surplus), of: pool.keptPositions, to: surplus < 0, in: &result, stream: &stream,
      chance: surplus < 0 ? chanceToReturn : chanceToLeave)
    return floored(result, within: differing, stream: &stream)
  }

  /// Keeps or removes `count` positions of a pool: drawn uniformly, taken with the given chance.
  ///
  /// Rejection costs a few draws for each position that is taken, where scoring the whole pool cost two logarithms a
  /// position and a sort. Where hardly anything has a chance worth the name, enough misses let anything through.
  ///
  /// - Precondition: the pool has that many positions which are not yet as wanted.
  func flip(
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

  /// A changed copy at an allowed size.
  package func mutation(_ kind: Mutation, of mask: Mask, amount: Double, stream: inout RandomStream) -> Mask {
    let count = max(1, Int((amount * Double(mask.population)).rounded()))
    switch size {
    case .atMost(let cap): return exchanged(kind, mask, count: count, cap, stream: &stream)
    case .pattern(let pattern): return exchanged(kind, mask, count: count, pattern, stream: &stream)
    case .exactly, .within:
      let child =
        switch kind {
        case .magnitude: swapped(mask, count: count, stream: &stream)
        case .bitFlip: flipped(mask, count: count, stream: &stream)
        case .resize: resized(mask, by: count, stream: &stream)
        }
      return floored(child, within: nil, stream: &stream)
    }
  }

  /// Keeps up to `count` units more or fewer, in the other direction where the size allows none in the one drawn.
  private func resized(_ mask: Mask, by count: Int, stream: inout RandomStream) -> Mask {
    guard case .within = size else { return swapped(mask, count: count, stream: &stream) }
    var targets = [allowed(mask.population + count), allowed(mask.population - count)]
    if stream.next() & 1 == 1 { targets.swapAt(0, 1) }
    guard let target = targets.first(where: { $0 != mask.population }) else { return mask }
    var child = mask
    let grows = target > mask.population
    flip(
      abs(target - mask.population), of: grows ? (0..<mask.count).filter { !mask[$0] } : mask.keptPositions, to: grows,
      in: &child, stream: &stream, chance: grows ? chanceToReturn : chanceToLeave)
    return child
  }

  /// Exchanges `count` kept units for as many removed ones: small scores tend to go, large ones to come back.
  ///
  /// A removed unit returns in proportion to its score, a kept one leaves by ``chanceToLeave(_:)``.
  func swapped(_ mask: Mask, count: Int, stream: inout RandomStream) -> Mask {
    let count = min(count, mask.count - mask.population, mask.population)
    guard count > 0 else { return mask }
    var child = mask
    var added = 0
    // When nearly all removed units are tiny, draws by score rarely hit one: after enough misses draw uniformly.
    var misses = 0
    while added < count {
      let position = misses < 64 * count ? tables.drawByMagnitude(&stream) : stream.below(mask.count)
      if child[position] {
        misses += 1
      } else {
        child[position] = true
        added += 1
      }
    }
    flip(count, of: mask.keptPositions, to: false, in: &child, stream: &stream, chance: chanceToLeave)
    return child
  }

  /// Flips `count` units drawn uniformly; where the size is exact, half of the kept and half of the removed, at least one each.
  private func flipped(_ mask: Mask, count: Int, stream: inout RandomStream) -> Mask {
    guard mask.count > 0 else { return mask }
    var child = mask
    switch size {
    case .within(let range):
      for position in stream.choose(min(count, mask.count), of: mask.count) {
        let change = child[position] ? -1 : 1
        if range.contains(child.population + change) { child[position].toggle() }
      }
    case .exactly, .atMost, .pattern:
      let count = min(max(1, count / 2), mask.population, mask.count - mask.population)
      guard count > 0 else { return mask }
      let kept = mask.keptPositions
      for place in stream.choose(count, of: kept.count) { child[kept[place]] = false }
      var added = 0
      while added < count {
        let position = stream.below(mask.count)
        guard !mask[position], !child[position] else { continue }
        child[position] = true
        added += 1
      }
    }
    return child
  }
}
