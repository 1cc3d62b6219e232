import ArgumentParser
import Models

/// How to train: what a study file's `network.train` says.
struct RecipeOptions: ParsableArguments {
  @Option(help: "Epochs.")
  var epochs = 20

  @Option(help: "Samples in a batch.")
  var batchSize = 64

  @Option(help: "The learning rate; by default 0.02 with sgd and 0.001 with adam and adamw.")
  var learningRate: Double?

  /// The optimizers' names.
  enum OptimizerName: String, ExpressibleByArgument, CaseIterable { case sgd, adam, adamw }

  @Option(help: "The optimizer.")
  var optimizer = OptimizerName.sgd

  @Option(help: "With sgd: momentum; by default 0.9.")
  var momentum: Double?

  @Flag(help: "With sgd: Nesterov's form of momentum.")
  var nesterov = false

  @Option(help: "With adam and adamw: the decay of the mean of gradients; by default 0.9.")
  var beta1: Double?

  @Option(help: "With adam and adamw: the decay of the mean of squared gradients; by default 0.999.")
  var beta2: Double?

  @Option(help: "With adam and adamw: what is added to the divisor; by default 1e-8.")
  var epsilon: Double?

  @Option(help: "The factor of the sum of |w|.")
  var l1 = 0.0

  @Option(help: "The factor of half the sum of w²; with adamw the decoupled decay.")
  var l2 = 1e-4

  @Option(help: "constant, cosine, cosine:EPOCHS, or milestones:30,60@0.1.")
  var schedule = "constant"

  @Option(help: "Epochs over which the rate rises from almost 0.")
  var warmupEpochs = 0

  @Option(help: "Augmentation: a border of this many zero pixels, from which images are cut at random places.")
  var cropPadding = 0

  @Flag(help: "Augmentation: half of the images are mirrored.")
  var flip = false

  func validate() throws { _ = try recipe() }

  /// The recipe.
  ///
  /// - Throws: `ValidationError` for values out of bounds, and for options of another optimizer.
  func recipe() throws -> TrainingRecipe {
    let recipe = TrainingRecipe(
      epochs: epochs, batchSize: batchSize, learningRate: learningRate ?? (optimizer == .sgd ? 0.02 : 0.001),
      optimizer: try parsedOptimizer(), l1: l1, l2: l2, schedule: try parsedSchedule(), warmupEpochs: warmupEpochs,
      augmentation: TrainingRecipe.Augmentation(cropPadding: cropPadding, flip: flip))
    do { try recipe.check() } catch { throw ValidationError(error.description) }
    return recipe
  }

  private func parsedOptimizer() throws -> TrainingRecipe.Optimizer {
    let ofSGD = [("--momentum", momentum != nil), ("--nesterov", nesterov)]
    let ofAdam = [("--beta1", beta1 != nil), ("--beta2", beta2 != nil), ("--epsilon", epsilon != nil)]
    if let (name, _) = (optimizer == .sgd ? ofAdam : ofSGD).first(where: \.1) {
      let owner = optimizer == .sgd ? "adam or adamw" : "sgd"
      throw ValidationError("\(name) needs --optimizer \(owner), found \(optimizer.rawValue)")
    }
    var moments = TrainingRecipe.Optimizer.Moments()
    moments.beta1 = beta1 ?? moments.beta1
    moments.beta2 = beta2 ?? moments.beta2
    moments.epsilon = epsilon ?? moments.epsilon
    return switch optimizer {
    case .sgd: .sgd(momentum: momentum ?? 0.9, nesterov: nesterov)
    case .adam: .adam(moments)
    case .adamw: .adamW(moments)
    }
  }

  private func parsedSchedule() throws -> TrainingRecipe.Schedule {
    let parts = schedule.split(separator: ":", maxSplits: 1).map(String.init)
    switch (parts.first, parts.dropFirst().first) {
    case ("constant", nil): return .constant
    case ("cosine", nil): return .cosine(horizon: max(epochs - warmupEpochs, 1))
    case ("cosine", let horizon?):
      if let horizon = Int(horizon) { return .cosine(horizon: horizon) }
    case ("milestones", let list?):
      let halves = list.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
      // An empty list is one empty field, which is no number: at least one milestone is needed.
      let milestones = halves[0].split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
      let gamma = halves.count == 2 ? Double(halves[1]) : 0.1
      if let gamma, !milestones.contains(nil) {
        return .milestones(milestones.compactMap { $0 }, gamma: gamma)
      }
    default: break
    }
    throw ValidationError(
      "--schedule takes constant, cosine, cosine:EPOCHS or milestones:30,60@0.1, found \(schedule)")
  }
}
