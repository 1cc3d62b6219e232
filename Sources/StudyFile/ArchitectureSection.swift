internal import Models
internal import Search
internal import Yams

/// The `network.architecture` group: the networks that a study searches.
struct ArchitectureSection {
  private let stages: [ArchitectureTemplate.Stage]
  private let averages: Bool
  /// For errors that show only with the data at hand.
  private let section: Section

  /// - Throws: ``StudyFileError`` with line and key.
  init?(_ network: inout Section) throws(StudyFileError) {
    guard var section = try network.section("architecture") else { return nil }
    let example = "a list such as [{ dense: { widths: [16, 32, 64] } }]"
    let node = try section.required("layers", section.node("layers"), example)
    guard case .sequence(let items) = node, !items.isEmpty, items.count <= 256 else {
      throw section.error("layers", "expected \(example), found \(Section.describe(node))")
    }
    var stages: [ArchitectureTemplate.Stage] = []
    for item in items { stages.append(try Self.stage(item, section)) }
    self.stages = stages
    averages = try section.bool("global_average") ?? false
    try section.finish()
    self.section = section
  }

  /// The template for samples of a shape.
  ///
  /// - Throws: ``StudyFileError`` where its layers do not fit them, or there is nothing to choose.
  func template(shape: [Int], classes: Int) throws(StudyFileError) -> ArchitectureTemplate {
    let template: ArchitectureTemplate
    do {
      template = try ArchitectureTemplate(
        name: "architecture", input: shape, classes: classes, stages: stages, averages: averages)
    } catch { throw section.error("layers", error.description) }
    guard !template.cardinalities.isEmpty else {
      throw section.error("layers", "expected something to choose: two widths of a layer, for example")
    }
    return template
  }

  private static func stage(
    _ node: Node, _ parent: Section
  ) throws(StudyFileError) -> ArchitectureTemplate.Stage {
    var item = try Section(node, file: parent.file, path: "\(parent.path).layers")
    let dense = try item.section("dense")
    let convolution = try item.section("convolution")
    try item.finish()
    guard var section = dense ?? convolution, dense == nil || convolution == nil else {
      throw parent.error("layers", "expected each layer to be either dense: { ... } or convolution: { ... }")
    }
    let widths = try section.required(
      "widths", try numbers("widths", 1...65_536, &section), "a list of widths such as [16, 32, 64]")
    var kind = ArchitectureTemplate.Stage.Kind.dense
    if convolution != nil {
      let kernels = try numbers("kernels", 1...1023, &section) ?? [3]
      guard kernels.allSatisfy({ $0 % 2 == 1 }) else {
        throw section.error("kernels", "expected odd sizes, found \(kernels)")
      }
      let isPadded = try section.text("padding", oneOf: ["same", "valid"]) != "valid"
      kind = .convolution(kernels: kernels, isPadded: isPadded, pool: try section.int("pool", 1...1024) ?? 1)
    }
    let stage = ArchitectureTemplate.Stage(
      kind, widths: widths, activations: try activations(&section),
      isNormalized: try section.bool("normalize") ?? false, maySkip: try section.bool("skip") ?? false)
    try section.finish()
    return stage
  }

  /// Ascending whole numbers: the first is the smallest choice, the last the largest.
  private static func numbers(
    _ key: String, _ range: ClosedRange<Int>, _ section: inout Section
  ) throws(StudyFileError) -> [Int]? {
    guard let numbers = try section.ints(key, range) else { return nil }
    guard !numbers.isEmpty, zip(numbers, numbers.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw section.error(key, "expected ascending numbers, found \(numbers)")
    }
    return numbers
  }

  private static func activations(_ section: inout Section) throws(StudyFileError) -> [Activation?] {
    let names = ArchitectureTemplate.functions.map(\.name)
    var chosen: [String]?
    if let node = section.node("activation"), case .sequence = node {
      chosen = try section.texts("activation", oneOf: names)
    } else {
      chosen = try section.text("activation", oneOf: names).map { [$0] }
    }
    guard let chosen else { return [.relu] }
    guard Set(chosen).count == chosen.count else {
      throw section.error("activation", "expected each function once, found \(chosen.joined(separator: ", "))")
    }
    return chosen.map { name in ArchitectureTemplate.functions.first { $0.name == name }!.value }
  }
}

/// What a study of architectures cannot have, and what it has instead of a training and masks.
extension ArchitectureSection {
  /// Refuses keys that are about masks, or about one network.
  ///
  /// - Throws: ``StudyFileError`` naming the first of them.
  static func refuseOthers(_ root: inout Section, _ network: inout Section) throws(StudyFileError) {
    for key in ["zoo", "hidden", "onnx", "safetensors", "width_multiplier", "dropout"] where network.node(key) != nil {
      throw network.error(key, "expected either architecture: or one network")
    }
    for key in ["prune", "cycles", "population", "baselines"] where root.node(key) != nil {
      throw root.error(key, "is for masks; architectures are searched without")
    }
    guard var train = try network.section("train") else { return }
    for key in ["epochs_per_segment", "steps_per_segment", "early_stopping"] where train.node(key) != nil {
      throw train.error(key, "a candidate's whole training is one job; it is neither cut nor ended early")
    }
  }
}

/// `objective.at_most`: limits that every candidate meets.
struct ArchitectureLimits {
  var size: Int?
  var flops: Int?

  /// `{ size: PARAMETERS }`, `{ flops: MULTIPLY-ADDS }`, or both.
  ///
  /// - Throws: ``StudyFileError`` with line and key.
  mutating func read(_ objective: inout Section) throws(StudyFileError) {
    guard var section = try objective.section("at_most") else { return }
    size = try section.int("size", 1...1 << 40)
    flops = try section.int("flops", 1...1 << 50)
    try section.finish()
    guard size != nil || flops != nil else { throw objective.error("at_most", "expected size: or flops:") }
  }

  /// The template under these limits.
  ///
  /// - Throws: ``StudyFileError`` where not even the smallest network meets them.
  func capping(
    _ template: ArchitectureTemplate, _ objective: Section
  ) throws(StudyFileError) -> CappedTemplate {
    if let capped = CappedTemplate(template, size: size, flops: flops) { return capped }
    guard let least = try? template.cost(template.smallest) else {
      throw objective.error("at_most", "the smallest choices make no network")
    }
    throw objective.error(
      "at_most", "the smallest network has \(least.size) parameters and \(least.flops) multiply-adds; ask for no less")
  }
}
