import Pruning
import Search
import Testing

/// Searches that draw one of several mutations for each trial.
@Suite struct MutationShareTests {
  private let shares = [Share(Mutation.magnitude, 0.5), Share(Mutation.resize, 0.5)]

  private func range(_ seed: UInt64) throws -> SearchSpace {
    let exact = try maskSpace(kept: 90, seed: seed)
    return .masks(
      MaskSpace(
        scores: exact.tables.magnitudes, layers: exact.layers, neurons: exact.neurons, size: .within(20...200),
        floors: exact.floors, seed: seed))
  }

  private func annealing(_ shares: [Share<Mutation>]) -> AnnealingSettings {
    var settings = AnnealingSettings(chains: 4, calibrationSteps: 2, mutationAmount: 0.02...0.2)
    settings.mutations = shares
    return settings
  }

  @Test("The laws of every search hold: annealing, tempering, (1 + λ)")
  func laws() throws {
    try checkLaws(trials: 60) { AnnealingSearch(settings: annealing(shares), space: try range($0)) }
    var tempering = TemperingSettings(temperatures: 4, calibrationSteps: 2, mutationAmount: 0.02...0.2)
    tempering.mutations = shares
    try checkLaws(trials: 60) { TemperingSearch(settings: tempering, space: try range($0)) }
    var climb = OnePlusLambdaSettings(lambda: 4, mutationAmount: 0.02...0.2)
    climb.mutations = shares
    try checkLaws(trials: 60) { OnePlusLambdaSearch(settings: climb, space: try range($0)) }
  }

  @Test("Half of the neighbours have another size; with one mutation alone all or none")
  func halves() throws {
    for (shares, expected) in [(shares, 0.35...0.65), ([shares[0]], 0...0), ([shares[1]], 1...1)] {
      var search = AnnealingSearch(settings: annealing(shares), space: try range(1))
      var sizes: [TrialID: Int] = [:]
      var (changed, children) = (0, 0)
      _ = run(&search, trials: 404) { trial in
        sizes[trial.id] = trial.mask.population
        if let parent = trial.parents.first {
          children += 1
          if sizes[parent] != trial.mask.population { changed += 1 }
        }
        return hashFitness(trial)
      }
      #expect(children == 400 && expected.contains(Double(changed) / 400), "\(changed) of \(children)")
    }
  }
}
