internal import Digests
internal import Models
internal import Pruning
internal import Search
package import Studies
internal import Yams

/// The file of a study of methods, read and checked as far as that goes without its data and models.
package struct MethodDocument {
  package let name: String
  /// The networks with their data, in order.
  package let subjects: [SubjectDocument]
  let seed: UInt64
  let replicates: Int
  /// Whether the report judges networks on samples of `train`, too.
  private let reportsTrainAccuracy: Bool
  private let retrainings: [MethodRetraining]
  private let names: [String?]
  private let scope: PruningScope
  private let units: UnitsPlan
  private let prune: Section?
  private let sweep: SweepSection?
  private let tickets: TicketSection?
  private let grow: GrowthSection?

  /// Whether a file is one of methods.
  static func isOne(_ root: Section) -> Bool { root.has("sweep") || root.has("tickets") || root.has("grow") }

  /// - Throws: ``StudyFileError`` with line, key, what was found and what was expected.
  init(_ root: inout Section) throws(StudyFileError) {
    name = try root.required("study", try root.text("study"), "a name for the study")
    seed = UInt64(try root.int("seed", 0...Int.max) ?? 1)
    replicates = try root.int("replicates", 1...1000) ?? 1
    reportsTrainAccuracy = try root.bool("train_accuracy") ?? false
    (scope, units, prune) = try StudyDocument.prune(&root)
    guard units.genome == .masks else {
      throw (prune ?? root).error("genome", "is for searches; methods make masks")
    }
    var subjects: [SubjectDocument] = []
    var retrainings: [MethodRetraining] = []
    var names: [String?] = []
    // Tickets alone are reset where the file does not say.
    let resets = root.has("tickets") && !root.has("sweep")
    var common = try root.section("retrain")
    for item in try Self.pairs(&root) ?? [root] {
      var pair = item
      let isWhole = pair.path.isEmpty
      let subject = try SubjectDocument(&pair, allowsArchitecture: false)
      var own = isWhole ? nil : try pair.section("retrain")
      retrainings.append(try Self.retraining(&common, &own, subject, resets: resets && subject.network.file == nil))
      names.append(isWhole ? nil : try Self.name(&pair))
      subjects.append(subject)
      if isWhole { root = pair } else { try pair.finish() }
    }
    try common?.finish()
    (self.subjects, self.retrainings, self.names) = (subjects, retrainings, names)
    sweep = try SweepSection(&root, units.granularity, hasWeights: subjects.contains { $0.network.file != nil })
    tickets = try TicketSection(&root)
    grow = try GrowthSection(&root)
    if case .pattern = units.granularity, let tickets {
      throw tickets.section.error("levels", "N:M is of one size; expected prune.granularity weights, blocks or neurons")
    }
    if tickets != nil, let prune {
      for key in ["min_kept_per_layer", "min_density_per_layer", "budget"] where prune.has(key) {
        throw prune.error(
          key, "tickets keep the shares that tickets.pruning_fraction says; expected no \(key) beside them")
      }
    }
    guard sweep != nil || tickets != nil || grow != nil else {
      throw root.error(
        "sweep", "is empty; expected a group such as { strategies: [GlobalMagWeight], compressions: [2, 4] }")
    }
    let numerics = try root.text("numerics", oneOf: ["portable"]) ?? "portable"
    precondition(numerics == "portable")
    try root.finish()
    try checkResetting()
    try checkKnown()
  }

  /// A pair's name, which begins lines of histories.
  private static func name(_ pair: inout Section) throws(StudyFileError) -> String? {
    guard let name = try pair.text("name") else { return nil }
    guard name.allSatisfy({ $0.isLetter || $0.isNumber || "-_.()/".contains($0) }) else {
      throw pair.error("name", "expected letters, digits and -_.()/, found \(name)")
    }
    return name
  }

  private static func pairs(_ root: inout Section) throws(StudyFileError) -> [Section]? {
    guard let node = root.node("pairs") else { return nil }
    guard case .sequence(let items) = node, !items.isEmpty else {
      throw root.error("pairs", "expected a list of groups such as { dataset: {...}, network: {...} }")
    }
    var out: [Section] = []
    for item in items { out.append(try Section(item, file: root.file, path: "pairs")) }
    return out
  }

  /// The `retrain` group, its values those of the study's where a pair has others: a tenth of the learning rate and the
  /// epochs of the training, if none says anything (Han 2015).
  private static func retraining(
    _ common: inout Section?, _ own: inout Section?, _ subject: SubjectDocument, resets: Bool
  ) throws(StudyFileError) -> MethodRetraining {
    let training = subject.training
    var out = usual(subject)
    if resets { out = MethodRetraining(start: .rewind(.steps(0)), recipe: training.recipe, segment: training.segment) }
    if common != nil { try read(&common!, &out, subject) }
    if own != nil {
      try read(&own!, &out, subject)
      try own!.finish()
    }
    return out
  }

  /// Fine-tuning at a tenth of the rate.
  private static func usual(_ subject: SubjectDocument) -> MethodRetraining {
    var recipe = subject.training.recipe
    recipe.learningRate /= 10
    recipe.epochs = max(recipe.epochs, 1)
    if case .milestones = recipe.schedule { recipe.schedule = .constant }
    return MethodRetraining(start: .finetune, recipe: recipe, segment: subject.training.segment)
  }

  private static func read(
    _ section: inout Section, _ out: inout MethodRetraining, _ subject: SubjectDocument
  ) throws(StudyFileError) {
    let start = try section.text("start", oneOf: ["finetune", "rewind", "reset"])
    let scales = try section.bool("scale_dropout")
    let alternates = try section.bool("alternate")
    defer {
      out.scalesDropout = scales ?? out.scalesDropout
      out.alternates = alternates ?? out.alternates
    }
    let point = try rewindingPoint(&section)
    if let start, start != "finetune", subject.network.file != nil {
      throw section.error("start", "weights from a file have no early steps; expected finetune")
    }
    switch start {
    case "rewind":
      out.start = .rewind(
        try section.required("rewinding_steps", point, "where in the training to go on, such as 500it or 2ep"))
      out.recipe = subject.training.recipe
    case "reset":
      out.start = .rewind(.steps(0))
      out.recipe = subject.training.recipe
    default:
      if start != nil, out.start != .finetune {
        out = usual(subject)
      }
    }
    if start != "rewind", point != nil {
      throw section.error("rewinding_steps", "is for start: rewind, beside it")
    }
    if case .rewind = out.start {
      for key in ["epochs", "learning_rate", "optimizer", "schedule", "batch_size"] where section.has(key) {
        throw section.error(key, "training goes on from an early step as network.train says; expected no \(key)")
      }
      return
    }
    out.recipe = try TrainingSection.recipe(&section, out.recipe)
    out.segment = try TrainingSection.segment(&section) ?? out.segment
  }

  /// Steps as a number or `500it`, epochs as `2ep`.
  private static func rewindingPoint(_ section: inout Section) throws(StudyFileError) -> SegmentLength? {
    guard let text = try section.text("rewinding_steps") else { return nil }
    let isEpochs = text.hasSuffix("ep")
    let digits = isEpochs || text.hasSuffix("it") ? text.dropLast(2) : text[...]
    guard let number = Int(digits), (0...1_000_000_000).contains(number) else {
      throw section.error(
        "rewinding_steps", "expected a number of steps such as 500it, or of epochs such as 2ep, found \(text)")
    }
    return isEpochs ? .epochs(number) : .steps(number)
  }

  /// - Throws: ``StudyFileError`` where tickets are not reset to anything.
  private func checkResetting() throws(StudyFileError) {
    guard let tickets else { return }
    for (subject, retraining) in zip(subjects, retrainings) {
      guard case .finetune = retraining.start else { continue }
      if subject.network.file != nil {
        throw subject.networkSection.error(
          subject.network.key, "weights from a file have no early steps that a ticket could be reset to")
      }
      throw tickets.section.error("levels", "tickets are reset; expected retrain: { start: reset }, or rewind")
    }
  }

  /// The study, with what was found outside the file for each subject.
  ///
  /// - Throws: ``StudyFileError`` where a compression cannot be met.
  package func study(_ inputs: [StudyInputs]) throws(StudyFileError) -> MethodStudy {
    precondition(inputs.count == subjects.count)
    var out: [MethodSubject] = []
    for (index, (document, inputs)) in zip(subjects, inputs).enumerated() {
      let layout = ParameterLayout(inputs.network, scope: scope)
      // Two of them, where dead neurons go.
      let largest = StudyDocument.largestMask / (sweep?.removesDeadNeurons == true ? 2 : 1)
      guard layout.prunableCount <= largest else {
        throw document.modelError(
          "\(layout.prunableCount) prunable weights; masks travel in one message, which takes at most "
            + "\(largest)")
      }
      var (training, retraining) = (document.training.recipe, retrainings[index])
      // What grows from 0 has to learn, and everything beside it is trained alike.
      if grow != nil { (training.zerosLearn, retraining.recipe.zerosLearn) = (true, true) }
      let subject = MethodSubject(
        name: names[index] ?? self.name(of: document, inputs), dataset: inputs.dataset, splits: document.splits,
        normalization: document.normalization, network: inputs.network, pretrained: inputs.pretrained,
        training: training, segment: document.training.segment,
        earlyStopping: document.training.earlyStopping, scope: scope, units: units, retraining: retraining)
      try check(subject, document)
      out.append(subject)
    }
    for (index, subject) in out.enumerated() where out[..<index].contains(where: { $0.name == subject.name }) {
      throw subjects[index].networkSection.error(
        subjects[index].networkKey, "two pairs are named \(subject.name); give one of them another name:")
    }
    let isOfDense = sweep != nil || tickets != nil
    let own =
      (isOfDense ? [.dense] : []) + (sweep?.procedures ?? []) + (tickets?.procedures ?? [])
      + (grow?.procedures ?? [])
    return MethodStudy(
      name: name, seed: seed, replicates: replicates, subjects: out, procedures: own + (try transfers(out)),
      sensitivity: sweep?.sensitivity ?? SensitivityPlan(), removesDeadNeurons: sweep?.removesDeadNeurons ?? false,
      reportsTrainAccuracy: reportsTrainAccuracy)
  }

  func check(_ study: MethodStudy, trainSamples: [Int]) throws(StudyFileError) {
    for (index, subject) in study.subjects.enumerated() {
      let perEpoch = subject.training.stepsPerEpoch(samples: trainSamples[index])
      let steps = subject.training.epochs * perEpoch
      try grow?.check(steps: steps, of: subject.name)
      guard case .rewind(let point) = subject.retraining.start else { continue }
      let step = point.steps(perEpoch: perEpoch)
      guard step >= steps else { continue }
      guard steps > 0 else {
        throw subjects[index].networkSection.error(
          "train", "has no epochs; retraining goes on through the rest of that training, expected epochs above 0")
      }
      throw subjects[index].networkSection.error(
        "train", "training has \(steps) steps; retrain.rewinding_steps has to be fewer, found \(step)")
    }
  }

  /// The tickets of each subject for all others.
  private func transfers(_ subjects: [MethodSubject]) throws(StudyFileError) -> [Procedure] {
    guard let tickets, tickets.isTransferred else { return [] }
    guard subjects.count > 1 else {
      throw tickets.section.error("transfer", "tickets go from pair to pair; expected pairs: with two at least")
    }
    if let other = subjects.first(where: { $0.network.digest != subjects[0].network.digest }) {
      throw tickets.section.error(
        "transfer", "tickets fit the same network alone; \(subjects[0].name) and \(other.name) differ")
    }
    return subjects.enumerated().flatMap { index, subject in
      // A plus stands in front of what a control is.
      let name = String(subject.name.map { $0 == "+" ? "_" : $0 })
      return tickets.plans.map { Procedure.transferred(from: index, named: name, $0) }
    }
  }

  private func name(of document: SubjectDocument, _ inputs: StudyInputs) -> String {
    if case .files = document.dataset { return inputs.network.name }
    return "\(inputs.network.name)/\(document.datasetName)"
  }

  /// What shows without data: whether networks of the zoo fit data of a known shape, and all sizes can be met.
  private func checkKnown() throws(StudyFileError) {
    var inputs: [StudyInputs] = []
    for subject in subjects {
      guard let extent = subject.dataset.extent, subject.network.zoo != nil else { return }
      let network = try subject.ownNetwork(shape: extent.shape, classes: extent.classes)!
      inputs.append(StudyInputs(dataset: Digest(of: []), shape: extent.shape, network: network, pretrained: nil))
    }
    _ = try study(inputs)
  }

  private func check(_ subject: MethodSubject, _ document: SubjectDocument) throws(StudyFileError) {
    if subject.network.inputShape.count != 3 {
      let isPlain = [subject.training, subject.retraining.recipe].allSatisfy(\.augmentation.isNone)
      guard isPlain else {
        throw document.networkSection.error(
          "train", "augment is for images; the samples have the shape \(subject.network.inputShape)")
      }
    }
    try check(subject.retraining, subject, document)
    do { _ = try units.units(of: subject.network, scope: subject.scope) } catch {
      guard let prune else { throw document.modelError(error.description) }
      throw prune.error(units.excluded.isEmpty ? "granularity" : "exclude", error.description)
    }
    let zeros = [Float](repeating: 0, count: ParameterLayout(subject.network, scope: subject.scope).count)
    if let tickets {
      let layers = (try? units.units(of: subject.network, scope: subject.scope))?.layers.map(\.name) ?? []
      for name in tickets.plan.fractions.keys.sorted() where !layers.contains(name) {
        throw tickets.section.error(
          "pruning_fractions",
          "\(subject.name) has no prunable layer \(name); there are \(layers.joined(separator: ", "))")
      }
    }
    if let grow {
      try grow.check(subject.network, hasWeights: subject.pretrained != nil)
      if subject.earlyStopping != nil {
        throw document.networkSection.error("train", "what grows is trained to its end; expected no early_stopping")
      }
    }
    guard let sweep else { return }
    if let method = sweep.regrowing, units.measure != .keptWeights {
      throw sweep.section.error(
        "strategies", "\(method.strategy) keeps numbers of weights; expected prune.budget kept_weights beside it")
    }
    if case .teacher = document.dataset, let method = sweep.bending {
      throw sweep.section.error(
        "strategies",
        "\(method.strategy) takes second derivatives of the cross-entropy; \(subject.name) learns targets, not classes")
    }
    for compression in sweep.compressions {
      do {
        _ = try units.space(
          of: subject.network, scope: subject.scope, parameters: zeros, compression: compression...compression,
          seed: seed, isDrawnFrom: false)
      } catch { throw sweep.section.error("compressions", "\(subject.name): \(error.description)") }
    }
  }

  /// What a retraining needs of its network, and what of it a study would not look at.
  private func check(
    _ retraining: MethodRetraining, _ subject: MethodSubject, _ document: SubjectDocument
  ) throws(StudyFileError) {
    if retraining.scalesDropout, !subject.network.hasDropout {
      throw document.networkSection.error(
        document.networkKey,
        "\(subject.name) has no dropout that retrain.scale_dropout could scale; network.dropout adds some")
    }
    if retraining.alternates {
      guard tickets == nil, retraining.start == .finetune, units.granularity == .weights else {
        throw document.networkSection.error(
          document.networkKey,
          "retrain.alternate is for a sweep of single weights with start: finetune")
      }
      let parts = subject.network.nodes.filter { if case .convolution = $0.layer { true } else { false } }
      let layout = ParameterLayout(subject.network, scope: subject.scope)
      let hasDense = layout.prunable.contains { $0.shape.count == 2 }
      guard !parts.isEmpty, hasDense else {
        throw document.networkSection.error(
          document.networkKey,
          "retrain.alternate trains dense layers and convolutions in turn; \(subject.name) has not both to prune")
      }
    }
    if let method = sweep?.compensating, retraining.alternates {
      throw sweep!.section.error(
        "strategies", "\(method.strategy) moves weights of all layers at once; expected no retrain.alternate beside it")
    }
    if let method = sweep?.compensating, case .rewind = retraining.start {
      throw sweep!.section.error(
        "strategies", "\(method.strategy) moves weights, which resetting would undo; expected retrain.start finetune")
    }
  }
}
