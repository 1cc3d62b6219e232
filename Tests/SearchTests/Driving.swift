import Digests
import Randomness
import Search
import Testing

/// Like `run`, without the lines; gives how many answers were only below the threshold.
@discardableResult
func drive(_ search: inout some SearchAlgorithm, trials: Int, _ fitness: (Trial) -> Fitness) -> Int {
  var cut = 0
  while search.told < trials {
    while search.asked < trials, search.ask() != nil {}
    guard let oldest = search.pending.trials.first else { preconditionFailure("nothing to ask and nothing to tell") }
    let given = answer(oldest, fitness)
    if given == .worseThanThreshold { cut += 1 }
    search.tell(given)
  }
  return cut
}

/// Cuts a snapshot short and changes bits of it: it is refused, or is a state that goes on.
func checkDamage<Algorithm: SearchAlgorithm>(
  trials: Int, fitness: (Trial) -> Fitness = hashFitness, _ make: () throws -> Algorithm
) throws {
  var search = try make()
  drive(&search, trials: trials, fitness)
  _ = search.ask()
  _ = search.ask()
  let whole = bytes { search.append(to: &$0) }
  let fresh = try make()
  let heading = bytes { _ in }.count
  for length in stride(from: heading, to: whole.count, by: 13) {
    var cut = fresh
    #expect(throws: CanonicalError.self) {
      try read(Array(whole[..<length])) { (reader) throws(CanonicalError) in try cut.restore(from: &reader) }
    }
  }
  var stream = RandomStream(seed: 5, .test, 5)
  var refused = 0
  for place in stride(from: heading, to: whole.count, by: 3) {
    var damaged = whole
    damaged[place] ^= 1 << UInt8(stream.below(8))
    var restored = fresh
    do {
      try read(damaged) { (reader) throws(CanonicalError) in try restored.restore(from: &reader) }
      let end = restored.asked + 2 * restored.generationSize
      drive(&restored, trials: end, fitness)
      #expect(restored.told == end)
    } catch {
      refused += 1
    }
  }
  #expect(refused > 0)
}
