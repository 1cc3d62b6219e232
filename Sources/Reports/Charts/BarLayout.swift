/// How the bars of a chart share its width, and how their names and numbers fit in.
struct BarLayout {
  /// How the numbers above bars are written.
  enum Values { case none, level, upright }

  /// The groups of each row.
  let rows: [[Int]]
  let groupWidth: Double
  let barWidth: Double
  let values: Values
  /// What a number needs above its bar.
  let labelHeight: Double
  /// Where the plot begins, so that names of its first groups have room.
  let left: Double
  /// What the names of the groups need below their bars.
  let nameHeight: Double
  private let names: [String]
  private let isTurned: Bool
  private let inset: Double
  private let textSize: Double

  private static let leastBar = 6.0
  private static let longestName = 130.0
  /// Of names that do not fit under their groups; the sine and the cosine of 40 degrees.
  private static let (angle, sine, cosine) = (-40.0, 0.643, 0.766)

  /// - Parameters:
  ///   - labels: the numbers as they are written.
  ///   - left: where the plot begins at the soonest.
  ///   - right: where it ends.
  init(groups: [String], bars: Int, labels: [String], left: Double, right: Double, textSize: Double) {
    self.textSize = textSize
    let least = Double(bars) * Self.leastBar + 10
    let most = max(1, Int((right - left) / least))
    let count = (groups.count + most - 1) / most
    let columns = (groups.count + count - 1) / count
    rows = stride(from: 0, to: groups.count, by: columns).map { Array($0..<min($0 + columns, groups.count)) }
    let narrow = (right - left) / Double(columns)
    let widths = groups.map { TextWidth.of($0, size: textSize) }
    isTurned = widths.contains { $0 > narrow - 6 }
    let first = rows.map { min(Self.longestName, widths[$0[0]]) }.max() ?? 0
    self.left = isTurned ? max(left, min(100, first * Self.cosine + 4 - narrow / 2)) : left
    groupWidth = (right - self.left) / Double(columns)
    let barWidth = min(56, max(0.5, (groupWidth - max(8, groupWidth * 0.16)) / Double(max(bars, 1))))
    self.barWidth = barWidth
    inset = (groupWidth - barWidth * Double(bars)) / 2

    let widest = labels.map { TextWidth.of($0, size: textSize) }.max() ?? 0
    values = widest + 4 <= barWidth ? .level : textSize + 2 <= barWidth ? .upright : .none
    labelHeight = values == .level ? textSize + 6 : values == .upright ? widest + 8 : 0

    if isTurned {
      let (groupWidth, start) = (groupWidth, self.left)
      names = groups.indices.map { group in
        // A turned name ends under its group, and must not begin outside the drawing.
        let middle = start + (Double(group % columns) + 0.5) * groupWidth
        return TextWidth.shortened(groups[group], to: min(Self.longestName, middle / Self.cosine), size: textSize)
      }
      let longest = names.map { TextWidth.of($0, size: textSize) }.max() ?? 0
      nameHeight = 10 + longest * Self.sine + textSize * Self.cosine
    } else {
      names = groups
      nameHeight = textSize + 12
    }
  }

  /// Where a bar begins in its group.
  func offset(_ bar: Int) -> Double { inset + Double(bar) * barWidth }

  func drawName(_ group: Int, middle: Double, bottom: Double, on drawing: inout Drawing) {
    if isTurned {
      drawing.text(
        names[group], x: middle + textSize * 0.3, y: bottom + 6 + textSize * 0.7, anchor: "end", angle: Self.angle)
    } else {
      drawing.text(names[group], x: middle, y: bottom + 6 + textSize, anchor: "middle")
    }
  }

  func drawValue(_ text: String, x: Double, top: Double, on drawing: inout Drawing) {
    let middle = x + barWidth / 2
    switch values {
    case .none: break
    case .level: drawing.text(text, x: middle, y: top - 4, anchor: "middle")
    case .upright: drawing.text(text, x: middle + textSize * 0.36, y: top - 5, angle: -90)
    }
  }
}
