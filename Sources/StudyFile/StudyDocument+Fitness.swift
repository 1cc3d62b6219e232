internal import Models
internal import Studies

extension StudyDocument {
  /// The `fitness` group: what is done to a candidate before it is judged.
  /// - Parameter hasWeights: whether the network's weights come from a file.
  static func fitness(
    _ root: inout Section, _ training: TrainingRecipe, hasWeights: Bool
  ) throws(StudyFileError) -> FitnessMode {
    guard var section = try root.section("fitness") else { return FitnessMode() }
    let kind = try section.text("retrain", oneOf: ["none", "finetune", "rewind", "scratch"]) ?? "none"
    guard kind != "none" else {
      try section.finish()
      return FitnessMode()
    }
    if kind != "finetune", hasWeights {
      throw section.error("retrain", "weights from a file have no early steps; expected none or finetune")
    }
    if kind != "finetune", training.epochs == 0 {
      throw section.error("retrain", "there is no training to go through again; expected none or finetune")
    }
    var start = FitnessMode.Start.finetune
    var recipe = training
    switch kind {
    case "finetune":
      // Han 2015: a tenth of the learning rate.
      recipe = TrainingRecipe(epochs: 1, batchSize: training.batchSize)
      recipe.optimizer = training.optimizer
      recipe.learningRate = training.learningRate / 10
      recipe = try TrainingSection.recipe(&section, recipe)
    case "rewind":
      let step = try section.int("rewinding_steps", 1...1_000_000_000)
      start = .rewind(step: try section.required("rewinding_steps", step, "the optimizer step to rewind to"))
    default: start = .scratch
    }
    var mode = FitnessMode.Retraining(start: start, recipe: recipe)
    try readDraws(&section, &mode)
    if case .rewind = start, mode.samplesPerClass != nil || mode.usesSearchSlice {
      throw section.error("retrain", "rewinding goes on with the training itself, on all images of train")
    }
    mode.isInside = try section.bool("inside_search") ?? true
    try section.finish()
    return FitnessMode(retraining: mode)
  }

  /// The `fitness` group of a study of architectures: the whole recipe from fresh weights, for each candidate.
  static func architectureFitness(
    _ root: inout Section, _ training: TrainingRecipe
  ) throws(StudyFileError) -> FitnessMode {
    guard training.epochs > 0 else {
      throw root.error("network", "train.epochs 0 judges untrained networks; expected 1 epoch at least")
    }
    var mode = FitnessMode.Retraining(start: .scratch, recipe: training)
    guard var section = try root.section("fitness") else { return FitnessMode(retraining: mode) }
    guard try section.text("retrain") ?? "scratch" == "scratch" else {
      throw section.error("retrain", "every architecture is trained from fresh weights; expected scratch")
    }
    try readDraws(&section, &mode)
    try section.finish()
    return FitnessMode(retraining: mode)
  }

  /// The images of a retraining, and its draws.
  private static func readDraws(
    _ section: inout Section, _ mode: inout FitnessMode.Retraining
  ) throws(StudyFileError) {
    mode.samplesPerClass = try section.int("samples_per_class", 1...1_000_000)
    mode.usesSearchSlice = try section.text("images", oneOf: ["train", "search"]) == "search"
    mode.draws = try section.int("draws", 1...10_000) ?? 1
    mode.finalDraws = try section.int("final_draws", 1...10_000) ?? max(mode.draws, 1)
  }

  /// The `cycles` group: search and training in turn.
  static func cycles(_ root: inout Section, _ training: TrainingRecipe) throws(StudyFileError) -> Cycles? {
    guard var section = try root.section("cycles") else { return nil }
    let rounds = try section.required("rounds", try section.int("rounds", 1...1000), "how many rounds at most")
    let step = try section.double("compression_step", "a number of at least 1", { $0 >= 1 }) ?? 1
    let least = try section.double("least_accuracy", "a fraction above 0, at most 1", { $0 > 0 && $0 <= 1 })
    var recipe = training
    recipe.epochs = max(training.epochs, 1)
    if var train = try section.section("train") {
      recipe = try TrainingSection.recipe(&train, recipe)
      try train.finish()
    }
    try section.finish()
    return Cycles(rounds: rounds, compressionStep: step, recipe: recipe, leastAccuracy: least)
  }
}
