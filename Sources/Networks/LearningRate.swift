internal import Elementary
package import Models

extension TrainingRecipe {
  /// The learning rate of an optimizer step, counted from 0.
  ///
  /// In the warm-up it rises linearly, step by step, to its full height in the last step of it; behind it the schedule
  /// goes by whole epochs, of which the first is number 0.
  package func learningRate(step: Int, stepsPerEpoch: Int) -> Double {
    let warmup = warmupEpochs * stepsPerEpoch
    if step < warmup { return learningRate * Double(step + 1) / Double(warmup) }
    let epoch = (step - warmup) / max(stepsPerEpoch, 1)
    switch schedule {
    case .constant: return learningRate
    case .milestones(let epochs, let gamma):
      var rate = learningRate
      for milestone in epochs where milestone <= epoch { rate *= gamma }
      return rate
    case .cosine(let horizon):
      guard epoch < horizon else { return 0 }
      return learningRate * 0.5 * (1 + Elementary.cos(.pi * Double(epoch) / Double(horizon)))
    }
  }
}
