internal import Search
internal import Studies

/// What a search has to fit: the objective, and the budget that the first one gives to all.
extension SearchSection {
  /// - Throws: ``StudyFileError`` for a search of one best mask under a Pareto objective, or the other way round.
  static func check(
    _ settings: AlgorithmSettings, named name: String, _ objective: Objective, _ section: Section
  ) throws(StudyFileError) {
    switch (settings, objective.isPareto) {
    case (.pareto, true), (.random, _): break
    case (.pareto, false):
      throw section.error("algorithm", "\(name) is for objective: { pareto: [...] }; here one best mask is looked for")
    case (_, false): break
    case (_, true):
      throw section.error("algorithm", "\(name) searches for one best mask; a Pareto objective takes nsga2, or random")
    }
  }

  /// - Throws: ``StudyFileError`` where no generation of a search with shares fits the budget: then none of its trials
  ///   might be judged on all samples, and it would find nothing.
  static func check(
    _ plan: SearchPlan, trials: Int, isFirst: Bool, _ section: Section
  ) throws(StudyFileError) {
    guard case .onePlusLambda(let settings) = plan.settings, settings.shares.count > 1 else { return }
    let size = plan.settings.generationSize
    guard trials < size else { return }
    throw section.error(
      isFirst ? "evaluations" : "shares",
      "a generation of \(plan.strategy) takes \(size) evaluations, on all of its shares; the budget is \(trials)")
  }
}

extension AlgorithmSettings {
  /// The settings with the defaults of a range of sizes, where the file does not say otherwise: founders of all sizes,
  /// and every other mutation another size; of random search under a Pareto objective, a memory for its front.
  func fitting(_ objective: ObjectiveSection, _ section: Section) -> AlgorithmSettings {
    guard objective.compression.lowerBound < objective.compression.upperBound else { return self }
    let spread = !section.has("initial_population", "spread")
    let resizes = !section.has("mutation")
    let mutations = [Share(Mutation.magnitude, 0.5), Share(Mutation.resize, 0.5)]
    func breeding(_ settings: inout GeneticSettings) {
      if spread { settings.initial.spread = true }
      if resizes { settings.breeding.mutations = mutations }
    }
    switch self {
    case .genetic(var settings):
      breeding(&settings)
      return .genetic(settings)
    case .islands(var settings):
      breeding(&settings.genetic)
      return .islands(settings)
    case .steadyState(var settings):
      if spread { settings.initial.spread = true }
      if resizes { settings.breeding.mutations = mutations }
      return .steadyState(settings)
    case .annealing(var settings):
      if spread { settings.initial.spread = true }
      if resizes { settings.mutations = mutations }
      return .annealing(settings)
    case .tempering(var settings):
      if spread { settings.initial.spread = true }
      if resizes { settings.mutations = mutations }
      return .tempering(settings)
    case .onePlusLambda(var settings):
      if spread { settings.initial.spread = true }
      if resizes { settings.mutations = mutations }
      return .onePlusLambda(settings)
    case .pareto(var settings):
      if spread { settings.initial.spread = true }
      return .pareto(settings)
    case .random(var settings):
      if objective.objective.isPareto { settings.archiveSize = ParetoSettings().archiveSize }
      return .random(settings)
    }
  }
}
