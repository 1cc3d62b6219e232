internal import Models
internal import Pruning
internal import Search
package import Studies
internal import Yams

/// A study file, read and checked: the study and its budget.
package struct StudyDocument: Hashable, Sendable {
  package let study: Study
  /// Generations to run; a budget, so not part of the study's identity.
  package let generations: Int

  /// Reads a study file's text.
  ///
  /// - Parameter file: the name to use in errors.
  /// - Throws: ``StudyFileError`` with line, key, what was found and what was expected.
  package init(text: String, file: String) throws(StudyFileError) {
    var root = try Section(try Self.compose(text, file: file), file: file, path: "")
    let name = try root.required("study", try root.text("study"), "a name for the study")
    let seed = UInt64(try root.int("seed", 0...Int.max) ?? 1)
    let (dataset, splits) = try Self.dataset(&root)
    let (network, recipe, segment) = try Self.network(&root, dataset)
    let (objective, compression, objectiveSection) = try Self.objective(&root)
    try Self.fitness(&root)
    let scope = try Self.scope(&root)
    let search = try Self.search(&root)
    let numerics = try root.text("numerics", oneOf: ["portable"]) ?? "portable"
    precondition(numerics == "portable")
    try root.finish()
    study = Study(
      name: name, seed: seed, dataset: dataset.name, splits: splits, network: network, training: recipe,
      epochsPerSegment: segment, scope: scope, objective: objective, compression: compression,
      genetic: search.settings, randomSearch: search.randomSearch)
    generations = search.generations
    do { _ = try Budget(compression: compression, layout: ParameterLayout(network, scope: scope)) } catch {
      throw objectiveSection.error("at_compression", error.description)
    }
  }

  private static func compose(_ text: String, file: String) throws(StudyFileError) -> Node {
    do {
      if let node = try Yams.compose(yaml: text) { return node }
    } catch let error as YamlError {
      switch error {
      case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
        .composer(_, let problem, let mark, _):
        throw StudyFileError(file: file, line: mark.line, key: nil, problem: "this is not YAML: \(problem)")
      case .duplicatedKeysInMapping(let keys, let context):
        throw StudyFileError(
          file: file, line: context.mark.line, key: keys.first, problem: "the key stands twice in one group")
      default: throw StudyFileError(file: file, line: nil, key: nil, problem: "this is not YAML: \(error)")
      }
    } catch {
      throw StudyFileError(file: file, line: nil, key: nil, problem: "this is not YAML")
    }
    throw StudyFileError(file: file, line: nil, key: nil, problem: "the file is empty; expected a study")
  }

  private static func dataset(_ root: inout Section) throws(StudyFileError) -> (KnownDataset, SplitSizes) {
    var section = try root.required("dataset", try root.section("dataset"), "a group such as { name: digits }")
    let names = KnownDataset.all.map(\.name)
    let name = try section.required(
      "name", try section.text("name", oneOf: names), "\(Section.list(names))")
    var sizes = SplitSizes()
    if var splits = try section.section("splits") {
      sizes.search = try share("search", &splits) ?? sizes.search
      sizes.validation = try share("validation", &splits) ?? sizes.validation
      sizes.test = try share("test", &splits) ?? sizes.test
      try splits.finish()
    }
    try section.finish()
    return (KnownDataset.named(name)!, sizes)
  }

  private static func share(_ key: String, _ section: inout Section) throws(StudyFileError) -> Share? {
    let expected = "a number of samples or a fraction between 0 and 1"
    // No data set is larger than 2⁴⁰ samples; what does not fit an integer must not reach Int(_:).
    guard let value = try section.double(key, expected, { $0 > 0 && ($0 < 1 || $0 == $0.rounded() && $0 <= 0x1p40) })
    else { return nil }
    return value < 1 ? .fraction(value) : .count(Int(value))
  }

  private static func network(
    _ root: inout Section, _ dataset: KnownDataset
  ) throws(StudyFileError) -> (NetworkDescription, TrainingRecipe, Int) {
    var section = try root.required("network", try root.section("network"), "a group such as { zoo: lenet-300-100 }")
    let zoo = try section.required("zoo", try section.text("zoo"), Section.list(Zoo.names))
    let network: NetworkDescription
    do { network = try Zoo.network(named: zoo, inputs: dataset.inputs, classes: dataset.classes) } catch {
      throw section.error("zoo", error.description)
    }
    var recipe = TrainingRecipe()
    var segment = 5
    if var train = try section.section("train") {
      recipe.epochs = try train.int("epochs", 1...100_000) ?? recipe.epochs
      recipe.batchSize = try train.int("batch_size", 1...65_536) ?? recipe.batchSize
      recipe.learningRate =
        try train.double("learning_rate", "a number above 0", { $0 > 0 }) ?? recipe.learningRate
      recipe.momentum =
        try train.double("momentum", "a number from 0 up to below 1", { (0..<1).contains($0) }) ?? recipe.momentum
      recipe.l2 = try train.double("l2", "a number of at least 0", { $0 >= 0 }) ?? recipe.l2
      segment = try train.int("epochs_per_segment", 1...100_000) ?? segment
      try train.finish()
    }
    try section.finish()
    return (network, recipe, segment)
  }

  /// What is optimised, and the section that says so, for errors that show only with the network at hand.
  private static func objective(_ root: inout Section) throws(StudyFileError) -> (Objective, Double, Section) {
    let example = "a group such as { maximize: accuracy, at_compression: 10 }"
    var section = try root.required("objective", try root.section("objective"), example)
    let maximize = try section.text("maximize", oneOf: ["accuracy"])
    let minimize = try section.text("minimize", oneOf: ["loss"])
    let compression = try section.double("at_compression", "a number above 1", { $0 > 1 })
    try section.finish()
    guard (maximize == nil) != (minimize == nil) else {
      throw root.error("objective", "expected either maximize: accuracy or minimize: loss")
    }
    let required = try section.required("at_compression", compression, "a number above 1")
    return (maximize != nil ? .accuracy : .loss, required, section)
  }

  private static func fitness(_ root: inout Section) throws(StudyFileError) {
    guard var section = try root.section("fitness") else { return }
    _ = try section.text("retrain", oneOf: ["none"])
    try section.finish()
  }

  private static func scope(_ root: inout Section) throws(StudyFileError) -> PruningScope {
    guard var section = try root.section("prune") else { return PruningScope() }
    let classifier = try section.bool("classifier") ?? false
    try section.finish()
    return PruningScope(prunesClassifier: classifier)
  }
}
