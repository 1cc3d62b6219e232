internal import Search
internal import Studies
internal import Yams

/// The `search` group, or a list of such groups: the algorithms that compete, and their budget.
struct SearchSection {
  private(set) var searches: [SearchPlan] = []
  /// Trials of each search.
  private(set) var trials = 0

  /// - Throws: ``StudyFileError`` with line and key.
  init(_ root: inout Section) throws(StudyFileError) {
    let example = "a group such as { algorithm: genetic, population_size: 64, generations: 50 }"
    let node = try root.required("search", root.node("search"), example)
    var groups = [node]
    if case .sequence(let items) = node { groups = Array(items) }
    guard !groups.isEmpty else { throw root.error("search", "expected \(example)") }
    for (index, group) in groups.enumerated() {
      var section = try Section(group, file: root.file, path: "search")
      try read(&section, isFirst: index == 0)
    }
  }

  private mutating func read(_ section: inout Section, isFirst: Bool) throws(StudyFileError) {
    let algorithm = try section.text("algorithm", oneOf: Algorithm.allCases.map(\.rawValue)) ?? "genetic"
    let kind = Algorithm(rawValue: algorithm)!
    let settings = try kind.settings(&section)
    let name = try section.text("name") ?? kind.strategy
    if isFirst {
      let size = settings.generationSize
      let generations = try section.int("generations", 1...10_000_000)
      let evaluations = try section.int("evaluations", 1...100_000_000)
      if generations != nil, evaluations != nil {
        throw section.error("evaluations", "expected either generations or evaluations")
      }
      trials = evaluations ?? (generations ?? 50) * size
    }
    try add(SearchPlan(Strategy(name), settings), section)
    if isFirst, try section.bool("random_search") ?? (kind != .random) {
      let random = RandomSettings(generationSize: settings.generationSize)
      try add(SearchPlan(Strategy(Algorithm.random.strategy), .random(random)), section)
    }
    try section.finish()
  }

  private mutating func add(_ plan: SearchPlan, _ section: Section) throws(StudyFileError) {
    guard !searches.contains(where: { $0.strategy == plan.strategy }) else {
      throw section.error("name", "two searches are named \(plan.strategy); give one of them another name")
    }
    searches.append(plan)
  }
}

/// The algorithms by their names in study files.
enum Algorithm: String, CaseIterable {
  case genetic
  case random

  /// The name in tables, unless the study gives another.
  var strategy: String {
    switch self {
    case .genetic: "GeneticAlgorithm"
    case .random: "RandomSearch"
    }
  }

  /// Reads the keys of the algorithm.
  ///
  /// - Throws: ``StudyFileError`` with line and key.
  func settings(_ section: inout Section) throws(StudyFileError) -> AlgorithmSettings {
    switch self {
    case .genetic: .genetic(try GeneticSettings(&section))
    case .random: .random(try RandomSettings(&section))
    }
  }
}

extension RandomSettings {
  init(_ section: inout Section) throws(StudyFileError) {
    self.init()
    generationSize = try section.int("population_size", 1...100_000) ?? generationSize
    noise = try section.double("noise", "a number of at least 0", { $0 >= 0 }) ?? noise
  }
}

extension GeneticSettings {
  init(_ section: inout Section) throws(StudyFileError) {
    self.init()
    populationSize = try section.int("population_size", 2...100_000) ?? populationSize
    eliteSize = try section.int("elite_size", 0...populationSize) ?? min(eliteSize, populationSize)
    tournamentSize = try section.int("tournament_size", 1...10_000) ?? tournamentSize
    crossoverRate = try section.fraction("crossover_rate") ?? crossoverRate
    crossovers = try Operators.shares("crossover", of: Crossover.self, &section) ?? crossovers
    mutationRate = try section.fraction("mutation_rate") ?? mutationRate
    mutationAmount = try Operators.amount("mutation_amount", &section) ?? mutationAmount
    initial = try Operators.initialPopulation(&section) ?? initial
  }
}

/// Groups that several algorithms have.
enum Operators {
  /// One operator by its name, or several with their shares.
  static func shares<Operator: CaseIterable & RawRepresentable & Hashable & Sendable>(
    _ key: String, of kind: Operator.Type, _ section: inout Section
  ) throws(StudyFileError) -> [Share<Operator>]? where Operator.RawValue == String {
    guard let node = section.node(key) else { return nil }
    let names = Operator.allCases.map(\.rawValue)
    if let name = node.scalar?.string {
      guard let kind = Operator(rawValue: name) else {
        throw section.error(key, "expected \(Section.list(names)) or shares of them, found \(name)")
      }
      return [Share(kind, 1)]
    }
    var group = try Section(node, file: section.file, path: "\(section.path).\(key)")
    var shares: [Share<Operator>] = []
    for kind in Operator.allCases {
      guard let share = try group.double(kind.rawValue, "a number of at least 0", { $0 >= 0 }) else { continue }
      shares.append(Share(kind, share))
    }
    try group.finish()
    guard shares.contains(where: { $0.share > 0 }) else {
      throw section.error(key, "expected at least one share above 0")
    }
    return shares
  }

  /// The range of the fraction that one mutation changes.
  static func amount(_ key: String, _ section: inout Section) throws(StudyFileError) -> ClosedRange<Double>? {
    guard let node = section.node(key) else { return nil }
    let expected = "expected two ascending fractions of the kept weights such as [0.0005, 0.02]"
    guard case .sequence(let items) = node, items.count == 2, let low = items[0].scalar.flatMap({ Double($0.string) }),
      let high = items[1].scalar.flatMap({ Double($0.string) }), low > 0, low <= high, high <= 1
    else { throw section.error(key, "\(expected), found \(Section.describe(node))") }
    return low...high
  }

  /// A name for a population of one kind, or the shares of each kind.
  static func initialPopulation(_ section: inout Section) throws(StudyFileError) -> InitialPopulation? {
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
