internal import Search
internal import Yams

/// Groups that several algorithms have.
enum Operators {
  /// One operator by its name, or several with their shares.
  static func shares<Operator: CaseIterable & RawRepresentable & Hashable & Sendable>(
    _ key: String, of kind: Operator.Type, _ section: inout Section
  ) throws(StudyFileError) -> [Share<Operator>]? where Operator.RawValue == String {
    guard let node = section.node(key) else { return nil }
    let names = Operator.allCases.map(\.rawValue)
    if let name = node.scalar?.string {
      guard let kind = Operator(rawValue: name) else {
        throw section.error(key, "expected \(Section.list(names)) or shares of them, found \(name)")
      }
      return [Share(kind, 1)]
    }
    var group = try Section(node, file: section.file, path: "\(section.path).\(key)")
    var shares: [Share<Operator>] = []
    for kind in Operator.allCases {
      guard let share = try group.double(kind.rawValue, "a number of at least 0", { $0 >= 0 }) else { continue }
      shares.append(Share(kind, share))
    }
    try group.finish()
    guard shares.contains(where: { $0.share > 0 }) else {
      throw section.error(key, "expected at least one share above 0")
    }
    return shares
  }

  /// The range of the fraction that one mutation changes.
  static func amount(_ key: String, _ section: inout Section) throws(StudyFileError) -> ClosedRange<Double>? {
    guard let node = section.node(key) else { return nil }
    let expected = "expected two ascending fractions of the kept weights such as [0.0005, 0.02]"
    guard case .sequence(let items) = node, items.count == 2, let low = items[0].scalar.flatMap({ Double($0.string) }),
      let high = items[1].scalar.flatMap({ Double($0.string) }), low > 0, low <= high, high <= 1
    else { throw section.error(key, "\(expected), found \(Section.describe(node))") }
    return low...high
  }

  /// A name for a population of one kind, or the shares of each kind.
  static func initialPopulation(
    _ section: inout Section, _ defaults: InitialPopulation = InitialPopulation()
  ) throws(StudyFileError) -> InitialPopulation? {
    guard let node = section.node("initial_population") else { return nil }
    if let name = node.scalar?.string {
      switch name {
      case "magnitude": return InitialPopulation(magnitude: 1, random: 0)
      case "all_equal": return InitialPopulation(magnitude: 0, random: 0, equal: 1)
      case "all_random": return InitialPopulation(magnitude: 0, random: 1)
      case "magnitude_exponential": return InitialPopulation(magnitude: 0, random: 0, exponential: 1)
      default:
        throw section.error(
          "initial_population",
          "expected magnitude, all_equal, all_random, magnitude_exponential or shares, found \(name)")
      }
    }
    var shares = try Section(node, file: section.file, path: section.full("initial_population"))
    let population = InitialPopulation(
      magnitude: try shares.fraction("magnitude") ?? 0, random: try shares.fraction("random") ?? 0,
      equal: try shares.fraction("equal") ?? 0, exponential: try shares.fraction("exponential") ?? 0,
      noise: try shares.double("noise", "a number above 0", { $0 > 0 }) ?? defaults.noise,
      spread: try shares.bool("spread") ?? defaults.spread)
    try shares.finish()
    guard population.magnitude + population.random + population.equal + population.exponential >= 0.001 else {
      throw section.error("initial_population", "expected shares that add up to at least 0.001")
    }
    return population
  }
}
