internal import Studies

/// The `search` group of `grow`: a search for when and where networks grow and what of them is pruned.
struct StructureKeys {
  private let moves: [StructurePlan.Moves]
  private let grower: String
  private let populationSize: Int
  private let generations: Int
  private let eliteSize: Int
  private let wideShare: Double

  /// Nil where the section has no such group.
  ///
  /// - Throws: ``StudyFileError`` with line and key.
  init?(_ parent: inout Section, _ growers: [String]) throws(StudyFileError) {
    guard var section = try parent.section("search") else { return nil }
    let all = StructurePlan.Moves.allCases.map(\.rawValue)
    let names = try section.texts("moves", oneOf: all) ?? [StructurePlan.Moves.growAndPrune.rawValue]
    guard !names.isEmpty, Set(names).count == names.count else {
      throw section.error("moves", "expected one at least, and none twice")
    }
    moves = names.map { StructurePlan.Moves(rawValue: $0)! }
    grower = try section.text("grower", oneOf: growers) ?? growers[0]
    populationSize = try section.int("population_size", 1...1000) ?? 8
    generations = try section.int("generations", 1...1000) ?? 4
    eliteSize = try section.int("elite_size", 0...1000) ?? min(2, populationSize - 1)
    guard eliteSize < populationSize else {
      throw section.error("elite_size", "expected fewer than the population_size of \(populationSize)")
    }
    let wide = try section.double("wide_share", "a number above 1, at most 4") { $0 > 1 && $0 <= 4 }
    if wide != nil, !moves.contains(.pruneOnly) {
      throw section.error("wide_share", "is how wide networks of prune_only begin, which moves does not name")
    }
    wideShare = wide ?? 2
    try section.finish()
  }

  /// The searches.
  ///
  /// - Parameter growth: how networks grow by a grower, from a share of the widths; nil for that of the study.
  func plans(_ growth: (_ grower: String, _ share: Double?) -> GrowthPlan) -> [StructurePlan] {
    moves.map { moves in
      let share: Double? =
        switch moves {
        case .growAndPrune, .growOnly: nil
        case .pruneOnly: wideShare
        case .cycles: 1
        }
      return StructurePlan(
        moves, growth(grower, share), populationSize: populationSize, generations: generations, eliteSize: eliteSize)
    }
  }
}
