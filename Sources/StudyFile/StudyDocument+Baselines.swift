internal import Models
internal import Pruning
internal import Studies

extension StudyDocument {
  /// The `baselines` group: which masks are made without a search.
  ///
  /// - Parameter trainsBehind: whether cycles or a population follow, in front of which baselines are not compared.
  static func baselines(
    _ root: inout Section, _ granularity: Granularity, trainsBehind: Bool
  ) throws(StudyFileError) -> Baselines {
    var baselines = Baselines(gradient: !trainsBehind)
    guard var section = try root.section("baselines") else { return baselines }
    let problem = "is for studies without cycles and population, which compare with what they trained"
    baselines.gradient = try section.bool("gradient") ?? baselines.gradient
    guard !(baselines.gradient && trainsBehind) else { throw section.error("gradient", problem) }
    if var popup = try section.section("edge_popup") {
      guard granularity == .weights else {
        throw section.error("edge_popup", "scores single weights; expected prune.granularity weights")
      }
      guard !trainsBehind else { throw section.error("edge_popup", problem) }
      // Ramanujan 2020: momentum 0.9, a rate of 0.1 that falls along a cosine.
      let usual = TrainingRecipe(epochs: 5, learningRate: 0.1, schedule: .cosine(horizon: 5))
      baselines.edgePopup = try TrainingSection.recipe(&popup, usual)
      try popup.finish()
    }
    try section.finish()
    return baselines
  }
}
