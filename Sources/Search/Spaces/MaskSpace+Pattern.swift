internal import Pruning
internal import Randomness

/// Operators of N:M: parents give whole groups, mutations exchange within groups.
extension MaskSpace {
  func crossover(
    _ kind: Crossover, _ first: Mask, _ second: Mask, _ pattern: GroupPattern, stream: inout RandomStream
  ) -> Mask {
    var child = first
    func boundary() -> Int {
      let group = stream.below(pattern.count + 1)
      return group == pattern.count ? count : pattern.group(group).lowerBound
    }
    switch kind {
    case .uniform:
      for group in 0..<pattern.count where stream.next() & 1 == 1 { child.replace(pattern.group(group), from: second) }
    case .onePoint: child.replace(boundary()..<count, from: second)
    case .twoPoint:
      let points = [boundary(), boundary()].sorted()
      child.replace(points[0]..<points[1], from: second)
    case .layer: for layer in layers where stream.next() & 1 == 1 { child.replace(layer, from: second) }
    case .neuron: for neuron in neurons where stream.next() & 1 == 1 { child.replace(neuron, from: second) }
    }
    return child
  }

  /// Exchanges one kept unit for a removed one in each of `count` groups, or in all that have any choice.
  func exchanged(
    _ kind: Mutation, _ mask: Mask, count wanted: Int, _ pattern: GroupPattern, stream: inout RandomStream
  ) -> Mask {
    let free = (0..<pattern.count).filter { pattern.group($0).count > pattern.kept }
    var child = mask
    for place in stream.choose(min(wanted, free.count), of: free.count) {
      let group = pattern.group(free[place])
      let isBlind = kind == .bitFlip
      let leaving = drawn(group.filter { mask[$0] }, stream: &stream) { isBlind ? 1 : self.leaving[$0] }
      let coming = drawn(group.filter { !mask[$0] }, stream: &stream) { isBlind ? 1 : self.coming[$0] }
      child[leaving[0]] = false
      child[coming[0]] = true
    }
    return child
  }
}
