import Reports

/// Charts of all kinds, plain and awkward ones.
enum ChartSamples {
  struct Sample: Sendable {
    let name: String
    /// Whether some of it lies outside its plot on purpose.
    var isClipped = false
    let svg: @Sendable (_ width: Double, _ id: String) -> String
  }

  static let strategies = [
    "RandomPruning", "GlobalMagWeight", "LayerMagWeight", "GlobalMagGrad", "LayerMagGrad", "EdgePopup", "Genetic",
    "Annealing",
  ]

  /// A number from 0 to 1, the same for the same place.
  static func noise(_ place: Int) -> Double {
    Double((UInt64(truncatingIfNeeded: place) &* 0x9E37_79B9_7F4A_7C15) >> 40) / Double(1 << 24)
  }

  static let ratio = ChartAxis("Compression ratio", scale: .log2, format: .ratio)
  static let accuracy = ChartAxis("Top-1 accuracy on test", format: .percent)

  static func strategies(_ count: Int, hasErrors: Bool = true) -> [LineChart.Series] {
    (0..<count).map { place in
      LineChart.Series(
        strategies[place % 8] + (place < 8 ? "" : " + retrain"),
        [2.0, 4, 8, 16, 32].enumerated().map { step, x in
          let mean = 0.98 - Double(step * step) * 0.004 * Double(place % 8 + 1)
          let error = 0.01 + 0.02 * noise(place * 5 + step)
          return LineChart.Point(x, mean, low: hasErrors ? mean - error : nil, high: hasErrors ? mean + error : nil)
        })
    }
  }

  static func lines(
    _ series: [LineChart.Series], x: ChartAxis = ratio, y: ChartAxis = accuracy, references: [Double] = []
  ) -> LineChart {
    LineChart(
      title: "Lines", summary: "Lines that fall.", x: x, y: y, series: series,
      references: references.map { LineChart.Reference("Dense network", y: $0) })
  }

  static func curve(_ count: Int, _ seed: Int = 0) -> [LineChart.Point] {
    (0..<count).map { place in
      let mean = 2 / (1 + 20 * Double(place) / Double(count)) + 0.2 * noise(seed * count + place)
      return LineChart.Point(Double(place + 1), place % 50 == 20 ? nil : mean, low: mean - 0.1, high: mean + 0.1)
    }
  }

  static func bars(_ groups: [String], _ count: Int, scale: Double = 1) -> BarChart {
    BarChart(
      title: "Bars", summary: "Bars of layers.", groups: groups, y: ChartAxis("Weights kept", format: .percent),
      series: (0..<count).map { place in
        BarChart.Series(
          strategies[place % 8], groups.indices.map { $0 % 5 == 2 ? nil : scale * noise(place * 99 + $0) })
      })
  }

  static let weights = (0..<4000).map { Float(noise($0) + noise($0 + 5000) + noise($0 + 9000) - 1.5) * 0.1 }
  static let bins = HistogramBins(around: [weights])

  static func histogram(isLogarithmic: Bool) -> HistogramChart {
    HistogramChart(
      title: "Weights", summary: "Weights before and after.", x: ChartAxis("Weight"), bins: bins, label: "Weights",
      isLogarithmic: isLogarithmic,
      series: [
        HistogramChart.Series("before pruning", bins.counts(of: weights)),
        HistogramChart.Series("after pruning", bins.counts(of: weights.map { abs($0) < 0.05 ? 0 : $0 })),
      ])
  }

  static func picture(_ rows: [[Double?]]) -> MaskPicture {
    MaskPicture(title: "Inputs", summary: "Inputs that are kept.", rows: rows, label: "Weights kept of 300")
  }

  static func noise(rows: Int, columns: Int) -> [[Double?]] {
    (0..<rows).map { row in (0..<columns).map { noise(row * columns + $0) } }
  }

  static let longName = "<script>alert(\"1\")</script> & a name that cannot fit on any phone, whatever one does, "

  static let awkward: [LineChart.Series] = [
    LineChart.Series(
      longName + "A",
      [
        LineChart.Point(.nan, 1), LineChart.Point(1, .infinity), LineChart.Point(0.001, 0.5),
        LineChart.Point(0.1, 0.02, low: -1, high: .nan), LineChart.Point(-4, 1), LineChart.Point(10, 0),
        LineChart.Point(100, 0.3, low: 0.9, high: -1), LineChart.Point(1000, 1e-3),
      ]),
    LineChart.Series(longName + "B", [LineChart.Point(1, 0.1)]), LineChart.Series("", []),
  ]

