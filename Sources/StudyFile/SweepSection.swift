internal import Pruning
internal import Search
internal import Studies
internal import Yams

/// The `sweep` group: which methods prune to which sizes.
struct SweepSection {
  let compressions: [Double]
  let procedures: [Procedure]
  /// How layers are asked what they bear.
  let sensitivity: SensitivityPlan
  let removesDeadNeurons: Bool
  /// The method that moves weights, which resetting would undo.
  let compensating: PruningMethod?
  /// A method that needs second derivatives, which are those of the cross-entropy alone.
  let bending: PruningMethod?
  /// The method whose weights come back, of which counts are kept.
  var regrowing: PruningMethod? {
    procedures.lazy.compactMap { procedure in
      if case .pruning(let method, _) = procedure, method.schedule.isRegrowing { method } else { nil }
    }.first
  }
  /// For errors that show only with the networks at hand.
  let section: Section

  /// Nil where the file has no such group.
  ///
  /// - Parameter hasWeights: whether some network's weights come from a file, so that there are no fresh ones.
  /// - Throws: ``StudyFileError`` with line and key.
  init?(_ root: inout Section, _ granularity: Granularity, hasWeights: Bool) throws(StudyFileError) {
    guard var section = try root.section("sweep") else { return nil }
    let given = try section.doubles("compressions", "numbers above 1") { $0 > 1 && $0 <= 1e6 }
    var compressions = given ?? [2, 4, 8, 16, 32]
    if case .pattern = granularity {
      guard given == nil else { throw section.error("compressions", "N:M is a size by itself; expected none") }
      compressions = [1]
    }
    guard !compressions.isEmpty, zip(compressions, compressions.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw section.error("compressions", "expected ascending numbers such as [2, 4, 8, 16, 32]")
    }
    self.compressions = compressions
    let schedule = try Self.schedule(&section) ?? .oneShot
    if case .pattern = granularity, schedule != .oneShot {
      throw section.error("schedule", "N:M is of one size; expected one_shot")
    }
    let methods = try Self.methods(&section, schedule)
    compensating = methods.first(where: \.compensates)
    bending = methods.first { $0.compensates || [.fisher, .damage, .surgeon].contains($0.criterion) }
    removesDeadNeurons = try section.bool("remove_dead_neurons") ?? false
    sensitivity = try Self.sensitivity(&section, methods)
    if let method = methods.first(where: \.schedule.isRegrowing) {
      if granularity != .weights {
        throw section.error(
          "strategies", "\(method.strategy) is for single weights; expected prune.granularity weights")
      }
      if removesDeadNeurons {
        throw section.error(
          "remove_dead_neurons", "what is dead could come back in \(method.strategy); expected it without")
      }
    }
    if granularity != .weights {
      if removesDeadNeurons {
        throw section.error("remove_dead_neurons", "is for single weights; expected prune.granularity weights")
      }
      if let method = methods.first(where: { $0.compensates || [.deviation, .sensitivity].contains($0.criterion) }) {
        throw section.error(
          "strategies", "\(method.strategy) is for single weights; expected prune.granularity weights")
      }
    }
    if hasWeights, methods.contains(where: { $0.criterion == .snip }) {
      throw section.error("strategies", "SNIP prunes fresh weights; weights from a file are none")
    }
    var searches: [SearchPlan] = []
    var trials = 0
    if section.has("search") {
      let search = try SearchSection(
        &section, ObjectiveSection(.best(.loss), of: section), isOfMasks: true, hasWeights: true, addsRandom: false)
      (searches, trials) = (search.searches, search.trials)
    }
    let controls = try Self.controls(&section, hasWeights: hasWeights)
    if case .pattern = granularity, controls.contains(where: { $0 == .shuffle || $0 == .shuffleLayers }) {
      throw section.error("controls", "random masks would not be N:M; expected others than randomly_prune_...")
    }
    if let name = searches.map(\.strategy.rawValue).first(where: { $0.contains("+") }) {
      throw section.error("search", "expected names without +, which stands in front of a control, found \(name)")
    }
    try section.finish()
    guard !methods.isEmpty || !searches.isEmpty else {
      throw section.error("strategies", "expected a list of strategies, or search: beside it")
    }
    var procedures = methods.flatMap { method in
      compressions.map { Procedure.pruning(method, compression: $0) }
    }
    procedures += searches.flatMap { plan in
      compressions.map { Procedure.search(plan, compression: $0, trials: trials) }
    }
    procedures += procedures.flatMap { procedure in controls.map { .controlled(procedure, $0) } }
    for (index, procedure) in procedures.enumerated() where procedures[..<index].contains(procedure) {
      throw section.error("strategies", "\(procedure.strategy) stands twice in it")
    }
    (self.procedures, self.section) = (procedures, section)
  }

