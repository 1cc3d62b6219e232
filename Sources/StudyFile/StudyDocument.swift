internal import Digests
package import Models
internal import Pruning
internal import Search
package import Studies
internal import Yams

/// A study file, read and checked as far as that goes without its data and models.
package struct StudyDocument {
  package let name: String
  package let dataset: DatasetSource
  package let network: NetworkSource
  /// Trials of each search; a budget, so not part of the study's identity.
  package let trials: Int
  let seed: UInt64
  private let splits: SplitSizes
  private let normalization: LabelledData.Normalization?
  let training: TrainingSection
  let objective: Objective
  let compression: ClosedRange<Double>
  let fitness: FitnessMode
  let cycles: Cycles?
  let population: (plan: PopulationCycles, section: Section)?
  let scope: PruningScope
  let units: UnitsPlan
  private let searches: [SearchPlan]
  let baselines: Baselines
  let architecture: ArchitectureSection?
  private let limits: ArchitectureLimits
  var compressionKey: String {
    compression.lowerBound == compression.upperBound ? "at_compression" : "compression"
  }
  /// For errors that show only with data and model at hand.
  let sections: Sections

  /// The groups that an error can be about which shows late; nil where the file has none.
  struct Sections {
    let dataset: Section
    let network: Section
    let objective: Section
    let prune: Section?
    let fitness: Section?
    let cycles: Section?
    let baselines: Section?
  }

  /// Reads a study file's text.
  ///
  /// - Parameter file: the name to use in errors.
  /// - Throws: ``StudyFileError`` with line, key, what was found and what was expected.
  package init(text: String, file: String) throws(StudyFileError) {
    var root = try Section(try Self.compose(text, file: file), file: file, path: "")
    name = try root.required("study", try root.text("study"), "a name for the study")
    seed = UInt64(try root.int("seed", 0...Int.max) ?? 1)
    var data = try root.required("dataset", try root.section("dataset"), "a group such as { name: digits }")
    dataset = try DatasetSource(&data)
    splits = try Self.splits(&data)
    normalization = try Self.normalization(&data)
    try data.finish()
    var network = try root.required("network", try root.section("network"), "a group such as { zoo: lenet-300-100 }")
    architecture = try ArchitectureSection(&network)
    if architecture != nil { try ArchitectureSection.refuseOthers(&root, &network) }
    self.network = try NetworkSource(&network, isSearched: architecture != nil)
    training = try TrainingSection(&network, isOptional: self.network.file != nil)
    try network.finish()
    let prune: Section?
    (scope, units, prune) = try Self.prune(&root)
    let objective = try ObjectiveSection(&root, units.granularity, isOfArchitectures: architecture != nil)
    (self.objective, compression, limits) = (objective.objective, objective.compression, objective.limits)
    fitness =
      architecture == nil
      ? try Self.fitness(&root, training.recipe, hasWeights: self.network.file != nil)
      : try Self.architectureFitness(&root, training.recipe)
    cycles = try Self.cycles(&root, training.recipe)
    population = try Self.population(
      &root, training.recipe, objective.objective,
      isRange: compression.lowerBound < compression.upperBound, units)
    baselines = try Self.baselines(&root, units.granularity, trainsBehind: cycles != nil || population != nil)
    let search = try SearchSection(
      &root, objective, isOfMasks: architecture == nil && units.genome == .masks, hasWeights: architecture == nil)
    (searches, trials) = (search.searches, search.trials)
    let numerics = try root.text("numerics", oneOf: ["portable"]) ?? "portable"
    precondition(numerics == "portable")
    try root.finish()
    sections = Sections(
      dataset: data, network: network, objective: objective.section, prune: prune, fitness: try root.section("fitness"),
      cycles: try root.section("cycles"), baselines: try root.section("baselines"))
    try checkCycles()
    try checkInside()
    if case .known(let known) = dataset, self.network.zoo != nil || architecture != nil {
      let network = try ownNetwork(shape: known.shape, classes: known.classes)!
      _ = try study(
        StudyInputs(dataset: Digest(of: []), shape: known.shape, network: network, pretrained: nil))
    }
  }

  /// The network that the file itself says for samples of a shape: the zoo's, or the largest one where architectures are
  /// searched; nil where a model file does.
  ///
  /// - Throws: ``StudyFileError`` where the network does not fit them.
  package func ownNetwork(shape: [Int], classes: Int) throws(StudyFileError) -> NetworkDescription? {
    guard let architecture else {
      return network.zoo == nil ? nil : try zooNetwork(shape: shape, classes: classes)
    }
    let template = try architecture.template(shape: shape, classes: classes)
    do { return try template.network(template.largest) } catch {
      throw sections.network.error("architecture", error.description)
    }
  }

  /// The zoo's network for samples of a shape.
  ///
  /// - Precondition: the file names one.
  /// - Throws: ``StudyFileError`` where the network does not fit them.
  package func zooNetwork(shape: [Int], classes: Int) throws(StudyFileError) -> NetworkDescription {
    guard let zoo = network.zoo else { preconditionFailure("no zoo network is named") }
    do {
      return try Zoo.network(
        named: zoo, shape: shape, classes: classes, widthMultiplier: network.widthMultiplier ?? 1)
    } catch { throw sections.network.error("zoo", error.description) }
  }

  /// Checks that samples can be what the file says of them, and gives them as the network sees them.
  ///
  /// - Throws: ``StudyFileError`` where the normalisation does not fit their channels.
  package func normalized(_ data: LabelledData) throws(StudyFileError) -> LabelledData {
    do { return try data.normalized(by: normalization) } catch {
      throw sections.dataset.error("normalize", error.description)
    }
  }

  /// Values that the optimizer of training remembers for each parameter.
  package var optimizerSlots: Int { training.recipe.optimizer.slots }

  /// An error about the file that ``network`` names.
  package func modelError(_ problem: String) -> StudyFileError {
    sections.network.error(network.key, problem)
  }

  /// The study, with what was found outside the file.
  ///
  /// - Throws: ``StudyFileError`` where no mask of the network can meet the objective.
  package func study(_ inputs: StudyInputs) throws(StudyFileError) -> Study {
    try checkAugmentation(inputs.shape)
    if let architecture {
      let template = try architecture.template(shape: inputs.shape, classes: inputs.network.outputCount)
      return Study(
        name: name, seed: seed, dataset: inputs.dataset, splits: splits, normalization: normalization,
        network: inputs.network, architecture: try limits.capping(template, sections.objective),
        training: training.recipe, segment: training.segment, scope: scope, objective: objective,
        compression: compression, fitness: fitness, searches: searches)
    }
    let layout = ParameterLayout(inputs.network, scope: scope)
    guard layout.prunableCount <= Self.largestMask else {
      throw sections.network.error(
        network.key,
        "\(layout.prunableCount) prunable weights; a search takes at most \(Self.largestMask), since masks travel in one "
          + "message")
    }
    try checkUnits(inputs.network)
    if let population {
      let plan = population.plan
      let last = plan.compression(ofRound: plan.rounds - 1, first: compression)
      do {
        _ = try units.space(
          of: inputs.network, scope: scope, parameters: [Float](repeating: 0, count: layout.count), compression: last,
          seed: seed)
      } catch { throw population.section.error("compression_step", error.description) }
    }
    return Study(
      name: name, seed: seed, dataset: inputs.dataset, splits: splits, normalization: normalization,
      network: inputs.network, pretrained: inputs.pretrained, training: training.recipe, segment: training.segment,
      earlyStopping: training.earlyStopping, scope: scope, units: units, objective: objective, compression: compression,
      fitness: fitness, cycles: cycles, population: population?.plan,
      trialsOfRound: cycles == nil && population == nil ? nil : trials, searches: searches, baselines: baselines)
  }

  /// Masks travel in one message, which holds 16 MiB.
  private static let largestMask = 100_000_000

  /// Runs what cuts the data, with the place in the file in its errors.
  ///
  /// - Throws: ``StudyFileError``
  package func placingErrors<Value>(_ body: () throws(SplitError) -> Value) throws(StudyFileError) -> Value {
    do { return try body() } catch { throw sections.dataset.error("splits", error.description) }
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

  private static func splits(_ section: inout Section) throws(StudyFileError) -> SplitSizes {
    var sizes = SplitSizes()
    guard var splits = try section.section("splits") else { return sizes }
    sizes.search = try share("search", &splits) ?? sizes.search
    sizes.validation = try share("validation", &splits) ?? sizes.validation
    sizes.test = try share("test", &splits) ?? sizes.test
    try splits.finish()
    return sizes
  }

  private static func normalization(
    _ section: inout Section
  ) throws(StudyFileError) -> LabelledData.Normalization? {
    guard var group = try section.section("normalize") else { return nil }
    let mean = try group.doubles("mean", "numbers") { _ in true }
    let deviation = try group.doubles("std", "numbers above 0") { $0 > 0 }
    try group.finish()
    return LabelledData.Normalization(
      mean: try group.required("mean", mean, "one number a channel").map { Float($0) },
      deviation: try group.required("std", deviation, "one number a channel").map { Float($0) })
  }

  private static func share(_ key: String, _ section: inout Section) throws(StudyFileError) -> SampleShare? {
    let expected = "a number of samples or a fraction between 0 and 1"
    // No data set is larger than 2⁴⁰ samples; what does not fit an integer must not reach Int(_:).
    guard let value = try section.double(key, expected, { $0 > 0 && ($0 < 1 || $0 == $0.rounded() && $0 <= 0x1p40) })
    else { return nil }
    return value < 1 ? .fraction(value) : .count(Int(value))
  }
}
