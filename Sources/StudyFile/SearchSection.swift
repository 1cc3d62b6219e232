internal import Search
internal import Studies
internal import Yams

/// The `search` group, or a list of such groups: the algorithms that compete, and their budget.
struct SearchSection {
  private(set) var searches: [SearchPlan] = []
  /// Trials of each search.
  private(set) var trials = 0
  /// Whether random search is added where the file does not say: unless one of the groups is one.
  private var addsRandom = false

  /// What the searches are for.
  private let objective: ObjectiveSection

  /// - Parameters:
  ///   - isOfMasks: whether genomes are masks; vectors have founders and mutations of their own.
  ///   - hasWeights: whether all genomes are about one network's weights, which have scores.
  ///   - addsRandom: whether random search stands beside the others where the file does not say.
  /// - Throws: ``StudyFileError`` with line and key.
  init(
    _ root: inout Section, _ objective: ObjectiveSection, isOfMasks: Bool, hasWeights: Bool, addsRandom: Bool = true
  ) throws(StudyFileError) {
    self.objective = objective
    let example = "a group such as { algorithm: genetic, population_size: 64, generations: 50 }"
    let node = try root.required("search", root.node("search"), example)
    var groups = [node]
    if case .sequence(let items) = node { groups = Array(items) }
    guard !groups.isEmpty else { throw root.error("search", "expected \(example)") }
    self.addsRandom = addsRandom && !groups.contains { $0["algorithm"]?.string == Algorithm.random.rawValue }
    for (index, group) in groups.enumerated() {
      var section = try Section(group, file: root.file, path: root.full("search"))
      for key in ["initial_population", "mutation", "mutation_noise", "noise"]
      where !isOfMasks && section.node(key) != nil {
        throw section.error(
          key, "is for searches over masks; these genomes are vectors, which have one way of their own")
      }
      if !hasWeights, section.has("scores") {
        throw section.error("scores", "is for masks of one network; architectures have no common weights")
      }
      try read(&section, isFirst: index == 0)
    }
  }

  private mutating func read(_ section: inout Section, isFirst: Bool) throws(StudyFileError) {
    let algorithm = try section.text("algorithm", oneOf: Algorithm.allCases.map(\.rawValue)) ?? "genetic"
    let kind = Algorithm(rawValue: algorithm)!
    let settings = try kind.settings(&section).fitting(objective, section)
    try Self.check(settings, named: algorithm, objective.objective, section)
    let name = try section.text("name") ?? kind.strategy
    let scores = try section.text("scores", oneOf: UnitScores.allCases.map(\.rawValue)).flatMap(UnitScores.init)
    if isFirst {
      let size = settings.generationSize
      let generations = try section.int("generations", 1...10_000_000)
      let evaluations = try section.int("evaluations", 1...100_000_000)
      if generations != nil, evaluations != nil {
        throw section.error("evaluations", "expected either generations or evaluations")
      }
      trials = evaluations ?? (generations ?? 50) * size
    }
    if kind == .random, section.has("mutation_noise") {
      throw section.error("mutation_noise", "is for searches that mutate; random search draws each mask anew")
    }
    let noise = try section.double("mutation_noise", "a number above 0, at most 100", { $0 > 0 && $0 <= 100 })
    let plan = SearchPlan(
      Strategy(name), settings, noise: noise ?? MaskSpace.usualNoise, scores: scores ?? .magnitude)
    try Self.check(plan, trials: trials, isFirst: isFirst, section)
    try add(plan, section)
    if isFirst, try section.bool("random_search") ?? addsRandom {
      let random = AlgorithmSettings.random(RandomSettings(generationSize: settings.generationSize))
      let plan = SearchPlan(
        Strategy(Algorithm.random.strategy), random.fitting(objective, section), scores: scores ?? .magnitude)
      try add(plan, section)
    }
    try section.finish()
  }

  private mutating func add(_ plan: SearchPlan, _ section: Section) throws(StudyFileError) {
    guard !plan.strategy.isReserved,
      plan.strategy.rawValue.allSatisfy({ $0.isLetter || $0.isNumber || "-_+.()".contains($0) })
    else {
      throw section.error("name", "expected letters, digits and -_+.() that name no baseline, found \(plan.strategy)")
    }
    guard !searches.contains(where: { $0.strategy == plan.strategy }) else {
      throw section.error("name", "two searches are named \(plan.strategy); give one of them another name")
    }
    searches.append(plan)
  }
}
