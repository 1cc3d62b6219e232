package import Studies

extension Strategy {
  /// The dense network, or where architectures are searched the largest one.
  var isDense: Bool { [.dense, .largest].contains(self) }

  /// What its lines are compared with where nobody says otherwise: a ticket's controls with the tickets of their kind,
  /// every other way to prune with global magnitude. Nil for dense networks, which have no size in common with others.
  package var usualReference: Strategy? {
    isDense ? nil : kindOfTickets.map { Strategy(Self.winningTicket + $0) } ?? .globalMagnitude
  }

  /// Whether it is a lottery ticket, of any kind, or a control of one.
  var isOfTickets: Bool { kindOfTickets != nil }

  /// Whether it is a lottery ticket itself.
  var isTicket: Bool { isOfTickets && usualReference == self }

  /// What the name of a ticket or a control has behind its first word, such as `/one-shot`: tickets and controls that
  /// were drawn in the same way have the same. Nil for other strategies.
  private var kindOfTickets: Substring? {
    let end = rawValue.firstIndex(of: "/") ?? rawValue.endIndex
    return Self.ticketNames.contains(String(rawValue[..<end])) ? rawValue[end...] : nil
  }

  private static let winningTicket = name(of: .none)
  private static let ticketNames = Set(TicketControl.allCases.map(name))

  private static func name(of control: TicketControl) -> String {
    Procedure.tickets(TicketPlan(levels: 1), control: control).strategy.rawValue
  }
}
