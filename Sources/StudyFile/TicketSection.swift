internal import Pruning
internal import Studies
internal import Yams

/// The `tickets` group: which lottery tickets are drawn, and what is trained beside them.
struct TicketSection {
  let procedures: [Procedure]
  let plan: TicketPlan
  /// The ways in which tickets are drawn: by each criterion, in levels and at once.
  let plans: [TicketPlan]
  /// Whether each pair's tickets are trained by each other pair, too.
  let isTransferred: Bool
  /// For errors that show only with the networks at hand.
  let section: Section

  /// Nil where the file has no such group.
  ///
  /// - Throws: ``StudyFileError`` with line and key.
  init?(_ root: inout Section) throws(StudyFileError) {
    guard var section = try root.section("tickets") else { return nil }
    let levels = try section.required("levels", try section.int("levels", 1...200), "how often weights are removed")
    var plan = TicketPlan(levels: levels)
    let expected = "a fraction above 0, below 1"
    plan.pruningFraction =
      try section.double("pruning_fraction", expected) { $0 > 0 && $0 < 1 } ?? plan.pruningFraction
    plan.fractions = try Self.fractions(&section, expected)
    let scope = try section.text("scope", oneOf: PruningReach.allCases.map(\.rawValue))
    plan.reach = scope.map { PruningReach(rawValue: $0)! } ?? plan.reach
    if plan.reach == .global, !plan.fractions.isEmpty {
      throw section.error("pruning_fractions", "layers have fractions of their own under scope: layer alone")
    }
    plan.leastAccuracy = try section.double("least_accuracy", "a fraction above 0, at most 1", { $0 > 0 && $0 <= 1 })
    let controls = try section.texts("controls", oneOf: TicketControl.names)
    let criteria = try section.texts("criteria", oneOf: TicketCriterion.allCases.map(\.rawValue))
    let oneShot = try section.bool("one_shot") ?? false
    isTransferred = try section.bool("transfer") ?? false
    try section.finish()
    let all = [TicketControl.none] + (controls ?? []).map { TicketControl(rawValue: $0)! }
    let plans = (criteria ?? [plan.criterion.rawValue]).flatMap { criterion in
      (oneShot ? [false, true] : [false]).map { isOneShot in
        var variant = plan
        (variant.criterion, variant.isOneShot) = (TicketCriterion(rawValue: criterion)!, isOneShot)
        return variant
      }
    }
    guard Set(plans).count == plans.count else { throw section.error("criteria", "one stands twice in it") }
    guard Set(all).count == all.count else { throw section.error("controls", "one stands twice in it") }
    let procedures = plans.flatMap { plan in all.map { Procedure.tickets(plan, control: $0) } }
    (self.procedures, self.plan, self.plans, self.section) = (procedures, plan, plans, section)
  }

  private static func fractions(
    _ section: inout Section, _ expected: String
  ) throws(StudyFileError) -> [String: Double] {
    guard let node = section.node("pruning_fractions") else { return [:] }
    guard case .mapping(let mapping) = node else {
      throw section.error("pruning_fractions", "expected layers with their fractions such as { dense3: 0.1 }")
    }
    var group = try Section(node, file: section.file, path: "\(section.path).pruning_fractions")
    var out: [String: Double] = [:]
    for key in mapping.keys.compactMap(\.scalar?.string) {
      out[key] = try group.double(key, expected) { $0 > 0 && $0 < 1 }
    }
    try group.finish()
    return out
  }
}
