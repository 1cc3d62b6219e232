internal import Digests
package import Models

/// What is done to a candidate before it is judged.
package struct FitnessMode: Hashable, Sendable {
  /// Which weights a candidate's training begins with.
  package enum Start: Hashable, Sendable {
    /// The trained ones.
    case finetune
    /// Those of an early step of the training, from where its recipe goes on.
    case rewind(step: Int)
    /// Fresh ones, through the whole recipe.
    case scratch
  }

  /// Training inside the fitness.
  package struct Retraining: Hashable, Sendable {
    package var start: Start
    package var recipe: TrainingRecipe
    /// Whether its images come from the slice that decides fitness instead of `train`.
    package var usesSearchSlice: Bool
    /// Images of each class that one draw has; nil takes the whole slice.
    package var samplesPerClass: Int?
    /// Draws that a fitness is the mean of; the same for all candidates.
    package var draws: Int
    /// Draws that the comparison on `test` is the mean of; the search sees none of them.
    package var finalDraws: Int
    /// Whether the search sees retrained candidates; else they are judged as they are, and only what is compared at the
    /// end is retrained. The control to retraining inside the fitness.
    package var isInside: Bool

    package init(
      start: Start, recipe: TrainingRecipe, usesSearchSlice: Bool = false, samplesPerClass: Int? = nil, draws: Int = 1,
      finalDraws: Int = 1, isInside: Bool = true
    ) {
      self.start = start
      self.recipe = recipe
      self.usesSearchSlice = usesSearchSlice
      self.samplesPerClass = samplesPerClass
      self.draws = draws
      self.finalDraws = finalDraws
      self.isInside = isInside
    }
  }

  /// Nil judges a candidate as it is.
  package var retraining: Retraining?

  package init(retraining: Retraining? = nil) { self.retraining = retraining }

  func append(to bytes: inout CanonicalBytes) {
    bytes.append(list: retraining.map { [$0] } ?? []) { bytes, mode in
      switch mode.start {
      case .finetune: bytes.append(0)
      case .rewind(let step):
        bytes.append(1)
        bytes.append(step)
      case .scratch: bytes.append(2)
      }
      mode.recipe.append(to: &bytes)
      bytes.append(mode.usesSearchSlice)
      bytes.append(mode.samplesPerClass ?? 0)
      bytes.append(mode.draws)
      bytes.append(mode.finalDraws)
      // Behind everything, so that the usual mode keeps its digest.
      if !mode.isInside { bytes.append("outside") }
    }
  }
}

extension FitnessMode.Retraining {
  /// The step of the training whose weights it begins with; nil for the trained ones.
  var earlyStep: Int? {
    switch start {
    case .finetune: nil
    case .rewind(let step): step
    case .scratch: 0
    }
  }

  /// The step that training goes on from.
  private var firstStep: Int { if case .rewind(let step) = start { step } else { 0 } }

  /// The training of one draw.
  func job(draw: Int, splits: Splits, seed: UInt64, numerics: NumericsClass) -> Studies.Retraining {
    Studies.Retraining(
      recipe: recipe, firstStep: firstStep, slice: usesSearchSlice ? splits.search.forTraining : splits.train,
      samplesPerClass: samplesPerClass, draw: draw, seed: seed, numerics: numerics)
  }

  /// The draws of a fitness, or of the comparison at the end.
  func draws(atTheEnd: Bool) -> Range<Int> { atTheEnd ? draws..<draws + finalDraws : 0..<draws }
}
