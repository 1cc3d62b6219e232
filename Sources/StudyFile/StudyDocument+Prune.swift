internal import Models
internal import Pruning
internal import Studies
internal import Yams

extension StudyDocument {
  /// The `prune` group: what masks have bits for, what stays, and what a budget counts.
  static func prune(_ root: inout Section) throws(StudyFileError) -> (PruningScope, UnitsPlan, Section?) {
    guard var section = try root.section("prune") else { return (PruningScope(), UnitsPlan(), nil) }
    var plan = UnitsPlan()
    let classifier = try section.bool("classifier") ?? false
    switch try section.text("granularity", oneOf: ["weights", "neurons", "blocks", "pattern"]) ?? "weights" {
    case "neurons": plan.granularity = .neurons
    case "blocks":
      let sides = try section.doubles("block", "two numbers from 1 to 65536") {
        $0 == $0.rounded() && (1...65_536).contains($0)
      }
      guard let sides, sides.count == 2 else {
        throw section.error("block", "expected the rows and columns of a block such as [4, 4]")
      }
      plan.granularity = .blocks(rows: Int(sides[0]), columns: Int(sides[1]))
    case "pattern": plan.granularity = try pattern(&section)
    default: break
    }
    plan.excluded = Set(try section.names("exclude") ?? [])
    plan.floor.units = try section.int("min_kept_per_layer", 0...1_000_000_000) ?? plan.floor.units
    plan.floor.fraction = try section.fraction("min_density_per_layer") ?? 0
    let measure = try section.text("budget", oneOf: CostMeasure.allCases.map(\.rawValue))
    plan.measure = measure.map { CostMeasure(rawValue: $0)! } ?? plan.measure
    plan.genome = try genome(&section, plan.granularity)
    try section.finish()
    if case .pattern = plan.granularity {
      for key in ["min_kept_per_layer", "min_density_per_layer", "budget"] where section.has(key) {
        throw section.error(key, "N:M keeps what it keeps, in every layer; expected no \(key) beside it")
      }
    }
    let isStructured = plan.granularity == .neurons
    return (PruningScope(prunesClassifier: classifier || isStructured), plan, section)
  }

  private static func genome(
    _ section: inout Section, _ granularity: Granularity
  ) throws(StudyFileError) -> MaskGenome {
    let name = try section.text("genome", oneOf: MaskGenome.allCases.map(\.rawValue))
    guard let genome = name.map({ MaskGenome(rawValue: $0)! }) else { return .masks }
    if genome == .layerSparsities, case .pattern = granularity {
      throw section.error("genome", "N:M has the same sparsity in all layers; expected masks")
    }
    return genome
  }

  /// `N:M`, for example 2:4; YAML alone would take such a number for one of base 60.
  private static func pattern(_ section: inout Section) throws(StudyFileError) -> Granularity {
    let expected = "expected N:M such as 2:4, with N below M"
    guard let node = section.node("pattern"), let text = node.scalar?.string else {
      throw section.error("pattern", expected)
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let kept = parts[0], let group = parts[1], kept >= 1, kept < group, group <= 1024 else {
      throw section.error("pattern", "\(expected), found \(text)")
    }
    return .pattern(kept: kept, of: group)
  }
}
