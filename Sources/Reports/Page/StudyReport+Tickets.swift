extension StudyReport {
  /// How fast lottery tickets and their controls learn, and how well, against the weights that are left: none without
  /// them.
  ///
  /// - Source: the axes of Frankle, Carbin, "The lottery ticket hypothesis", ICLR 2019, figures 1 and 4.
  func tickets(_ subject: String, _ lines: [Line]) -> [ReportDocument.Chart] {
    let own = lines.filter { $0.strategy.isOfTickets }
    let timed = own.filter { $0.bestStep != nil }
    let dense = lines.first { $0.strategy.isDense }
    let shares = Set(([dense].compactMap { $0 } + own).map(\.remaining.mean))
    let left = ChartAxis(
      "weights remaining", scale: .log10, format: .percent, ticks: Array(shares), isFalling: true)
    let when = timed.isEmpty ? "" : "at the early-stopping iteration "
    return [
      Plot(
        title: "Early-stopping iteration and weights remaining, \(subject)", lines: timed, dense: dense, x: left,
        y: ChartAxis("step with the lowest loss on validation", format: .count), across: \.remaining.mean,
        upwards: \.bestStep, beginsDense: \.isTicket
      ) { "step \($1.mean.fixed(digits: 0)) with \(percent($0.remaining.mean))" },
      // A ticket's level 0 is the dense network; that of a control would be another one, which nobody trained.
      Plot(
        title: "Accuracy \(when)and weights remaining, \(subject)", lines: own, dense: dense, x: left,
        y: ChartAxis("top-1 accuracy on test", format: .percent), across: \.remaining.mean, upwards: \.after,
        beginsDense: \.isTicket
      ) { "\(percent($1.mean)) with \(percent($0.remaining.mean))" },
    ].flatMap(charts)
  }
}
