internal import Digests

/// Checks of restored state, so that bytes which were damaged are refused and never trap later.
extension CanonicalReader {
  /// Individuals that a search of whole trials can hold, in any order.
  mutating func wholeTrials(of space: SearchSpace) throws(CanonicalError) -> [Individual] {
    let list = try individuals(of: space)
    guard
      list.allSatisfy({
        $0.trial.isWhole && !$0.fitness.values.isEmpty && !$0.fitness.violation.isNaN
          && !$0.fitness.values.contains(where: \.isNaN)
      })
    else { throw CanonicalError("a member is of another kind of search") }
    return list
  }

  /// The same, best first.
  mutating func ranking(of space: SearchSpace) throws(CanonicalError) -> [Individual] {
    let list = try wholeTrials(of: space)
    guard !zip(list, list.dropFirst()).contains(where: { Individual.isBetter($1, $0) }) else {
      throw CanonicalError("members are not in order")
    }
    return list
  }

  /// A factor that a success rule can have come to.
  mutating func factor(_ rule: SuccessRule?) throws(CanonicalError) -> Double {
    let factor = try double()
    guard rule?.range.contains(factor) ?? (factor == 1) else {
      throw CanonicalError("the factor of mutations is out of bounds")
    }
    return factor
  }
}

extension Trial {
  /// Whether it wants an exact fitness on all samples, under a name that streams can be keyed by.
  var isWhole: Bool { threshold == nil && share == 1 && id.generation >= 0 && id.index >= 0 }
}

extension TrialID {
  /// The name of a trial by its place among all.
  init(place: Int, generationSize: Int) {
    let (generation, index) = place.quotientAndRemainder(dividingBy: generationSize)
    self.init(generation: generation, index: index)
  }
}

extension PendingTrials {
  /// Refuses trials whose names are not their places, or that are not whole.
  func check(generationSize: Int) throws(CanonicalError) {
    guard told <= Int.max / 2 else { throw CanonicalError("too many answers") }
    for (offset, trial) in trials.enumerated() {
      guard trial.id == TrialID(place: told + offset, generationSize: generationSize), trial.isWhole else {
        throw CanonicalError("a waiting trial is of another search")
      }
    }
  }
}
