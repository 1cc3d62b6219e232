internal import Models
internal import Pruning
internal import Search

/// The population that a study trains behind its searches.
extension SearchStudy {
  /// - Throws: `BudgetError` where no mask can meet the last round's compression.
  func checkPopulation() throws(BudgetError) {
    guard let plan = study.population else { return }
    let last = plan.compression(ofRound: plan.rounds - 1, first: study.compression)
    _ = try Self.space(of: study, compression: last, parameters: [Float](repeating: 0, count: layout.count))
  }

  /// Goes on with the best mask of each search among the founders.
  mutating func beginPopulation() {
    let round = round!
    guard case .masks(let judge) = round.judge else { preconditionFailure("a population of masks") }
    let found = study.searches.indices.compactMap { index -> Mask? in
      if case .mask(let mask) = round.best(index) { mask } else { nil }
    }
    population = PopulationRounds(
      study.population!, judge: judge, units: study.units, compression: study.compression, searched: found)
    phase = .population
  }

  mutating func nextOfPopulation() -> Step {
    let step = population!.next()
    switch step {
    case .propose(let proposals): pending.append(contentsOf: proposals)
    case .finished: phase = .finished
    case .needs, .waiting: break
    }
    return step
  }
}
