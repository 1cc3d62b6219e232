internal import Elementary
internal import Randomness

extension SearchSpace {
  /// The same space, in which samples have a size drawn uniformly in the logarithm of the kept units, where sizes have a
  /// range: as many between 5 and 10 times smaller as between 10 and 20.
  func sized(by stream: RandomStream) -> SearchSpace {
    guard case .masks(let space) = self, case .within(let range) = space.size else { return self }
    var stream = stream
    let (low, high) = (
      Elementary.log(Double(max(range.lowerBound, 1))), Elementary.log(Double(max(range.upperBound, 1)))
    )
    let kept = Int(Elementary.exp(low + (high - low) * stream.uniform()).rounded())
    return .masks(space.sized(min(max(kept, range.lowerBound), range.upperBound)))
  }
}

extension SearchSpace {
  /// The memory of a genome, in bytes.
  package var genomeBytes: Int {
    switch self {
    case .masks(let space): (space.count + 63) / 64 * 8
    case .reals(let space): 8 * space.bounds.count
    case .choices(let space): 8 * space.cardinalities.count
    }
  }
}
