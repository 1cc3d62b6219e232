internal import Models
internal import Pruning
internal import Search
package import Studies

/// Checks that need several groups, or what was found outside the file; each names the key that is to be changed.
extension StudyDocument {
  /// - Throws: ``StudyFileError`` for cycles that the objective or the units do not allow.
  func checkCycles() throws(StudyFileError) {
    guard let cycles, let section = sections.cycles else { return }
    if case .pattern = units.granularity, cycles.compressionStep != 1 {
      throw section.error("compression_step", "N:M is of one size; expected no compression_step, or 1")
    }
    if objective.isPareto {
      throw section.error("rounds", "a cycle trains the one best mask; a Pareto objective has none")
    }
  }

  /// - Throws: ``StudyFileError`` for a retraining at the end where cycles or a population have the last word.
  func checkInside() throws(StudyFileError) {
    guard cycles != nil || population != nil, let section = sections.fitness,
      fitness.retraining?.isInside == false
    else { return }
    throw section.error(
      "inside_search", "what cycles or a population trained is compared as it is; expected true, or neither of them")
  }

  /// - Throws: ``StudyFileError`` where samples without places are to be cut or mirrored.
  func checkAugmentation(_ shape: [Int]) throws(StudyFileError) {
    guard shape.count != 3 else { return }
    let problem = "is for images; the samples have the shape \(shape)"
    let none = TrainingRecipe.Augmentation()
    if training.recipe.augmentation != none { throw sections.network.error("train.augment", problem) }
    if let recipe = cycles?.recipe, recipe.augmentation != none {
      throw (sections.cycles ?? sections.network).error("train.augment", problem)
    }
    if let population, population.plan.recipe.augmentation != none {
      throw population.section.error("train.augment", problem)
    }
    if let recipe = fitness.retraining?.recipe, recipe.augmentation != none {
      throw (sections.fitness ?? sections.network).error("augment", problem)
    }
    if let recipe = baselines.edgePopup, recipe.augmentation != none {
      throw (sections.baselines ?? sections.network).error("edge_popup.augment", problem)
    }
  }

  /// - Throws: ``StudyFileError`` where the network has no such units, or no mask of them meets the budget and the floors.
  func checkUnits(_ network: NetworkDescription) throws(StudyFileError) {
    do { _ = try units.units(of: network, scope: scope) } catch {
      guard let prune = sections.prune else { throw subject.modelError(error.description) }
      throw prune.error(units.excluded.isEmpty ? "granularity" : "exclude", error.description)
    }
    if let key = rangeProblem, let prune = sections.prune {
      throw prune.error(
        key,
        "a range of sizes takes granularity: weights and budget: kept_weights; expected no other, or another objective")
    }
    guard let problem = budgetProblem(network, units.floor) else { return }
    guard let prune = sections.prune else { throw sections.objective.error(compressionKey, problem) }
    var floor = units.floor
    if floor.fraction > 0 {
      floor.fraction = 0
      if budgetProblem(network, floor) == nil { throw prune.error("min_density_per_layer", problem) }
    }
    if prune.has("min_kept_per_layer"), floor.units > LayerFloor().units {
      floor.units = LayerFloor().units
      if budgetProblem(network, floor) == nil { throw prune.error("min_kept_per_layer", problem) }
    }
    throw sections.objective.error(compressionKey, problem)
  }

  /// The key that does not go with a range of sizes; nil where there is no range.
  private var rangeProblem: String? {
    guard compression.lowerBound < compression.upperBound else { return nil }
    return units.granularity != .weights ? "granularity" : units.measure != .keptWeights ? "budget" : nil
  }

  /// What is wrong with the compression under some floors; nil if nothing is.
  private func budgetProblem(_ network: NetworkDescription, _ floor: LayerFloor) -> String? {
    var plan = units
    plan.floor = floor
    let count = ParameterLayout(network, scope: scope).count
    do {
      _ = try plan.space(
        of: network, scope: scope, parameters: [Float](repeating: 0, count: count), compression: compression, seed: seed
      )
      return nil
    } catch { return error.description }
  }

  /// Checks what depends on how many samples training has.
  ///
  /// - Throws: ``StudyFileError`` where rewinding goes to the end of the training or beyond.
  package func check(_ study: Study, trainSamples: Int) throws(StudyFileError) {
    guard case .rewind(let step)? = study.fitness.retraining?.start else { return }
    let steps = study.training.epochs * study.training.stepsPerEpoch(samples: trainSamples)
    guard step >= steps else { return }
    throw (sections.fitness ?? sections.network).error(
      "rewinding_steps", "training has \(steps) steps; expected fewer, found \(step)")
  }
}
