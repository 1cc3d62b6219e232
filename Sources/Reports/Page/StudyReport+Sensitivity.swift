internal import Pruning
internal import Studies

extension StudyReport {
  /// What each layer bears alone, of the first seed: none where nobody asked.
  ///
  /// - Source: Han, Pool, Tran, Dally, "Learning both weights and connections for efficient neural networks", NIPS 2015,
  ///   figure 6.
  func sensitivity(_ subject: String) -> [ReportDocument.Chart] {
    let own = rows.filter { $0.subject == subject && $0.scan != nil }
    guard let row = own.min(by: { $0.seed < $1.seed }), let scan = row.scan else { return [] }
    let densities = scan.plan.densities
    return [
      .lines(
        LineChart(
          title: "What each layer bears alone, without retraining, \(subject), seed \(row.seed)",
          summary: scan.layers.enumerated().map { number, layer in
            "\(layer.name) keeps \(percent(scan.leastDensity(ofLayer: number))) for \(percent(scan.plan.tolerance)) less"
          }.joined(separator: "; "),
          x: ChartAxis(
            "weights of the layer that are kept", scale: .log10, format: .percent, ticks: [1] + densities,
            isFalling: true),
          y: ChartAxis("accuracy on validation", format: .percent),
          series: scan.layers.map { layer in
            LineChart.Series(
              layer.name,
              [LineChart.Point(1, scan.whole.accuracy)]
                + zip(densities, layer.scores).map { LineChart.Point($0, $1.accuracy) })
          }))
    ]
  }
}
