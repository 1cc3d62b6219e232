/// An axis in a drawing: which number stands where.
package struct PlacedAxis {
  /// A mark of the axis.
  struct Tick {
    let place: Double
    let label: String
    /// Of the label, in pixels.
    let width: Double
  }

  private let scale: AxisScale
  let domain: ClosedRange<Double>
  /// Where the lower and the upper end of the domain stand, in pixels.
  private let ends: (low: Double, high: Double)
  /// From left to right, or from bottom to top.
  private(set) var ticks: [Tick] = []

  /// An axis from bottom to top.
  ///
  /// - Parameter extent: what has to be seen where the axis names no range of its own.
  init(rising axis: ChartAxis, over extent: ClosedRange<Double>, from low: Double, to high: Double, textSize: Double) {
    (scale, ends) = (axis.scale, (low, high))
    let range = scale.drawable(axis.range ?? extent)
    let round = axis.ticks ?? axis.ticks(over: range, atMost: Int((low - high) / 44) + 1)
    let isFree = axis.range == nil && axis.ticks == nil
    domain = isFree ? Self.rounded(range, round, axis.scale, reach: 0.6, padding: 0.03) : range
    ticks = marks(round, axis, textSize)
  }

  /// An axis from left to right, with as many ticks as have room for their labels.
  package init(
    along axis: ChartAxis, over extent: ClosedRange<Double>, from low: Double, to high: Double, textSize: Double
  ) {
    (scale, ends) = (axis.scale, axis.isFalling ? (high, low) : (low, high))
    let range = scale.drawable(axis.range ?? extent)
    var count = 13
    var round = axis.ticks ?? axis.ticks(over: range, atMost: count)
    let isFree = axis.range == nil && axis.ticks == nil
    domain = isFree ? Self.rounded(range, round, axis.scale, reach: 0.1, padding: 0) : range
    ticks = marks(round, axis, textSize)
    while axis.ticks == nil, count > 3, !ticksFit(textSize) {
      count -= 1
      round = axis.ticks(over: range, atMost: count)
      ticks = marks(round, axis, textSize)
    }
    dropCrowded(textSize)
  }

  /// Where a number stands, no further than some widths outside; nil where the axis has no place for it.
  package func place(_ value: Double) -> Double? {
    guard scale.has(value) else { return nil }
    let (low, high) = (scale.evened(domain.lowerBound), scale.evened(domain.upperBound))
    let share = (scale.evened(value) - low) / (high - low)
    return ends.low + min(max(share, -20), 21) * (ends.high - ends.low)
  }

  /// The range up to the ticks around it where these are near, as heights are best read between ticks; but not to those
  /// that are far, which would leave a part of the plot empty.
  ///
  /// - Parameters:
  ///   - reach: how near, as a share of the ticks' distance.
  ///   - padding: what comes beyond data that end elsewhere, as a share of the axis.
  private static func rounded(
    _ range: ClosedRange<Double>, _ ticks: [Double], _ scale: AxisScale, reach: Double, padding: Double
  ) -> ClosedRange<Double> {
    let even = ticks.map(scale.evened)
    let (low, high) = (scale.evened(range.lowerBound), scale.evened(range.upperBound))
    let pad = (high - low) * padding
    let last = even.count - 1
    let isLow = low - even[0] <= (even[1] - even[0]) * reach
    let isHigh = even[last] - high <= (even[last] - even[last - 1]) * reach
    let inside = ticks.dropFirst(isLow ? 0 : 1).dropLast(isHigh ? 0 : 1)
    guard inside.count > 1 else { return min(ticks[0], range.lowerBound)...max(ticks[last], range.upperBound) }
    return
      (isLow ? min(ticks[0], range.lowerBound) : scale.number(evened: low - pad))...(isHigh
      ? max(ticks[last], range.upperBound) : scale.number(evened: high + pad))
  }

  private func marks(_ values: [Double], _ axis: ChartAxis, _ textSize: Double) -> [Tick] {
    // A billionth of the axis beside its end is still on it.
    let slack = (scale.evened(domain.upperBound) - scale.evened(domain.lowerBound)) * 1e-9
    let inside = values.filter {
      scale.has($0) && scale.evened($0) >= scale.evened(domain.lowerBound) - slack
        && scale.evened($0) <= scale.evened(domain.upperBound) + slack
    }
    let isEven = scale == .linear && axis.ticks == nil
    let labels = isEven ? axis.format.labels(inside) : inside.map { axis.format.text($0) }
    let marks = zip(inside, labels).compactMap { value, label in
      place(value).map { Tick(place: $0, label: label, width: TextWidth.of(label, size: textSize)) }
    }
    return axis.isFalling ? marks.reversed() : marks
  }

  private func ticksFit(_ textSize: Double) -> Bool {
    zip(ticks, ticks.dropFirst()).allSatisfy { $1.place - $0.place >= ($0.width + $1.width) / 2 + textSize }
  }

  private mutating func dropCrowded(_ textSize: Double) {
    var end = -Double.infinity
    ticks.removeAll { tick in
      let isCrowded = tick.place - tick.width / 2 < end
      if !isCrowded { end = tick.place + tick.width / 2 + textSize / 2 }
      return isCrowded
    }
  }
}

extension ChartAxis {
  fileprivate func ticks(over range: ClosedRange<Double>, atMost count: Int) -> [Double] {
    Ticks(scale, covering: range, atMost: count, whole: format == .count).values
  }
}
