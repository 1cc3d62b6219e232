/// A series of a line chart in its drawing.
struct PlacedSeries {
  /// A point, in pixels.
  struct Point {
    let x: Double
    let y: Double
    /// From top to bottom.
    let error: ClosedRange<Double>?
    /// Whether it lies in the plot.
    let isInside: Bool
  }

  let style: SeriesStyle
  /// Points without gaps between them.
  let runs: [[Point]]
  let hasMarkers: Bool
  private let frame: PlotFrame

  /// - Parameters:
  ///   - points: nil for gaps.
  ///   - shift: how far right of its number a point stands, in pixels.
  init(
    _ points: [LineChart.Point?], style: SeriesStyle, hasMarkers: Bool, shift: Double, x: PlacedAxis, frame: PlotFrame
  ) {
    (self.style, self.hasMarkers, self.frame) = (style, hasMarkers, frame)
    runs = points.split(separator: nil).map { run in
      run.compactMap { $0 }.compactMap { point in
        guard let place = x.place(point.x), let y = point.y, let height = frame.y.place(y) else { return nil }
        let ends = [point.low, point.high].map { end in
          // An error that reaches below what a logarithmic axis has goes on to the axis's end.
          end.flatMap { $0.isFinite ? frame.y.place($0) ?? frame.bottom : nil }
        }
        let known = ends.compactMap { $0 } + [height]
        return Point(
          x: place + shift, y: height, error: known.count == 1 ? nil : known.min()!...known.max()!,
          isInside: place > frame.left - 1 && place < frame.right + 1 && height > frame.top - 1
            && height < frame.bottom + 1)
      }
    }
  }

  /// Draws the errors as an area.
  func drawArea(on drawing: inout Drawing, opacity: Double) {
    var path = ""
    for run in runs {
      for part in run.split(whereSeparator: { $0.error == nil }) where part.count > 1 {
        let upper = Thinning.extremes(part.map { ($0.x, $0.error!.lowerBound) })
        let lower = Thinning.extremes(part.map { ($0.x, $0.error!.upperBound) })
        path += Self.path(upper + lower.reversed()) + "z"
      }
    }
    guard !path.isEmpty else { return }
    drawing.add("path", ["d": path, "fill": style.colour, "fill-opacity": opacity.drawn])
  }

  /// Draws the line.
  func drawLine(on drawing: inout Drawing) {
    let path = runs.filter { $0.count > 1 }.map { run in Self.path(Thinning.extremes(run.map { ($0.x, $0.y) })) }
    if !path.isEmpty { drawing.line(style, path.joined(), width: hasMarkers ? 2 : 1.7) }
  }

  /// Draws whiskers and markers; along dense lines whiskers here and there, and markers for lonely points alone.
  func drawPoints(on drawing: inout Drawing, place: Int, of count: Int) {
    let points = runs.flatMap { $0 }.filter(\.isInside)
    var whiskers = ""
    var next = -Double.infinity
    if !hasMarkers { next = frame.left + 56 * (Double(place) + 0.5) / Double(count) }
    for point in points {
      guard let error = point.error, point.x >= next else { continue }
      if !hasMarkers { next += (((point.x - next) / 56).rounded(.down) + 1) * 56 }
      whiskers += whisker(point.x, error)
    }
    if !whiskers.isEmpty {
      drawing.add("path", ["d": whiskers, "fill": "none", "stroke": style.colour, "stroke-width": "1.2"])
    }
    let marked = hasMarkers ? points : runs.filter { $0.count == 1 }.flatMap { $0 }.filter(\.isInside)
    drawing.markers(style, at: marked.map { ($0.x, $0.y) })
  }

  /// A line with a bar across each end that is in the plot.
  private func whisker(_ x: Double, _ error: ClosedRange<Double>) -> String {
    let top = max(error.lowerBound, frame.top)
    let bottom = min(error.upperBound, frame.bottom)
    guard top < bottom else { return "" }
    return "M\(x.drawn) \(top.drawn)V\(bottom.drawn)"
      + (top == error.lowerBound ? "M\((x - 3).drawn) \(top.drawn)h6" : "")
      + (bottom == error.upperBound ? "M\((x - 3).drawn) \(bottom.drawn)h6" : "")
  }

  static func path(_ points: [(x: Double, y: Double)]) -> String {
    guard let first = points.first else { return "" }
    return "M\(first.x.drawn) \(first.y.drawn)" + points.dropFirst().map { "L\($0.x.drawn) \($0.y.drawn)" }.joined()
  }
}
