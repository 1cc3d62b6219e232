internal import Search

extension GeneticSettings {
  /// Reads the keys of the generational genetic algorithm.
  init(_ section: inout Section, _ defaults: GeneticSettings = GeneticSettings()) throws(StudyFileError) {
    self = defaults
    populationSize = try section.int("population_size", 2...100_000) ?? populationSize
    eliteSize = try section.int("elite_size", 0...populationSize) ?? min(eliteSize, populationSize)
    breeding = try Breeding(&section)
    initial = try Operators.initialPopulation(&section) ?? initial
    hallOfFameSize = try section.int("hall_of_fame_size", 1...10_000) ?? hallOfFameSize
  }
}

extension SteadyStateSettings {
  init(_ section: inout Section) throws(StudyFileError) {
    let size = try section.int("population_size", 2...100_000) ?? 64
    let lag = try section.int("lag", 0...100_000)
    self.init(populationSize: size, breeding: try Breeding(&section), lag: lag)
    let loser = try section.text("replacement", oneOf: ["worst", "tournament_loser"]) == "tournament_loser"
    let tournament = try section.int("replacement_tournament_size", 2...size)
    if loser { replacement = .tournamentLoser(size: tournament ?? min(3, size)) }
    initial = try Operators.initialPopulation(&section) ?? initial
    hallOfFameSize = try section.int("hall_of_fame_size", 1...10_000) ?? hallOfFameSize
  }
}

extension IslandSettings {
  init(_ section: inout Section) throws(StudyFileError) {
    self.init()
    genetic = try GeneticSettings(&section, genetic)
    islands = try section.int("islands", 1...1000) ?? islands
    migrationInterval = try section.int("migration_interval", 1...1_000_000) ?? migrationInterval
    migrants = try section.int("migrants", 0...100_000) ?? migrants
    topology =
      try section.text("topology", oneOf: Topology.allCases.map(\.rawValue)).map { Topology(rawValue: $0)! }
      ?? topology
    guard isValid else {
      throw section.error("migrants", "\(migrants) migrants would fill an island of \(genetic.populationSize)")
    }
  }
}

extension Breeding {
  init(_ section: inout Section) throws(StudyFileError) {
    self.init()
    selection = try Selection(&section)
    crossoverRate = try section.fraction("crossover_rate") ?? crossoverRate
    crossovers = try Operators.shares("crossover", of: Crossover.self, &section) ?? crossovers
    mutationRate = try section.fraction("mutation_rate") ?? mutationRate
    mutations = try Operators.shares("mutation", of: Mutation.self, &section) ?? mutations
    mutationAmount = try Operators.amount("mutation_amount", &section) ?? mutationAmount
    guard var group = try section.section("success_rule") else { return }
    var rule = SuccessRule()
    rule.target = try group.fraction("target") ?? rule.target
    rule.step = try group.double("step", "a number above 1", { $0 > 1 }) ?? rule.step
    try group.finish()
    successRule = rule
  }
}

extension Selection {
  init(_ section: inout Section) throws(StudyFileError) {
    let kind = try section.text("selection", oneOf: ["tournament", "roulette", "rank", "truncation"]) ?? "tournament"
    switch kind {
    case "roulette": self = .roulette
    case "rank":
      let pressure = try section.double("selection_pressure", "a number from 1 to 2", { (1...2).contains($0) })
      self = .rank(pressure: pressure ?? 1.5)
    case "truncation":
      let fraction = try section.double("truncation_fraction", "a fraction above 0", { $0 > 0 && $0 <= 1 })
      self = .truncation(fraction: fraction ?? 0.5)
    default: self = .tournament(size: try section.int("tournament_size", 1...10_000) ?? 3)
    }
  }
}
