internal import Digests
internal import Models
internal import Pruning
internal import Search
package import Studies
internal import Yams

/// A study file, read and checked as far as that goes without its data and models.
package struct StudyDocument {
  package let name: String
  package let subject: SubjectDocument
  /// Trials of each search; a budget, so not part of the study's identity.
  package let trials: Int
  let seed: UInt64
  let objective: Objective
  let compression: ClosedRange<Double>
  let fitness: FitnessMode
  let cycles: Cycles?
  let population: (plan: PopulationCycles, section: Section)?
  let scope: PruningScope
  let units: UnitsPlan
  private let searches: [SearchPlan]
  let baselines: Baselines
  var training: TrainingSection { subject.training }
  var architecture: ArchitectureSection? { subject.architecture }
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
    try self.init(&root)
  }

  init(_ root: inout Section) throws(StudyFileError) {
    name = try root.required("study", try root.text("study"), "a name for the study")
    seed = UInt64(try root.int("seed", 0...Int.max) ?? 1)
    let subject = try SubjectDocument(&root, allowsArchitecture: true)
    self.subject = subject
    let (training, architecture) = (subject.training, subject.architecture)
    let prune: Section?
    (scope, units, prune) = try Self.prune(&root)
    let objective = try ObjectiveSection(&root, units.granularity, isOfArchitectures: architecture != nil)
    (self.objective, compression, limits) = (objective.objective, objective.compression, objective.limits)
    fitness =
      architecture == nil
      ? try Self.fitness(&root, training.recipe, hasWeights: subject.network.file != nil)
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
      dataset: subject.dataSection, network: subject.networkSection, objective: objective.section, prune: prune,
      fitness: try root.section("fitness"),
      cycles: try root.section("cycles"), baselines: try root.section("baselines"))
    try checkCycles()
    try checkInside()
    if let extent = subject.dataset.extent, subject.network.zoo != nil || architecture != nil {
      let network = try subject.ownNetwork(shape: extent.shape, classes: extent.classes)!
      _ = try study(
        StudyInputs(dataset: Digest(of: []), shape: extent.shape, network: network, pretrained: nil))
    }
  }

  /// The study, with what was found outside the file.
  ///
  /// - Throws: ``StudyFileError`` where no mask of the network can meet the objective.
  package func study(_ inputs: StudyInputs) throws(StudyFileError) -> Study {
    try checkAugmentation(inputs.shape)
    if let architecture {
      let template = try architecture.template(shape: inputs.shape, classes: inputs.network.outputCount)
      return Study(
        name: name, seed: seed, dataset: inputs.dataset, splits: subject.splits, normalization: subject.normalization,
        network: inputs.network, architecture: try limits.capping(template, sections.objective),
        training: training.recipe, segment: training.segment, scope: scope, objective: objective,
        compression: compression, fitness: fitness, searches: searches)
    }
    let layout = ParameterLayout(inputs.network, scope: scope)
    guard layout.prunableCount <= Self.largestMask else {
      throw sections.network.error(
        subject.network.key,
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
      name: name, seed: seed, dataset: inputs.dataset, splits: subject.splits, normalization: subject.normalization,
      network: inputs.network, pretrained: inputs.pretrained, training: training.recipe, segment: training.segment,
      earlyStopping: training.earlyStopping, scope: scope, units: units, objective: objective, compression: compression,
      fitness: fitness, cycles: cycles, population: population?.plan,
      trialsOfRound: cycles == nil && population == nil ? nil : trials, searches: searches, baselines: baselines)
  }

  /// Masks travel in one message, which holds 16 MiB.
  static let largestMask = 100_000_000

  static func compose(_ text: String, file: String) throws(StudyFileError) -> Node {
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
}
