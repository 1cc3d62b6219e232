import Digests
import Pruning
import Randomness
import Search
import Testing

/// Snapshots that are cut short, changed or of another search are refused or go on; nothing traps.
@Suite struct SearchSnapshotTests {
  private func genetic(_ size: Int = 6, rule: SuccessRule? = SuccessRule()) -> GeneticSettings {
    GeneticSettings(
      populationSize: size, eliteSize: 2, breeding: Breeding(mutationAmount: 0.01...0.2, successRule: rule),
      hallOfFameSize: 3)
  }

  @Test("Cut short at any byte or changed in one: the genetic algorithm")
  func geneticSearch() throws {
    for space in try spaces() {
      for trials in [0, 4, 15] {
        try check(GeneticSearch(settings: genetic(), space: space), trials: trials)
      }
    }
  }

  @Test("Cut short at any byte or changed in one: steady state")
  func steadyState() throws {
    for space in try spaces() {
      for trials in [0, 4, 15] {
        let settings = SteadyStateSettings(
          populationSize: 6, breeding: genetic().breeding, replacement: .tournamentLoser(size: 2), lag: 4,
          hallOfFameSize: 3)
        try check(SteadyStateSearch(settings: settings, space: space), trials: trials)
      }
    }
  }

  @Test("Cut short at any byte or changed in one: islands")
  func islands() throws {
    for space in try spaces() {
      for trials in [4, 8, 19] {
        let settings = IslandSettings(genetic: genetic(4), islands: 2, migrationInterval: 2, migrants: 1)
        try check(IslandSearch(settings: settings, space: space), trials: trials)
      }
    }
  }

  private func spaces() throws -> [SearchSpace] {
    [
      try space(kept: 60), .choices(ChoiceSpace(cardinalities: [3, 5], seed: 1)),
      .reals(RealSpace(bounds: [0...1, -2...2], seed: 1)),
    ]
  }

  /// - Parameter trials: answers before the snapshot, in which whatever can be asked for is waiting.
  private func check<Algorithm: SearchAlgorithm>(_ fresh: Algorithm, trials: Int) throws {
    var search = fresh
    _ = run(&search, trials: trials)
    _ = ask(&search)
    let stored = bytes { search.append(to: &$0) }
    // One expectation for all bytes: an expectation each took longer than what it checks.
    let accepted = stored.indices.filter { restored(Array(stored[..<$0]), fresh) != nil }
    #expect(accepted.isEmpty, "cut short at \(accepted)")
    var broken: [Int] = []
    var stream = RandomStream(seed: UInt64(trials), .test)
    for position in stored.indices {
      for value in [0xff, UInt8(truncatingIfNeeded: stream.next() | 2)] {
        var damaged = stored
        damaged[position] ^= value
        guard var other = restored(damaged, fresh) else { continue }
        // What is read goes on, in its space and under the right names.
        for _ in 0..<8 {
          let trials = ask(&other)
          if !trials.allSatisfy({ other.space.contains($0.genome) && $0.id.generation >= 0 }) {
            broken.append(position)
          }
          other.tell(answer(other.pending.trials.first!, hashFitness))
        }
        if !other.space.contains(other.best!.trial.genome) { broken.append(position) }
      }
    }
    #expect(broken.isEmpty, "changed at \(broken)")
  }

  /// The search with such a snapshot, or nil where it is refused.
  private func restored<Algorithm: SearchAlgorithm>(_ stored: [UInt8], _ fresh: Algorithm) -> Algorithm? {
    var search = fresh
    do throws(CanonicalError) {
      try read(stored) { reader throws(CanonicalError) in try search.restore(from: &reader) }
    } catch { return nil }
    return search
  }

  @Test("A length that overflows is refused")
  func hugeLength() throws {
    for count in [Int.max, .max - 62, .min, -1] {
      for told in [0, 1, Int.max, .min] {
        let stored = bytes {
          $0.append(told)
          $0.append(count)
          for _ in 0..<30 { $0.append(count) }
        }
        for search in [
          GeneticSearch(settings: genetic(), space: try space(kept: 60)),
          SteadyStateSearch(settings: SteadyStateSettings(), space: try space(kept: 60)),
          IslandSearch(settings: IslandSettings(), space: try space(kept: 60)),
        ] as [any SearchAlgorithm] {
          var other = search
          #expect(throws: CanonicalError.self, "\(count)") {
            try read(stored) { reader throws(CanonicalError) in try other.restore(from: &reader) }
          }
        }
      }
    }
  }

  @Test("The state of another search is refused")
  func others() throws {
    var search = GeneticSearch(settings: genetic(), space: try space(kept: 60))
    _ = run(&search, trials: 14)
    let stored = bytes { search.append(to: &$0) }
    for other in [
      GeneticSearch(settings: genetic(), space: try space(kept: 61)),
      GeneticSearch(settings: genetic(7), space: try space(kept: 60)),
      GeneticSearch(settings: genetic(rule: nil), space: try space(kept: 60)),
      SteadyStateSearch(settings: SteadyStateSettings(populationSize: 6), space: try space(kept: 60)),
      IslandSearch(settings: IslandSettings(genetic: genetic(3), islands: 2), space: try space(kept: 60)),
    ] as [any SearchAlgorithm] {
      var other = other
      #expect(throws: CanonicalError.self) {
        try read(stored) { reader throws(CanonicalError) in try other.restore(from: &reader) }
      }
    }
  }

  @Test("More answers than any search can count to are refused")
  func tooManyAnswers() throws {
    let fresh = GeneticSearch(settings: genetic(), space: try space(kept: 60))
    var search = fresh
    _ = run(&search, trials: 12)
    // After the heading comes the number of answers; 12 more or less leave all the rest as it is.
    let heading = bytes { _ in }.count
    var stored = bytes { search.append(to: &$0) }
    for (told, isAccepted) in [(24, true), (Int.max - Int.max % 6, false), (-12, false)] {
      for byte in 0..<8 { stored[heading + byte] = UInt8(truncatingIfNeeded: told >> (8 * byte)) }
      #expect((restored(stored, fresh) != nil) == isAccepted, "\(told)")
    }
  }

  @Test("A waiting trial that another kind of search would ask for is refused")
  func waiting() throws {
    let fresh = GeneticSearch(settings: genetic(), space: try space(kept: 60))
    let genome = fresh.space.founder(0, of: 6, InitialPopulation())
    func isAccepted(_ trial: Trial) -> Bool {
      var pending = PendingTrials()
      _ = pending.ask(trial)
      let stored = bytes { bytes in
        pending.append(to: &bytes)
        for _ in 0..<2 { bytes.append(0) }
        bytes.append(1.0)
        bytes.append(0)
      }
      return restored(stored, fresh) != nil
    }
    let id = TrialID(generation: 0, index: 0)
    #expect(isAccepted(Trial(id: id, genome: genome)))
    #expect(!isAccepted(Trial(id: id, genome: genome, share: 0.5)))
    #expect(!isAccepted(Trial(id: id, genome: genome, threshold: Fitness([0]))))
    #expect(!isAccepted(Trial(id: TrialID(generation: 0, index: 1), genome: genome)))
  }
}
