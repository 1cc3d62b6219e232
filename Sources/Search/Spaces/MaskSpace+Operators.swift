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
    case .uniform: child = Mask(mixing: first, second, choices: stream.words(first.words.count))
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
    for unit in (surplus < 0 ? coming : leaving).drawn(abs(surplus), of: pool, stream: &stream) {
      result[unit] = surplus < 0
    }
    return floored(result, within: differing, stream: &stream)
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
    let (table, pool) = grows ? (coming, mask.inverted) : (leaving, mask)
    for unit in table.drawn(abs(target - mask.population), of: pool, stream: &stream) { child[unit] = grows }
    return child
  }

  /// Exchanges `count` kept units for as many removed ones: small scores tend to go, large ones to come back.
  func swapped(_ mask: Mask, count: Int, stream: inout RandomStream) -> Mask {
    let count = min(count, mask.count - mask.population, mask.population)
    guard count > 0 else { return mask }
    var child = mask
    for unit in coming.drawn(count, of: mask.inverted, stream: &stream) { child[unit] = true }
    for unit in leaving.drawn(count, of: mask, stream: &stream) { child[unit] = false }
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
