internal import Pruning
internal import Studies

/// Charts of networks that grow while they are trained, as in the paper on GradMax (figures 2 to 4).
extension StudyReport {
  func growing(_ subject: String, _ growth: GrowthSummary) -> [ReportDocument.Chart] {
    let steps = ChartAxis("optimizer steps", format: .count)
    var charts = [
      chart(
        "Training loss and steps, \(subject)", growth, x: steps, y: ChartAxis("training loss", scale: .log10),
        across: { Double($0.step) }, upwards: \.train.loss),
      chart(
        "Training loss and multiply-adds, \(subject)", growth,
        x: ChartAxis("multiply-adds of training and growing", scale: .log10),
        y: ChartAxis("training loss", scale: .log10),
        across: \.multiplyAdds, upwards: \.train.loss),
      chart(
        "Norm of the gradient, \(subject)", growth, x: steps, y: ChartAxis("norm of the whole gradient", scale: .log10),
        across: { Double($0.step) }, upwards: \.gradientNorm),
    ]
    if let random = growth.random { charts.insert(differences(subject, growth, to: random, steps), at: 1) }
    return charts
  }

  /// A line for each strategy through the means over its seeds.
  private func chart(
    _ title: String, _ growth: GrowthSummary, x: ChartAxis, y: ChartAxis,
    across: (GrowthCourse.Look) -> Double, upwards: (GrowthCourse.Look) -> Double
  ) -> ReportDocument.Chart {
    let series = growth.groups.map { group -> LineChart.Series in
      let points = Self.common(group.rows.map { $0.growth!.looks }).map { looks -> LineChart.Point in
        let (place, height) = (Spread(looks.map(across)), Spread(looks.map(upwards)))
        return LineChart.Point(
          place.mean, height.mean, low: height.deviation.map { height.mean - $0 },
          high: height.deviation.map { height.mean + $0 })
      }
      return LineChart.Series(group.strategy.rawValue, points)
    }
    return .lines(
      LineChart(title: title, summary: Self.ends(series), x: x, y: y, series: series))
  }

  /// How much lower the training loss is than that of growing by random directions, in the same seeds, with 95 % intervals.
  private func differences(
    _ subject: String, _ growth: GrowthSummary, to random: GrowthSummary.Group, _ steps: ChartAxis
  ) -> ReportDocument.Chart {
    let series = growth.groups.filter { !$0.strategy.isYardstickOfGrowth }.map { group in
      let looks = Self.common(group.rows.map { $0.growth!.looks }).map { $0[0].step }
      return LineChart.Series(
        group.strategy.rawValue,
        looks.compactMap { step -> LineChart.Point? in
          let pairs = GrowthSummary.pairs(group, less: random) { course in
            course.looks.first { $0.step == step }?.train.loss
          }
          guard !pairs.isEmpty else { return nil }
          let spread = Spread(pairs.map(\.value))
          let margin = spread.margin()
          return LineChart.Point(
            Double(step), spread.mean, low: margin.map { spread.mean - $0 }, high: margin.map { spread.mean + $0 })
        })
    }
    return .lines(
      LineChart(
        title: "Training loss less that of \(random.strategy), \(subject)",
        summary: "With 95 % t intervals of the paired differences. " + Self.ends(series), x: steps,
        y: ChartAxis("difference of training losses, 95 % intervals"), series: series,
        references: [.init(random.strategy.rawValue, y: 0)]
      ))
  }

  /// The looks that all courses have, by step.
  private static func common(_ courses: [[GrowthCourse.Look]]) -> [[GrowthCourse.Look]] {
    courses[0].compactMap { look in
      let same = courses.compactMap { course in course.first { $0.step == look.step } }
      return same.count == courses.count ? same : nil
    }
  }

  private static func ends(_ series: [LineChart.Series]) -> String {
    series.map { line in "\(line.name): \((line.points.last?.y ?? .nan).significant(digits: 3)) at the end" }
      .joined(separator: "; ")
  }
}
