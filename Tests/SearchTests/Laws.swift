import Digests
import Dispatch
import Randomness
import Search
import Testing

/// Checks what ``SearchAlgorithm`` promises of every algorithm.
///
/// - Parameter make: a search at its start, under a seed.
func checkLaws<Algorithm: SearchAlgorithm>(
  trials: Int, fitness: (Trial) -> Fitness = hashFitness, _ make: (UInt64) throws -> Algorithm
) throws {
  var first = try make(1)
  let history = run(&first, trials: trials, fitness: fitness)
  #expect(history.count == trials)

  var same = try make(1)
  #expect(run(&same, trials: trials, fitness: fitness) == history, "the same seed, another history")
  var other = try make(2)
  #expect(run(&other, trials: trials, fitness: fitness) != history, "another seed, the same history")

  for part in [1, 2, trials / 3, trials / 2 + 1] {
    var short = try make(1)
    #expect(run(&short, trials: part, fitness: fitness) == Array(history.prefix(part)), "\(part) trials are no prefix")
  }
  try checkMoments(history, fitness, make)
}

/// Asks at random moments, as late or as early as answers allow, for one trial or for several that threads make side by
/// side; stores and restores on the way.
private func checkMoments<Algorithm: SearchAlgorithm>(
  _ history: [String], _ fitness: (Trial) -> Fitness, _ make: (UInt64) throws -> Algorithm
) throws {
  for seed in 0..<4 as Range<UInt64> {
    var stream = RandomStream(seed: seed, .test, 77)
    var search = try make(1)
    var lines: [String] = []
    while search.told < history.count {
      let most = min(stream.below(6), history.count - search.asked)
      let trials = most == 1 ? search.ask().map { [$0] } ?? [] : search.ask(upTo: most, by: threads)
      if !trials.isEmpty {
        lines += trials.map(line)
        #expect(trials.allSatisfy { search.space.contains($0.genome) }, "seed \(seed)")
      } else if let oldest = search.pending.trials.first {
        search.tell(answer(oldest, fitness))
      }
      if stream.chance(0.05) {
        let stored = bytes { search.append(to: &$0) }
        var restored = try make(1)
        try read(stored) { (reader) throws(CanonicalError) in try restored.restore(from: &reader) }
        #expect(bytes { restored.append(to: &$0) } == stored, "seed \(seed)")
        search = restored
      }
    }
    #expect(lines == history, "seed \(seed)")
  }
}

private let threads = Executor { count, body in DispatchQueue.concurrentPerform(iterations: count, execute: body) }
