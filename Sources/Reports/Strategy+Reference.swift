internal import Models
package import Studies

extension Strategy {
  /// The dense network, or where architectures are searched the largest one, or where networks grow the one that they grow
  /// to.
  var isDense: Bool { [.dense, .largest, .baselineBig].contains(self) }

  /// What its lines are compared with where nobody says otherwise: a control with what it is one of, a ticket that comes
  /// from another network with those of its own, every other way to prune with global magnitude. Nil for dense networks,
  /// which have no size in common with others.
  package var usualReference: Strategy? {
    if isDense { return nil }
    if let end = rawValue.lastIndex(of: "+") { return Strategy(String(rawValue[..<end])) }
    if isOfStructure { return .pruneOnly }
    if isOfGrowth { return .randomGrowth }
    return kindOfTickets.map { Strategy(Self.winningTicket + $0) } ?? .globalMagnitude
  }

  /// Whether it is a network that grew, or the small baseline of those.
  var isOfGrowth: Bool { Self.growthNames.contains(self) || isOfStructure }

  /// Whether a search decided when and where it grew, and what of it was pruned.
  var isOfStructure: Bool { [.growAndPrune, .growOnly, .pruneOnly, .pruneGrowCycles].contains(self) }

  static let randomGrowth = Strategy(GrowthMethod.random(zero: .incoming).name)

  /// Whether networks that grow are compared with it.
  var isYardstickOfGrowth: Bool { [.randomGrowth, .baselineSmall, .baselineBig].contains(self) }

  private static let growthNames = Set(GrowthMethod.kinds.map { Strategy($0.name) } + [.baselineSmall])

  /// Whether it is a lottery ticket, of any kind, or a control of one.
  var isOfTickets: Bool { kindOfTickets != nil }

  /// Whether it is a lottery ticket itself.
  var isTicket: Bool { isOfTickets && usualReference == self }

  /// What the name of a ticket or a control has behind its first word, such as `/one-shot`: tickets and controls that
  /// were drawn in the same way have the same, wherever they come from. Nil for other strategies.
  private var kindOfTickets: String? {
    var words = rawValue.split(separator: "/", omittingEmptySubsequences: false)
    guard let name = words.first, Self.ticketNames.contains(String(name)) else { return nil }
    if let place = words.firstIndex(where: { $0.hasPrefix("from-") }) { words.removeSubrange(place...) }
    return words.dropFirst().map { "/\($0)" }.joined()
  }

  private static let winningTicket = name(of: .none)
  private static let ticketNames = Set(TicketControl.allCases.map(name))

  private static func name(of control: TicketControl) -> String {
    Procedure.tickets(TicketPlan(levels: 1), control: control).strategy.rawValue
  }
}