  static let all: [Sample] = [
    Sample(name: "8 strategies") { lines(strategies(8), references: [0.983, 0.1]).svg(width: $0, id: $1) },
    Sample(name: "16 strategies") { lines(strategies(16, hasErrors: false)).svg(width: $0, id: $1) },
    Sample(name: "clipped", isClipped: true) {
      lines(strategies(3), y: ChartAxis("Accuracy", format: .percent, range: 0.95...0.97), references: [0.5, 0.96])
        .svg(width: $0, id: $1)
    },
    Sample(name: "own ticks") {
      lines(strategies(2), x: ChartAxis("", scale: .log2, format: .ratio, ticks: [32, 2, 8, 9, 10, .nan]))
        .svg(width: $0, id: $1)
    },
    Sample(name: "curves") {
      lines((0..<3).map { LineChart.Series("seed \($0)", curve(200, $0)) }, x: ChartAxis("Epoch", format: .count))
        .svg(width: $0, id: $1)
    },
    Sample(name: "many points") {
      lines([LineChart.Series("search", curve(6000))], x: ChartAxis("Evaluations", format: .count))
        .svg(width: $0, id: $1)
    },
    // A logarithmic axis cuts errors that reach below all its numbers.
    Sample(name: "awkward", isClipped: true) {
      lines(
        awkward, x: ChartAxis(longName, scale: .log10), y: ChartAxis(longName, scale: .log10), references: [0.3, .nan]
      ).svg(width: $0, id: $1)
    },
    Sample(name: "single") {
      lines([LineChart.Series("one", [LineChart.Point(4, 0)])], references: [0]).svg(width: $0, id: $1)
    },
    // Beyond 1e300 nothing is drawn.
    Sample(name: "enormous", isClipped: true) {
      lines(
        [
          LineChart.Series(
            "one",
            [
              LineChart.Point(-1.7e308, 1.7e308), LineChart.Point(0, .leastNonzeroMagnitude),
              LineChart.Point(1e308, -1.7e308),
            ])
        ], x: ChartAxis("x"), y: ChartAxis("y")
      ).svg(width: $0, id: $1)
    },
    Sample(name: "tiny") {
      lines(
        [LineChart.Series("one", [LineChart.Point(1, 0.1), LineChart.Point(2, 0.1.nextUp)])], x: ChartAxis("x")
      ).svg(width: $0, id: $1)
    },
    Sample(name: "no lines") { lines([LineChart.Series("none", [])], references: [1]).svg(width: $0, id: $1) },
    Sample(name: "3 layers") { bars(["dense1", "dense2", "classifier"], 3).svg(width: $0, id: $1) },
    Sample(name: "16 layers") {
      bars((1...16).map { "block\($0).conv2.weight" }, 8).svg(width: $0, id: $1)
    },
    Sample(name: "many bars") { bars(["a", "b"], 90).svg(width: $0, id: $1) },
    Sample(name: "long layers") { bars((0..<6).map { longName + "\($0)" }, 1).svg(width: $0, id: $1) },
    Sample(name: "negative") { bars(["a", "b", "c", "d"], 2, scale: -1).svg(width: $0, id: $1) },
    Sample(name: "enormous bars") { bars(["a", "b"], 2, scale: 1.7e308).svg(width: $0, id: $1) },
    Sample(name: "no bars") { bars([], 3).svg(width: $0, id: $1) },
    Sample(name: "histogram") { histogram(isLogarithmic: false).svg(width: $0, id: $1) },
    Sample(name: "logarithmic histogram") { histogram(isLogarithmic: true).svg(width: $0, id: $1) },
    Sample(name: "no histogram") {
      HistogramChart(
        title: "", summary: "", x: ChartAxis("x"), bins: bins, label: "y",
        series: [HistogramChart.Series("none", [0, 0])]
      ).svg(width: $0, id: $1)
    },
    Sample(name: "picture") { picture(noise(rows: 28, columns: 28)).svg(width: $0, id: $1) },
    Sample(name: "large picture") { picture(noise(rows: 300, columns: 200)).svg(width: $0, id: $1) },
    Sample(name: "small picture") { picture([[1, nil, .nan], [.infinity], []]).svg(width: $0, id: $1) },
    Sample(name: "no picture") { picture([[nil]]).svg(width: $0, id: $1) },
  ]
}
