import Digests
import Pruning
import Search

/// The living part of a planner's snapshot: what each algorithm wrote of itself, in each kind of space.
extension Decoder {
  static let searches = settings.map { name, settings in
    Decoder("search-\(name)", perByte: 64) {
      spaces.indices.flatMap { place in
        [1, 3].map { [UInt8(place)] + snapshot(of: settings, in: spaces[place], generations: $0) }
      }
    } read: { bytes in
      guard let place = bytes.first else { return false }
      var search = settings.search(in: spaces[Int(place) % spaces.count])
      var reader = try CanonicalReader(heading + bytes.dropFirst(), kind: "search", version: 1)
      try search.restore(from: &reader)
      try reader.finish()
      // Whatever was taken up goes on.
      advance(&search, to: search.told + 3)
      return sound(search.front.allSatisfy { search.space.contains($0.trial.genome) }, "a front of another space")
    }
  }

  private static let heading = CanonicalBytes(kind: "search", version: 1).bytes

  private static let spaces: [SearchSpace] = [
    .masks(
      MaskSpace(
        scores: (1...24).map { Float($0) }, layers: [0..<16, 16..<24], neurons: (0..<6).map { $0 * 4..<$0 * 4 + 4 },
        size: .within(4...20), seed: 1)),
    .reals(RealSpace(bounds: [0...1, -2...2], seed: 1)), .choices(ChoiceSpace(cardinalities: [3, 5], seed: 1)),
  ]

  private static let settings: [(String, AlgorithmSettings)] = [
    (
      "genetic",
      .genetic(
        GeneticSettings(
          populationSize: 4, eliteSize: 2, breeding: Breeding(mutationAmount: 0.01...0.2, successRule: SuccessRule()),
          hallOfFameSize: 3))
    ),
    ("steady-state", .steadyState(SteadyStateSettings(populationSize: 4, lag: 2, hallOfFameSize: 3))),
    (
      "islands",
      .islands(
        IslandSettings(
          genetic: GeneticSettings(populationSize: 4, eliteSize: 2, hallOfFameSize: 3), islands: 2,
          migrationInterval: 2, migrants: 1))
    ),
    ("annealing", .annealing(AnnealingSettings(chains: 3, calibrationSteps: 2, coolingSteps: 20))),
    ("tempering", .tempering(TemperingSettings(temperatures: 3, calibrationSteps: 2))),
    ("pareto", .pareto(ParetoSettings(populationSize: 4, archiveSize: 6))),
    (
      "one-plus-lambda",
      .onePlusLambda(OnePlusLambdaSettings(lambda: 4, shares: [0.5, 1], survivors: [2], horizon: 20))
    ),
    ("random", .random(RandomSettings(generationSize: 4, archiveSize: 6))),
  ]

  private static func snapshot(of settings: AlgorithmSettings, in space: SearchSpace, generations: Int) -> [UInt8] {
    var search = settings.search(in: space)
    advance(&search, to: generations * search.generationSize)
    while search.asked < search.told + search.generationSize, search.ask() != nil {}
    var bytes = CanonicalBytes()
    search.append(to: &bytes)
    return bytes.bytes
  }

  /// Asks and answers until so many trials have an answer.
  private static func advance(_ search: inout any SearchAlgorithm, to count: Int) {
    while search.told < count {
      while search.asked < count, search.ask() != nil {}
      guard let trial = search.pending.trials.first else { preconditionFailure("nothing to ask and nothing to tell") }
      let word = trial.genome.digest.firstWord
      let fitness = Fitness([Double(word % 16), Double(word >> 8 % 4)])
      let isBelow = trial.threshold.map { fitness < $0 } ?? false
      search.tell(isBelow ? .worseThanThreshold : .exact(fitness))
    }
  }
}
