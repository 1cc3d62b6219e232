internal import Models
internal import Pruning
internal import Search
internal import Studies

extension StudyDocument {
  /// The `population` group: members that are trained side by side, the worst of which become changed copies of the best.
  ///
  /// - Throws: ``StudyFileError`` with line and key.
  static func population(
    _ root: inout Section, _ training: TrainingRecipe, _ objective: Objective, isRange: Bool, _ units: UnitsPlan
  ) throws(StudyFileError) -> (plan: PopulationCycles, section: Section)? {
    guard var section = try root.section("population") else { return nil }
    guard root.node("cycles") == nil else {
      throw root.error("population", "a study has either cycles or a population")
    }
    if case .pareto = objective {
      throw root.error(
        "population", "its best member needs one objective; expected maximize, minimize or no population")
    }
    let rounds = try section.required(
      "rounds", try section.int("rounds", 1...1000), "how many trainings of each member")
    let interval = try interval(&section, rounds: rounds)
    let recipe = try recipe(&section, training, rounds, interval)
    var plan = PopulationCycles(rounds: rounds, interval: interval, recipe: recipe)
    plan.size = try section.int("size", 2...10_000) ?? plan.size
    if let rates = try section.doubles("learning_rates", "numbers above 0", { $0 > 0 }) {
      guard !rates.isEmpty else { throw section.error("learning_rates", "expected at least one learning rate") }
      if let train = try section.section("train"), train.has("learning_rate") {
        throw section.error("learning_rates", "are what founders begin with; expected these or train.learning_rate")
      }
      plan.learningRates = rates
    }
    plan.exploit = try section.double("exploit", "a number from 0 to 0.5", { (0...0.5).contains($0) }) ?? plan.exploit
    if var group = try section.section("explore") {
      guard plan.exploit > 0 else {
        throw section.error("explore", "is for copies, and with exploit: 0 there are none; expected no explore")
      }
      plan.explore = try exploration(&group)
      try group.finish()
    }
    plan.compressionStep =
      try section.double("compression_step", "a number of at least 1", { $0 >= 1 }) ?? plan.compressionStep
    if plan.compressionStep > 1, isRange {
      throw section.error("compression_step", "sizes in a range do not shrink by a step; expected at_compression")
    }
    if plan.compressionStep > 1, case .pattern = units.granularity {
      throw section.error("compression_step", "N:M is a size by itself; expected 1")
    }
    plan.control = try section.bool("control") ?? plan.control
    try section.finish()
    return (plan, section)
  }

  /// How long members are trained between two judgements; bounded so that a worker takes the recipe's epochs.
  private static func interval(_ section: inout Section, rounds: Int) throws(StudyFileError) -> SegmentLength {
    guard var group = try section.section("interval") else { return .epochs(1) }
    let epochs = try group.int("epochs", 1...100_000 / rounds)
    let steps = try group.int("steps", 1...100_000 / rounds)
    try group.finish()
    guard (epochs == nil) != (steps == nil) else {
      throw section.error("interval", "expected either { epochs: NUMBER } or { steps: NUMBER }")
    }
    return epochs.map { .epochs($0) } ?? .steps(steps!)
  }

  /// The training's recipe with the keys that `train` changes; its epochs are those of all rounds.
  private static func recipe(
    _ section: inout Section, _ training: TrainingRecipe, _ rounds: Int, _ interval: SegmentLength
  ) throws(StudyFileError) -> TrainingRecipe {
    var defaults = training
    let isWhole = training.schedule == .cosine(horizon: max(training.epochs - training.warmupEpochs, 1))
    // Epochs that no file can ask for, where the number of steps in an epoch is not known yet.
    defaults.epochs = if case .epochs(let epochs) = interval { rounds * epochs } else { 100_000 }
    if isWhole { defaults.schedule = .cosine(horizon: max(defaults.epochs - defaults.warmupEpochs, 1)) }
    var recipe = defaults
    var place = section
    if var train = try section.section("train") {
      guard train.node("epochs") == nil else {
        throw train.error("epochs", "a member is trained for all rounds of an interval; expected no epochs")
      }
      recipe = try TrainingSection.recipe(&train, defaults)
      try train.finish()
      place = train
    }
    if case .steps = interval, recipe.schedule == .cosine(horizon: max(100_000 - recipe.warmupEpochs, 1)) {
      throw place.error("schedule", "with an interval in steps expected constant, { cosine: EPOCHS } or milestones")
    }
    return recipe
  }

  private static func exploration(
    _ section: inout Section
  ) throws(StudyFileError) -> PopulationCycles.Exploration {
    var explore = PopulationCycles.Exploration()
    let names = Mutation.allCases.map(\.rawValue)
    if let name = try section.text("mutation", oneOf: names + ["none"]) { explore.mutation = Mutation(rawValue: name) }
    guard explore.mutation != nil || !section.has("mutation_amount") else {
      throw section.error("mutation_amount", "is for a mutation; expected another mutation than none")
    }
    explore.mutationAmount = try Operators.amount("mutation_amount", &section) ?? explore.mutationAmount
    if let factors = try section.doubles("learning_rate_factors", "numbers above 0", { $0 > 0 }) {
      guard !factors.isEmpty else { throw section.error("learning_rate_factors", "expected at least one factor") }
      explore.learningRateFactors = factors
    }
    return explore
  }
}
