/// The knobs of the island model.
package struct IslandSettings: Hashable, Sendable {
  /// From where to where members migrate.
  package enum Topology: String, Hashable, Sendable, CaseIterable {
    /// From each island to the next one, from the last to the first.
    case ring
    /// From each island to all others.
    case full
  }

  /// What each island is like; the hall of fame is one for all.
  package var genetic: GeneticSettings
  /// At least 1.
  package var islands: Int
  /// Generations from one migration to the next; at least 1.
  package var migrationInterval: Int
  /// How many of the best members of an island migrate along each way. 0 leaves the islands alone.
  package var migrants: Int
  package var topology: Topology

  package init(
    genetic: GeneticSettings = GeneticSettings(populationSize: 32, eliteSize: 8), islands: Int = 4,
    migrationInterval: Int = 10, migrants: Int = 2, topology: Topology = .ring
  ) {
    self.genetic = genetic
    self.islands = islands
    self.migrationInterval = migrationInterval
    self.migrants = migrants
    self.topology = topology
  }

  /// Whether a search can run on them: migrants never fill an island.
  package var isValid: Bool {
    let ways = topology == .ring ? min(1, islands - 1) : islands - 1
    return genetic.isValid && islands >= 1 && migrationInterval >= 1 && migrants >= 0
      && migrants < genetic.populationSize && migrants * ways < genetic.populationSize
  }

  /// The islands whose best come to an island.
  func sources(of island: Int) -> [Int] {
    switch topology {
    case .ring: islands > 1 ? [(island + islands - 1) % islands] : []
    case .full: (0..<islands).filter { $0 != island }
    }
  }
}
