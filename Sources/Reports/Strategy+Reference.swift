package import Studies

extension Strategy {
  /// The dense network, or where architectures are searched the largest one.
  var isDense: Bool { [.dense, .largest].contains(self) }

  /// What its lines are compared with where nobody says otherwise: a ticket's controls with the tickets of their kind,
  /// every other way to prune with global magnitude. Nil for dense networks, which have no size in common with others.
  package var usualReference: Strategy? {
    isDense ? nil : Self.tickets[self] ?? .globalMagnitude
  }

  /// Whether it is a lottery ticket, of any kind, or a control of one.
  var isOfTickets: Bool { Self.tickets[self] != nil }

  /// Whether it is a lottery ticket itself.
  var isTicket: Bool { Self.tickets[self] == self }

  /// The winning ticket beside which each kind of ticket or control is trained.
  private static let tickets: [Strategy: Strategy] = {
    var out: [Strategy: Strategy] = [:]
    for isOneShot in [false, true] {
      let plan = TicketPlan(levels: 1, isOneShot: isOneShot)
      func strategy(_ control: TicketControl) -> Strategy { Procedure.tickets(plan, control: control).strategy }
      for control in TicketControl.allCases { out[strategy(control)] = strategy(.none) }
    }
    return out
  }()
}