  private static func controls(
    _ section: inout Section, hasWeights: Bool
  ) throws(StudyFileError) -> [TicketControl] {
    guard let names = try section.texts("controls", oneOf: TicketControl.names) else { return [] }
    guard Set(names).count == names.count else { throw section.error("controls", "one stands twice in it") }
    if hasWeights {
      throw section.error(
        "controls", "they go back to initial weights, or train fresh ones; weights from a file have none")
    }
    return names.map { TicketControl(rawValue: $0)! }
  }

  private static func sensitivity(
    _ section: inout Section, _ methods: [PruningMethod]
  ) throws(StudyFileError) -> SensitivityPlan {
    var plan = SensitivityPlan()
    guard var group = try section.section("sensitivity") else { return plan }
    guard methods.contains(where: { $0.criterion == .sensitivity }) else {
      throw section.error("sensitivity", "is for MagSensitivity; expected it among strategies")
    }
    let densities = try group.doubles("densities", "shares above 0, below 1") { $0 > 0 && $0 < 1 }
    plan.densities = densities ?? plan.densities
    guard !plan.densities.isEmpty, zip(plan.densities, plan.densities.dropFirst()).allSatisfy({ $0 > $1 }) else {
      throw group.error("densities", "expected descending shares such as [0.8, 0.4, 0.2, 0.1, 0.05]")
    }
    plan.tolerance =
      try group.double("tolerance", "a fraction above 0, below 1", { $0 > 0 && $0 < 1 }) ?? plan.tolerance
    try group.finish()
    return plan
  }

  /// All methods that have a name.
  private static let named: [PruningMethod] = PruningCriterion.allCases.flatMap { criterion in
    let reaches: [PruningReach] = criterion.isGlobal ? [.global] : [.global, .layer]
    return reaches.map { PruningMethod(criterion, $0) }
  }

  /// Names, or groups of a name and a schedule of its own.
  private static func methods(
    _ section: inout Section, _ usual: PruningSchedule
  ) throws(StudyFileError) -> [PruningMethod] {
    guard let node = section.node("strategies") else { return [] }
    let expected = Section.list(named.map(\.strategy.rawValue))
    guard case .sequence(let items) = node else {
      throw section.error("strategies", "expected a list of \(expected)")
    }
    var out: [PruningMethod] = []
    for item in items {
      var name = item.scalar?.string
      var schedule = usual
      var compensates = false
      if name == nil {
        var group = try Section(item, file: section.file, path: "\(section.path).strategies")
        name = try group.text("name")
        schedule = try Self.schedule(&group) ?? usual
        compensates = try group.bool("compensate") ?? false
        try group.finish()
      }
      guard var method = named.first(where: { $0.strategy.rawValue == name }) else {
        throw section.error("strategies", "expected \(expected), found \(name ?? "a group without a name")")
      }
      // SNIP looks at fresh weights, which there are once.
      if method.criterion != .snip { method.schedule = schedule }
      if compensates, method.criterion == .snip {
        throw section.error("strategies", "SNIP prunes fresh weights, where nothing makes up for anything")
      }
      method.compensates = compensates
      out.append(method)
    }
    return out
  }

  private static func schedule(_ section: inout Section) throws(StudyFileError) -> PruningSchedule? {
    guard let node = section.node("schedule") else { return nil }
    if node.scalar?.string == "one_shot" { return .oneShot }
    let expected = "expected one_shot, { iterative: ROUNDS }, { agp: ROUNDS } or { regrow: ROUNDS }"
    guard case .mapping = node else { throw section.error("schedule", "\(expected), found \(Section.describe(node))") }
    var group = try Section(node, file: section.file, path: "\(section.path).schedule")
    let iterative = try group.int("iterative", 1...1000)
    let cubic = try group.int("agp", 1...1000)
    let regrowing = try group.int("regrow", 2...1000)
    let share = try group.double("share", "a fraction above 0, at most 0.9") { $0 > 0 && $0 <= 0.9 }
    try group.finish()
    guard [iterative, cubic, regrowing].compactMap({ $0 }).count == 1 else { throw section.error("schedule", expected) }
    if share != nil, regrowing == nil {
      throw group.error("share", "is for regrow, what goes and comes back in a round")
    }
    if let regrowing { return .regrowing(rounds: regrowing, share: share ?? 0.3) }
    return iterative.map { .iterative(rounds: $0) } ?? .cubic(rounds: cubic!)
  }
}
