internal import Models
internal import Pruning
internal import Studies

extension StudyReport {
  typealias Line = ResultSummary.Line

  /// Accuracy against compression and against theoretical speedup, how much better networks are on `train` where the
  /// study asked, and what is learned earlier against size; tickets have the last one in ``tickets(_:_:)``.
  func tradeOffs(_ subject: String, _ lines: [Line]) -> [ReportDocument.Chart] {
    let pruned = lines.filter { !$0.strategy.isDense }
    // Where nothing was retrained, both charts of errors would be one.
    let isRetrained = pruned.contains { $0.pruned != nil && $0.pruned != $0.after }
    let retrained = isRetrained ? pruned.filter { $0.pruned != nil && !$0.strategy.isOfTickets } : []
    let timed = pruned.filter { $0.bestStep != nil && !$0.strategy.isOfTickets }
    let accuracy = ChartAxis("top-1 accuracy on test", format: .percent)
    let compression = ChartAxis("compression ratio", scale: .log2, format: .ratio)
    let speedup = ChartAxis(
      "theoretical speedup (multiply-adds dense / nonzero)", scale: .log2, format: .ratio)
    let dense = lines.first { $0.strategy.isDense }
    return [
      Plot(
        title: "Accuracy and compression, \(subject)", lines: pruned, dense: dense, x: compression, y: accuracy,
        across: \.realCompression.mean, upwards: \.after
      ) { "\(percent($1.mean)) at \($0.realCompression.mean.fixed(digits: 1)) times" },
      // Beside a network at chance, good ones differ by less than a line is wide; the logarithm of errors shows them all.
      Plot(
        title: "Error and compression, \(subject)", lines: pruned, dense: dense, x: compression,
        y: ChartAxis("top-1 error on test", scale: .log10, format: .percent), across: \.realCompression.mean,
        upwards: { $0.after.subtracted(from: 1) }
      ) { "\(percent($1.mean)) at \($0.realCompression.mean.fixed(digits: 1)) times" },
      Plot(
        title: "Error before retraining and compression, \(subject)", lines: retrained, dense: dense, x: compression,
        y: ChartAxis("top-1 error on test, as pruned", scale: .log10, format: .percent),
        across: \.realCompression.mean, upwards: { ($0.strategy.isDense ? $0.after : $0.pruned)?.subtracted(from: 1) }
      ) { "\(percent($1.mean)) at \($0.realCompression.mean.fixed(digits: 1)) times" },
      Plot(
        title: "Accuracy and theoretical speedup, \(subject)", lines: pruned, dense: dense, x: speedup, y: accuracy,
        across: \.theoreticalSpeedup.mean, upwards: \.after
      ) { "\(percent($1.mean)) at \($0.theoreticalSpeedup.mean.fixed(digits: 1)) times" },
      Plot(
        title: "Gap between train and test, and compression, \(subject)", lines: pruned.filter { $0.gap != nil },
        dense: dense, x: compression, y: ChartAxis("accuracy on train less that on test, percentage points"),
        across: \.realCompression.mean, upwards: \.gap
      ) { "\($1.mean.fixed(digits: 2)) points at \($0.realCompression.mean.fixed(digits: 1)) times" },
      Plot(
        title: "Early-stopping iteration and compression, \(subject)", lines: timed, dense: dense, x: compression,
        y: ChartAxis("step with the lowest loss on validation", format: .count),
        across: \.realCompression.mean, upwards: \.bestStep
      ) { "step \($1.mean.fixed(digits: 0)) at \($0.realCompression.mean.fixed(digits: 1)) times" },
    ].flatMap(charts)
  }

  /// The strategies of lines, as charts show them.
  func parts(_ lines: [Line]) -> [ChartPart] {
    ChartPart.parts(
      labels(lines).map { label in (label, lines.first { $0.label == label }!.strategy) },
      yardsticks: summary.references)
  }

  func labels(_ lines: [Line]) -> [String] {
    var out: [String] = []
    for line in lines where !out.contains(line.label) { out.append(line.label) }
    return out
  }

  func percent(_ share: Double) -> String { "\((100 * share).fixed(digits: 2)) %" }

