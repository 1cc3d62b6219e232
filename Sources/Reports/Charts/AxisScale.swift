internal import Foundation

/// How the numbers along an axis grow.
package enum AxisScale: Hashable, Sendable {
  case linear, log2, log10

  /// Whether such an axis has a place for the number.
  package func has(_ value: Double) -> Bool { value.isFinite && (self == .linear || value > 0) }

  /// The number where the axis is even; differences of two such numbers are finite.
  func evened(_ value: Double) -> Double { self == .linear ? value / 2 : log(value) }

  /// The number at a place where the axis is even.
  func number(evened: Double) -> Double { self == .linear ? evened * 2 : exp(evened) }

  /// A range that can be drawn: of some width, with bounds whose powers and differences are finite.
  ///
  /// A single number gets a surrounding, as a chart of one point has to show it somewhere.
  func drawable(_ range: ClosedRange<Double>) -> ClosedRange<Double> {
    guard self == .linear else {
      let low = min(max(range.lowerBound, 1e-300), 1e300)
      let high = min(max(range.upperBound, low), 1e300)
      return high / low > 1 + 1e-9 ? low...high : low / 2...high * 2
    }
    let low = min(max(range.lowerBound, -1e300), 1e300)
    let high = min(max(range.upperBound, low), 1e300)
    let magnitude = max(abs(low), abs(high))
    guard magnitude > 1e-290 else { return 0...1 }
    if high - low > magnitude * 1e-9 { return low...high }
    return low - magnitude / 10...high + magnitude / 10
  }
}

/// What one axis of a chart says.
package struct ChartAxis: Hashable, Sendable {
  package let label: String
  package let scale: AxisScale
  package let format: TickFormat
  /// What is drawn of it, and no more; nil for all that there is.
  package let range: ClosedRange<Double>?
  /// Where it is marked, as far as labels fit; nil for round numbers.
  package let ticks: [Double]?
  /// What is drawn at least, beside what there is: charts that are looked at together have the same.
  package var covering: ClosedRange<Double>?
  /// Whether numbers fall from left to right; for axes along a chart.
  package let isFalling: Bool

  package init(
    _ label: String, scale: AxisScale = .linear, format: TickFormat = .number, range: ClosedRange<Double>? = nil,
    ticks: [Double]? = nil, isFalling: Bool = false
  ) {
    (self.label, self.scale, self.format, self.range) = (label, scale, format, range)
    self.isFalling = isFalling
    self.ticks = ticks?.filter(\.isFinite).sorted()
  }

  /// The numbers that an axis over these has to have a place for; those of a scale without them are left out.
  func extent(_ values: [Double]) -> ClosedRange<Double> {
    let all = values + (covering.map { [$0.lowerBound, $0.upperBound].filter(scale.has) } ?? [])
    return (all.min() ?? 0)...(all.max() ?? 0)
  }
}
