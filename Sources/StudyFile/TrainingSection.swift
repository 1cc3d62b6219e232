internal import Models
internal import Studies
internal import Yams

/// The `network.train` group: the recipe, how it is cut into jobs, and when it ends early.
struct TrainingSection {
  var recipe = TrainingRecipe()
  var segment = SegmentLength.epochs(5)
  var earlyStopping: EarlyStopping?

  /// Reads the group.
  ///
  /// - Parameter isOptional: whether the network has weights already; without the group they are taken as they are.
  /// - Throws: ``StudyFileError`` with line and key.
  init(_ network: inout Section, isOptional: Bool) throws(StudyFileError) {
    guard var train = try network.section("train") else {
      if isOptional { recipe.epochs = 0 }
      return
    }
    recipe = try Self.recipe(&train, recipe, leastEpochs: 0)
    segment = try Self.segment(&train) ?? segment
    earlyStopping = try Self.earlyStopping(&train)
    try train.finish()
  }

  /// Reads the keys of a recipe, with the values of another one where they are absent.
  ///
  /// - Parameter leastEpochs: 0 where there may be no training at all.
  /// - Throws: ``StudyFileError`` with line and key.
  static func recipe(
    _ train: inout Section, _ defaults: TrainingRecipe, leastEpochs: Int = 1
  ) throws(StudyFileError) -> TrainingRecipe {
    var recipe = defaults
    recipe.epochs = try train.int("epochs", leastEpochs...100_000) ?? recipe.epochs
    recipe.batchSize = try train.int("batch_size", 1...65_536) ?? recipe.batchSize
    recipe.optimizer = try optimizer(&train, defaults.optimizer)
    if defaults.optimizer.isGradientDescent, !recipe.optimizer.isGradientDescent { recipe.learningRate = 0.001 }
    recipe.learningRate = try train.double("learning_rate", "a number above 0", { $0 > 0 }) ?? recipe.learningRate
    recipe.l1 = try train.double("l1", "a number of at least 0", { $0 >= 0 }) ?? recipe.l1
    recipe.l2 = try train.double("l2", "a number of at least 0", { $0 >= 0 }) ?? recipe.l2
    recipe.warmupEpochs = try train.int("warmup_epochs", 0...100_000) ?? recipe.warmupEpochs
    recipe.schedule = try schedule(&train, recipe, defaults)
    recipe.augmentation = try augmentation(&train) ?? recipe.augmentation
    do { try recipe.check() } catch { throw train.error("epochs", error.description) }
    return recipe
  }

  private static func optimizer(
    _ train: inout Section, _ defaults: TrainingRecipe.Optimizer
  ) throws(StudyFileError) -> TrainingRecipe.Optimizer {
    var name = "sgd"
    var (usualMomentum, isNesterov) = (0.9, false)
    var moments = TrainingRecipe.Optimizer.Moments()
    switch defaults {
    case .sgd(let momentum, let nesterov): (usualMomentum, isNesterov) = (momentum, nesterov)
    case .adam(let values): (name, moments) = ("adam", values)
    case .adamW(let values): (name, moments) = ("adamw", values)
    }
    name = try train.text("optimizer", oneOf: ["sgd", "adam", "adamw"]) ?? name
    let share = "a number from 0 up to below 1"
    func isShare(_ value: Double) -> Bool { (0..<1).contains(value) }
    if name == "sgd" {
      let momentum = try train.double("momentum", share, isShare) ?? usualMomentum
      let nesterov = try train.bool("nesterov") ?? isNesterov
      if nesterov, momentum == 0 { throw train.error("nesterov", "Nesterov's method needs momentum above 0") }
      return .sgd(momentum: momentum, nesterov: nesterov)
    }
    moments.beta1 = try train.double("beta1", share, isShare) ?? moments.beta1
    moments.beta2 = try train.double("beta2", share, isShare) ?? moments.beta2
    moments.epsilon = try train.double("epsilon", "a number above 0", { $0 > 0 }) ?? moments.epsilon
    return name == "adam" ? .adam(moments) : .adamW(moments)
  }

  private static func schedule(
    _ train: inout Section, _ recipe: TrainingRecipe, _ defaults: TrainingRecipe
  ) throws(StudyFileError) -> TrainingRecipe.Schedule {
    let wholeCosine = TrainingRecipe.Schedule.cosine(horizon: max(recipe.epochs - recipe.warmupEpochs, 1))
    guard let node = train.node("schedule") else {
      // A cosine through the whole of another training goes through the whole of this one.
      let isWhole = defaults.schedule == .cosine(horizon: max(defaults.epochs - defaults.warmupEpochs, 1))
      return isWhole ? wholeCosine : defaults.schedule
    }
    if let name = node.scalar?.string {
      switch name {
      case "constant": return .constant
      case "cosine": return wholeCosine
      default:
        throw train.error(
          "schedule",
          "expected constant, cosine, { cosine: EPOCHS } or { milestones: [...], gamma: 0.1 }, found \(name)")
      }
    }
    var group = try Section(node, file: train.file, path: "\(train.path).schedule")
    let cosine = try group.int("cosine", 1...100_000)
    let milestones = try group.doubles("milestones", "epochs") { $0 == $0.rounded() && (1...100_000).contains($0) }
    let gamma = try group.double("gamma", "a number above 0", { $0 > 0 })
    try group.finish()
    guard (cosine == nil) != (milestones == nil), cosine == nil || gamma == nil else {
      throw train.error("schedule", "expected either cosine: EPOCHS or milestones: [...] with gamma:")
    }
    if let cosine { return .cosine(horizon: cosine) }
    let epochs = milestones!.map { Int($0) }
    guard !epochs.isEmpty, zip(epochs, epochs.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw train.error("schedule", "expected ascending milestones, found \(epochs)")
    }
    return .milestones(epochs, gamma: gamma ?? 0.1)
  }

  private static func augmentation(_ train: inout Section) throws(StudyFileError) -> TrainingRecipe.Augmentation? {
    guard var group = try train.section("augment") else { return nil }
    let padding = try group.int("crop_padding", 0...64) ?? 0
    let flip = try group.bool("flip") ?? false
    try group.finish()
    return TrainingRecipe.Augmentation(cropPadding: padding, flip: flip)
  }

  static func segment(_ train: inout Section) throws(StudyFileError) -> SegmentLength? {
    let epochs = try train.int("epochs_per_segment", 1...100_000)
    let steps = try train.int("steps_per_segment", 1...1_000_000_000)
    if epochs != nil, steps != nil {
      throw train.error("steps_per_segment", "expected either epochs_per_segment or steps_per_segment")
    }
    return epochs.map { .epochs($0) } ?? steps.map { .steps($0) }
  }

  private static func earlyStopping(_ train: inout Section) throws(StudyFileError) -> EarlyStopping? {
    guard var group = try train.section("early_stopping") else { return nil }
    let patience = try group.int("patience", 1...100_000)
    let delta = try group.double("minimum_delta", "a number of at least 0", { $0 >= 0 }) ?? 0
    try group.finish()
    let required = try group.required("patience", patience, "the number of segments in a row without a lower loss")
    return EarlyStopping(patience: required, minimumDelta: delta)
  }
}

extension TrainingRecipe.Optimizer {
  /// Whether it is plain gradient descent, whose learning rates are larger than those of the adaptive ones.
  fileprivate var isGradientDescent: Bool { if case .sgd = self { true } else { false } }
}
