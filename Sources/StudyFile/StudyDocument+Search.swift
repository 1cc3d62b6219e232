internal import Search
internal import Yams

extension StudyDocument {
  /// The `search` group: the algorithm's knobs, its budget, and whether random search runs beside it.
  static func search(
    _ root: inout Section
  ) throws(StudyFileError) -> (settings: GeneticSettings, generations: Int, randomSearch: Bool) {
    let example = "a group such as { algorithm: genetic, population_size: 64, generations: 50 }"
    var section = try root.required("search", try root.section("search"), example)
    _ = try section.text("algorithm", oneOf: ["genetic"])
    var settings = GeneticSettings()
    settings.populationSize = try section.int("population_size", 2...100_000) ?? settings.populationSize
    let generations = try section.int("generations", 1...10_000_000) ?? 50
    settings.eliteSize =
      try section.int("elite_size", 0...settings.populationSize) ?? min(settings.eliteSize, settings.populationSize)
    settings.tournamentSize = try section.int("tournament_size", 1...10_000) ?? settings.tournamentSize
    settings.crossoverRate = try section.fraction("crossover_rate") ?? settings.crossoverRate
    settings.neuronCrossover = try section.fraction("neuron_crossover") ?? settings.neuronCrossover
    settings.mutationRate = try section.fraction("mutation_rate") ?? settings.mutationRate
    settings.swapFraction = try swapFraction(&section) ?? settings.swapFraction
    settings.initial = try initialPopulation(&section) ?? settings.initial
    let randomSearch = try section.bool("random_search") ?? true
    try section.finish()
    return (settings, generations, randomSearch)
  }

  private static func swapFraction(_ section: inout Section) throws(StudyFileError) -> ClosedRange<Double>? {
    guard let node = section.node("swap_fraction") else { return nil }
    let expected = "expected two ascending fractions of the kept weights such as [0.0005, 0.02]"
    guard case .sequence(let items) = node, items.count == 2, let low = items[0].scalar.flatMap({ Double($0.string) }),
      let high = items[1].scalar.flatMap({ Double($0.string) }), low > 0, low <= high, high <= 1
    else { throw section.error("swap_fraction", "\(expected), found \(Section.describe(node))") }
    return low...high
  }

  /// A name for a population of one kind, or the shares of each kind.
  private static func initialPopulation(_ section: inout Section) throws(StudyFileError) -> InitialPopulation? {
    guard let node = section.node("initial_population") else { return nil }
    if let name = node.scalar?.string {
      switch name {
      case "magnitude": return InitialPopulation(magnitude: 1, random: 0)
      case "all_equal": return InitialPopulation(magnitude: 0, random: 0, equal: 1)
      case "all_random": return InitialPopulation(magnitude: 0, random: 1)
      case "magnitude_exponential": return InitialPopulation(magnitude: 0, random: 0, exponential: 1)
      default:
        throw section.error(
          "initial_population",
          "expected magnitude, all_equal, all_random, magnitude_exponential or shares, found \(name)")
      }
    }
    var shares = try Section(node, file: section.file, path: "search.initial_population")
    let defaults = InitialPopulation()
    let population = InitialPopulation(
      magnitude: try shares.fraction("magnitude") ?? 0, random: try shares.fraction("random") ?? 0,
      equal: try shares.fraction("equal") ?? 0, exponential: try shares.fraction("exponential") ?? 0,
      noise: try shares.double("noise", "a number above 0", { $0 > 0 }) ?? defaults.noise)
    try shares.finish()
    guard population.magnitude + population.random + population.equal + population.exponential >= 0.001 else {
      throw section.error("initial_population", "expected shares that add up to at least 0.001")
    }
    return population
  }
}
