/// The knobs of the steady-state genetic algorithm.
package struct SteadyStateSettings: Hashable, Sendable {
  /// Who makes room for a child.
  package enum Replacement: Hashable, Sendable {
    /// The worst member, if the child is better. Source: Whitley, "The GENITOR algorithm", 1989.
    case worst
    /// The worst of `size` different members, whatever the child is like; at least 2, so that the best member stays.
    case tournamentLoser(size: Int)
  }

  /// At least 2.
  package var populationSize: Int
  package var breeding: Breeding
  package var replacement: Replacement
  /// Trial n is bred from the first n − lag answers, so that lag + 1 trials can be out. More keep more workers busy and
  /// breed from older members.
  package var lag: Int
  package var initial: InitialPopulation
  /// How many of the best different genomes of all the search are kept; at least 1.
  package var hallOfFameSize: Int

  /// - Parameter lag: nil for 256, but no more than the population has members: beyond that most children would be bred
  ///   from members that are long replaced.
  package init(
    populationSize: Int = 64, breeding: Breeding = Breeding(), replacement: Replacement = .worst, lag: Int? = nil,
    initial: InitialPopulation = InitialPopulation(), hallOfFameSize: Int = 10
  ) {
    self.populationSize = populationSize
    self.breeding = breeding
    self.replacement = replacement
    self.lag = lag ?? min(256, populationSize)
    self.initial = initial
    self.hallOfFameSize = hallOfFameSize
  }

  /// Whether a search can run on them.
  package var isValid: Bool {
    if case .tournamentLoser(let size) = replacement, !(2...max(2, populationSize)).contains(size) { return false }
    return populationSize >= 2 && lag >= 0 && hallOfFameSize >= 1 && breeding.isValid
  }
}
