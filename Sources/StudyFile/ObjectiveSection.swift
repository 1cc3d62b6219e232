internal import Pruning
internal import Search

/// The `objective` group: what is optimised, and at which size.
struct ObjectiveSection {
  let objective: Objective
  let compression: ClosedRange<Double>
  /// Of architectures.
  let limits: ArchitectureLimits
  /// For errors that show only with the network at hand.
  let section: Section

  /// - Parameters:
  ///   - granularity: N:M is a budget by itself and takes no other.
  ///   - isOfArchitectures: whether networks are searched, whose cost is free or limited, instead of masks.
  /// - Throws: ``StudyFileError`` with line and key.
  init(_ root: inout Section, _ granularity: Granularity, isOfArchitectures: Bool) throws(StudyFileError) {
    let example =
      isOfArchitectures
      ? "a group such as { maximize: accuracy, at_most: { size: 10000 } }"
      : "a group such as { maximize: accuracy, at_compression: 10 }"
    var section = try root.required("objective", try root.section("objective"), example)
    let maximize = try section.text("maximize", oneOf: ["accuracy"])
    let minimize = try section.text("minimize", oneOf: ["loss", "size", "flops"])
    let pareto = try section.texts("pareto", oneOf: Goal.allCases.map(\.rawValue))
    let subject = try Self.subject(&section)
    let exact = try section.double("at_compression", "a number above 1", { $0 > 1 })
    let range = try Self.range(&section)
    var limits = ArchitectureLimits()
    if isOfArchitectures { try limits.read(&section) }
    self.limits = limits
    try section.finish()
    guard [maximize, minimize, pareto?.first].count(where: { $0 != nil }) == 1 else {
      throw root.error("objective", "expected one of maximize: accuracy, minimize: loss, size or flops, pareto: [...]")
    }
    self.section = section
    let goal = (maximize ?? minimize).map { Goal(rawValue: $0)! }
    if isOfArchitectures {
      guard exact == nil, range == nil else {
        throw section.error(
          exact == nil ? "compression" : "at_compression",
          "is for masks; expected at_most: { size: NUMBER }, or nothing")
      }
      objective = try Self.architectureObjective(goal, subject, pareto, section)
      compression = 1...1
      return
    }
    if case .pattern = granularity {
      guard let goal, goal == .accuracy || goal == .loss, exact == nil, range == nil else {
        throw root.error("objective", "N:M is a budget by itself; expected maximize: accuracy or minimize: loss alone")
      }
      objective = .best(goal)
      compression = 1...1
      return
    }
    if let goal, goal == .accuracy || goal == .loss {
      guard subject == nil else { throw section.error("subject_to", "is for minimize: size and minimize: flops") }
      objective = .best(goal)
      let compression = try section.required("at_compression", exact, "a number above 1")
      self.compression = compression...compression
      guard range == nil else {
        throw section.error("compression", "expected at_compression: NUMBER for this objective")
      }
      return
    }
    guard exact == nil else {
      throw section.error("at_compression", "expected compression: [low, high] for this objective")
    }
    compression = try section.required("compression", range, "the range of sizes such as [5, 50]")
    if let goal {
      let limit = try section.required("subject_to", subject, "a limit such as { accuracy: 0.98 }")
      objective = .smallest(goal, subjectTo: limit.goal, limit: limit.value)
    } else {
      guard subject == nil else { throw section.error("subject_to", "is for minimize: size and minimize: flops") }
      objective = try Self.front(pareto!, section)
    }
  }

  /// The objective of searches at one size each, which another group than `objective` says.
  init(_ objective: Objective, of section: Section) {
    self.objective = objective
    self.section = section
    compression = 1...1
    limits = ArchitectureLimits()
  }

  private static func front(_ goals: [String], _ section: Section) throws(StudyFileError) -> Objective {
    guard goals.count >= 2, Set(goals).count == goals.count else {
      throw section.error("pareto", "expected two or more different figures")
    }
    return .pareto(goals.map { Goal(rawValue: $0)! })
  }

  private static func architectureObjective(
    _ goal: Goal?, _ subject: (goal: Goal, value: Double)?, _ pareto: [String]?, _ section: Section
  ) throws(StudyFileError) -> Objective {
    if let goal, goal == .size || goal == .flops {
      let limit = try section.required("subject_to", subject, "a limit such as { accuracy: 0.98 }")
      return .smallest(goal, subjectTo: limit.goal, limit: limit.value)
    }
    guard subject == nil else { throw section.error("subject_to", "is for minimize: size and minimize: flops") }
    if let goal { return .best(goal) }
    return try front(pareto!, section)
  }

  /// `{ accuracy: A }` means at least, `{ loss: L }` at most.
  private static func subject(_ section: inout Section) throws(StudyFileError) -> (goal: Goal, value: Double)? {
    guard var group = try section.section("subject_to") else { return nil }
    let accuracy = try group.double("accuracy", "a fraction above 0, at most 1", { $0 > 0 && $0 <= 1 })
    let loss = try group.double("loss", "a number above 0", { $0 > 0 })
    try group.finish()
    guard (accuracy == nil) != (loss == nil) else {
      throw section.error("subject_to", "expected either accuracy: (at least) or loss: (at most)")
    }
    return accuracy.map { (.accuracy, $0) } ?? (.loss, loss!)
  }

  private static func range(_ section: inout Section) throws(StudyFileError) -> ClosedRange<Double>? {
    guard let numbers = try section.doubles("compression", "numbers above 1", { $0 > 1 }) else { return nil }
    guard numbers.count == 2, numbers[0] < numbers[1] else {
      throw section.error("compression", "expected two ascending numbers such as [5, 50]")
    }
    return numbers[0]...numbers[1]
  }
}
