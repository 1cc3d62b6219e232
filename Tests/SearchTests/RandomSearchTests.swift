import Pruning
import Search
import Testing

/// The control without selection: trials by place alone.
@Suite struct RandomSearchTests {
  private func search(seed: UInt64 = 1, kept: Int = 90, noise: Double = 0.5) throws -> RandomSearch {
    RandomSearch(batchSize: 7, noise: noise, space: try space(kept: kept, seed: seed))
  }

  @Test("The same seed gives the same trials, another seed others, fewer batches a prefix")
  func seeds() throws {
    var first = try search()
    let all = history(of: &first, generations: 6)
    var other = try search(seed: 2)
    #expect(history(of: &other, generations: 6) != all)
    for generations in 0...6 {
      var again = try search()
      #expect(history(of: &again, generations: generations) == Array(all.prefix(7 * generations)))
    }
  }

  @Test("What was told changes no trial, nor does asking ahead")
  func noSelection() throws {
    var told = try search()
    let all = history(of: &told, generations: 4)
    var ahead = try search()
    let batches = (0..<4).map { _ in ahead.ask() }
    #expect(batches.flatMap { $0.map(line) } == all)
    for batch in batches { ahead.tell(batch.map(hashFitness)) }
    #expect(ahead.best == told.best && ahead.generation == 4)
    #expect(
      told.best
        == batches.flatMap { $0 }.map { Individual(trial: $0, fitness: hashFitness($0)) }
        .min(by: Individual.isBetter))
  }

  @Test("Exact counts, no parents", arguments: [1, 90, 259, 260])
  func exact(kept: Int) throws {
    var search = try search(kept: kept)
    for trial in search.ask() { #expect(trial.mask.population == kept && trial.parents.isEmpty) }
  }

  @Test("Telling without having asked traps")
  func misuse() async {
    await #expect(processExitsWith: .failure) {
      var search = RandomSearch(batchSize: 2, noise: 1, space: try space(kept: 9))
      search.tell([Fitness(value: 1), Fitness(value: 1)])
    }
  }
}