  /// Learning curves of the first seed, where somebody looked: the dense network and each strategy's networks.
  func courses(_ subject: String) -> [ReportDocument.Chart] {
    let all = rows.filter { $0.subject == subject && $0.isResult && $0.curve.count > 2 }
    guard let seed = all.map(\.seed).min() else { return [] }
    let own = all.filter { $0.seed == seed }
    let dense = own.filter { $0.strategy.isDense }
    var names: [Strategy] = []
    for row in own where !row.strategy.isDense && !names.contains(row.strategy) { names.append(row.strategy) }
    return names.map { strategy in
      let shown = dense + Self.spread(own.filter { $0.strategy == strategy }, over: 6)
      // The climb out of chance in the first steps would leave no room for what differs.
      let last = shown.flatMap(\.curve).map(\.step).max() ?? 0
      let settled = shown.flatMap(\.curve).filter { 20 * $0.step >= last }.map(\.score.accuracy)
      let (low, high) = (settled.min() ?? 0, settled.max() ?? 1)
      return .lines(
        LineChart(
          title: "Learning curves of \(strategy), \(subject), seed \(seed)",
          summary: shown.map { row in
            "\(row.strategy) \(row.requested.words): lowest loss in step \(row.bestStep ?? 0), "
              + "\(percent(row.curve.last!.score.accuracy)) at the end"
          }.joined(separator: "; "),
          x: ChartAxis("optimizer steps", format: .count),
          y: ChartAxis("accuracy on validation", format: .percent, range: low < high ? low...high : nil),
          series: shown.map { row in
            LineChart.Series(
              row.strategy.isDense ? "dense" : row.strategy.isOfGrowth ? row.strategy.rawValue : row.requested.words,
              row.curve.map { LineChart.Point(Double($0.step), $0.score.accuracy) })
          }))
    }
  }

  /// What share of each layer is kept, by strategy, at the size that most strategies have: of several the largest
  /// compression.
  func layers(_ subject: String, _ lines: [Line]) -> [ReportDocument.Chart] {
    var counts: [(text: String, count: Int, compression: Double)] = []
    for line in lines where line.requested != .whole {
      if let place = counts.firstIndex(where: { $0.text == line.requested.text }) {
        counts[place].count += 1
      } else {
        counts.append((line.requested.text, 1, line.realCompression.mean))
      }
    }
    guard let size = counts.max(by: { ($0.count, $0.compression) < ($1.count, $1.compression) })?.text else {
      return []
    }
    let own = rows.filter { $0.subject == subject && $0.isResult && $0.requested.text == size }
    guard let first = own.first, first.layers.count > 1 else { return [] }
    var names: [Strategy] = []
    for row in own where !names.contains(row.strategy) { names.append(row.strategy) }
    return ChartPart.parts(names.map { ($0.rawValue, $0) }, yardsticks: summary.references).map { part in
      let series = part.names.map { name in
        let rows = own.filter { $0.strategy.rawValue == name }
        return BarChart.Series(
          name,
          first.layers.indices.map { layer in
            Spread(rows.map { Double($0.layers[layer].kept) / Double(max($0.layers[layer].size, 1)) }).mean
          })
      }
      return .bars(
        BarChart(
          title: "Kept weights of each layer at \(first.requested.words), \(subject)"
            + (part.words.isEmpty ? "" : ": \(part.words)"),
          summary: series.map { line in
            "\(line.name): "
              + zip(first.layers, line.values).map { "\($0.name) \(percent($1 ?? 0))" }.joined(separator: ", ")
          }.joined(separator: ". "),
          groups: first.layers.map(\.name), y: ChartAxis("kept weights", format: .percent), series: series))
    }
  }

  /// `count` of the items, spread evenly over their places with both ends, or all where there are no more.
  private static func spread<Item>(_ items: [Item], over count: Int) -> [Item] {
    guard items.count > count else { return items }
    return (0..<count).map { items[$0 * (items.count - 1) / (count - 1)] }
  }

  func histogram(_ distribution: Distribution) -> HistogramChart {
    let bins = HistogramBins(around: distribution.series.map(\.values))
    let series = distribution.series.map { HistogramChart.Series($0.name, bins.counts(of: $0.values)) }
    return HistogramChart(
      title: distribution.title,
      summary: distribution.series.map { "\($0.name): \($0.values.count) weights" }.joined(separator: "; "),
      x: ChartAxis("weight"), bins: bins, label: "weights", isLogarithmic: true, series: series)
  }
}
