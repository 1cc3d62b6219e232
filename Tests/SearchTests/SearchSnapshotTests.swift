import Digests
import Pruning
import Randomness
import Search
import Testing

/// A search that is stored and restored in mid-run goes on as if nothing had happened.
@Suite struct SearchSnapshotTests {
  private func genetic(kept: Int = 60, size: Int = 6, seed: UInt64 = 1) throws -> GeneticSearch {
    GeneticSearch(
      settings: GeneticSettings(populationSize: size, eliteSize: 2, swapFraction: 0.01...0.2),
      space: try space(kept: kept, seed: seed))
  }

  private func random() throws -> RandomSearch {
    RandomSearch(batchSize: 6, noise: 0.5, space: try space(kept: 60))
  }

  @Test("The genetic algorithm continues identically from each generation", arguments: 0...5)
  func geneticRoundTrip(generations: Int) throws {
    var whole = try genetic()
    _ = history(of: &whole, generations: generations)
    let stored = bytes { whole.append(to: &$0) }
    var restored = try genetic()
    try read(stored) { reader throws(CanonicalError) in try restored.restore(from: &reader) }
    #expect(restored.generation == generations && restored.best == whole.best)
    #expect(restored.population == whole.population)
    #expect(bytes { restored.append(to: &$0) } == stored)
    #expect(history(of: &restored, generations: 5) == history(of: &whole, generations: 5))
    #expect(restored.best == whole.best)
  }

  @Test("Random search continues identically; batches not told are asked for again", arguments: 0...3)
  func randomRoundTrip(generations: Int) throws {
    var whole = try random()
    _ = history(of: &whole, generations: generations)
    let open = whole.ask()
    let stored = bytes { whole.append(to: &$0) }
    var restored = try random()
    try read(stored) { reader throws(CanonicalError) in try restored.restore(from: &reader) }
    #expect(restored.ask() == open)
    #expect(!open.isEmpty)
    whole.tell(open.map(hashFitness))
    restored.tell(open.map(hashFitness))
    #expect(history(of: &restored, generations: 3) == history(of: &whole, generations: 3))
    #expect(restored.best == whole.best)
  }

  @Test("Cut short at any byte it is refused")
  func truncated() throws {
    var search = try genetic()
    _ = history(of: &search, generations: 3)
    var control = try random()
    _ = history(of: &control, generations: 2)
    let geneticBytes = bytes { search.append(to: &$0) }
    let randomBytes = bytes { control.append(to: &$0) }
    for length in geneticBytes.indices {
      var other = try genetic()
      #expect(throws: CanonicalError.self, "\(length) bytes") {
        try read(Array(geneticBytes[..<length])) { reader throws(CanonicalError) in try other.restore(from: &reader) }
      }
    }
    for length in randomBytes.indices {
      var other = try random()
      #expect(throws: CanonicalError.self, "\(length) bytes") {
        try read(Array(randomBytes[..<length])) { reader throws(CanonicalError) in try other.restore(from: &reader) }
      }
    }
  }

  @Test("A changed byte is refused or gives a search that goes on; the best mask keeps the budget too")
  func changed() throws {
    var search = try genetic()
    _ = history(of: &search, generations: 2)
    let stored = bytes { search.append(to: &$0) }
    var stream = RandomStream(seed: 1, .test)
    for position in stored.indices {
      for value in [0xff, 0x7f, UInt8(truncatingIfNeeded: stream.next())] {
        var damaged = stored
        damaged[position] ^= value
        var other = try genetic()
        let isRead = (try? read(damaged) { reader throws(CanonicalError) in try other.restore(from: &reader) }) != nil
        guard isRead else { continue }
        #expect(other.best?.trial.mask.population == 60, "byte \(position)")
        #expect(other.ask().allSatisfy { $0.mask.population == 60 }, "byte \(position)")
      }
    }
  }

  @Test("A length that overflows is refused")
  func hugeLength() throws {
    for count in [Int.max, .max - 62, .min, -1] {
      let stored = bytes {
        $0.append(1)
        $0.append(1)
        for _ in 0..<3 { $0.append(0) }
        $0.append(count)
        $0.append(words: [])
        $0.append(0.0)
        $0.append(0.0)
      }
      var other = try genetic()
      #expect(throws: CanonicalError.self, "\(count)") {
        try read(stored) { reader throws(CanonicalError) in try other.restore(from: &reader) }
      }
    }
  }

  @Test("The state of another search is refused")
  func others() throws {
    var search = try genetic()
    _ = history(of: &search, generations: 2)
    let stored = bytes { search.append(to: &$0) }
    for other in [try genetic(kept: 61), try genetic(size: 7)] {
      var other = other
      #expect(throws: CanonicalError.self) {
        try read(stored) { reader throws(CanonicalError) in try other.restore(from: &reader) }
      }
    }
  }
}
