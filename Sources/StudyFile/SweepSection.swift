internal import Pruning
internal import Search
internal import Studies
internal import Yams

/// The `sweep` group: which methods prune to which sizes.
struct SweepSection {
  let compressions: [Double]
  let procedures: [Procedure]
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
    for (index, procedure) in procedures.enumerated() where procedures[..<index].contains(procedure) {
      throw section.error("strategies", "\(procedure.strategy) stands twice in it")
    }
    (self.procedures, self.section) = (procedures, section)
  }

  /// All methods that have a name.
  private static let named: [PruningMethod] = PruningCriterion.allCases.flatMap { criterion in
    let reaches: [PruningReach] = criterion == .random ? [.global] : [.global, .layer]
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
      if name == nil {
        var group = try Section(item, file: section.file, path: "\(section.path).strategies")
        name = try group.text("name")
        schedule = try Self.schedule(&group) ?? usual
        try group.finish()
      }
      guard var method = named.first(where: { $0.strategy.rawValue == name }) else {
        throw section.error("strategies", "expected \(expected), found \(name ?? "a group without a name")")
      }
      // SNIP looks at fresh weights, which there are once.
      if method.criterion != .snip { method.schedule = schedule }
      out.append(method)
    }
    return out
  }

  private static func schedule(_ section: inout Section) throws(StudyFileError) -> PruningSchedule? {
    guard let node = section.node("schedule") else { return nil }
    if node.scalar?.string == "one_shot" { return .oneShot }
    let expected = "expected one_shot, { iterative: ROUNDS } or { agp: ROUNDS }"
    guard case .mapping = node else { throw section.error("schedule", "\(expected), found \(Section.describe(node))") }
    var group = try Section(node, file: section.file, path: "\(section.path).schedule")
    let iterative = try group.int("iterative", 1...1000)
    let cubic = try group.int("agp", 1...1000)
    try group.finish()
    guard (iterative == nil) != (cubic == nil) else { throw section.error("schedule", expected) }
    return iterative.map { .iterative(rounds: $0) } ?? .cubic(rounds: cubic!)
  }
}
