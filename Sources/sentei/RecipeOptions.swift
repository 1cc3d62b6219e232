import ArgumentParser
import Models

/// How to train, in the words of a study file's `network.train`.
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

  @Option(help: "Momentum of sgd.")
  var momentum = 0.9

  @Flag(help: "Nesterov's form of momentum.")
  var nesterov = false

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

  /// The recipe.
  ///
  /// - Throws: `ValidationError` for values out of bounds.
  func recipe() throws -> TrainingRecipe {
    let moments = TrainingRecipe.Optimizer.Moments()
    let chosen: TrainingRecipe.Optimizer =
      switch optimizer {
      case .sgd: .sgd(momentum: momentum, nesterov: nesterov)
      case .adam: .adam(moments)
      case .adamw: .adamW(moments)
      }
    let recipe = TrainingRecipe(
      epochs: epochs, batchSize: batchSize, learningRate: learningRate ?? (optimizer == .sgd ? 0.02 : 0.001),
      optimizer: chosen, l1: l1, l2: l2, schedule: try parsedSchedule(), warmupEpochs: warmupEpochs,
      augmentation: TrainingRecipe.Augmentation(cropPadding: cropPadding, flip: flip))
    do { try recipe.check() } catch { throw ValidationError(error.description) }
    return recipe
  }

  private func parsedSchedule() throws -> TrainingRecipe.Schedule {
    let parts = schedule.split(separator: ":", maxSplits: 1).map(String.init)
    switch (parts.first, parts.dropFirst().first) {
    case ("constant", nil): return .constant
    case ("cosine", nil): return .cosine(horizon: max(epochs - warmupEpochs, 1))
    case ("cosine", let horizon?):
      if let horizon = Int(horizon) { return .cosine(horizon: horizon) }
    case ("milestones", let list?):
      let halves = list.split(separator: "@")
      let milestones = halves.first.map { $0.split(separator: ",").map { Int($0) } } ?? []
      let gamma = halves.count == 2 ? Double(halves[1]) : 0.1
      if let gamma, halves.count <= 2, !milestones.contains(nil) {
        return .milestones(milestones.compactMap { $0 }, gamma: gamma)
      }
    default: break
    }
    throw ValidationError(
      "--schedule takes constant, cosine, cosine:EPOCHS or milestones:30,60@0.1, found \(schedule)")
  }
}
