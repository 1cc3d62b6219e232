/// The names of a chart's series beside samples of their looks, in rows under the plot.
///
/// It stands outside the plot and is as high as it needs: so it covers no data and is never cut off.
struct Legend {
  /// What a name stands beside.
  enum Sample {
    case line(SeriesStyle, hasMarker: Bool)
    /// Of the series at a place of the chart with an id.
    case bar(Int, id: String)
    case outline(SeriesStyle, isFilled: Bool)
    case reference
  }

  struct Item {
    let name: String
    let sample: Sample
  }

  private static let sampleWidth = 30.0
  private static let gap = 18.0

  private let entries: [(item: Item, text: String, place: Place)]
  private let rowHeight: Double

  private typealias Place = (row: Int, x: Double)

  /// - Parameter width: what there is for it, in pixels; longer names are shortened.
  /// - Complexity: O(items).
  init(_ items: [Item], width: Double, textSize: Double) {
    rowHeight = textSize + 7
    let room = width - Self.sampleWidth - 6
    let texts = items.map { TextWidth.shortened($0.name, to: room, size: textSize) }
    let widths = texts.map { Self.sampleWidth + 6 + TextWidth.of($0, size: textSize) }
    var places = Self.flow(widths, columns: nil, within: width)
    if let last = places.last, last.row > 0 {
      // Columns are easier to read than a ragged text, and few are worth a further row.
      let grids = (1...6).map { columns in
        let places = Self.flow(widths, columns: columns, within: width)
        return (cost: Double(places.last?.row ?? 0) + 0.4 * Double(columns), places: places)
      }
      places = grids.min { $0.cost < $1.cost }?.places ?? places
    }
    entries = items.indices.map { (items[$0], texts[$0], places[$0]) }
  }

  var height: Double { entries.last.map { Double($0.place.row + 1) * rowHeight } ?? 0 }

  /// Where items begin one after the other: where there is room, or in as many of some columns as they need.
  private static func flow(_ widths: [Double], columns: Int?, within width: Double) -> [Place] {
    let column = columns.map { (width + gap) / Double($0) }
    var (row, x) = (0, 0.0)
    return widths.map { item in
      let taken = column.map { ((item + gap) / $0 - 1e-9).rounded(.up) * $0 } ?? item + gap
      if x > 0, x + taken > width + gap + 1e-6 { (row, x) = (row + 1, 0) }
      defer { x += taken }
      return (row, x)
    }
  }

  func draw(on drawing: inout Drawing, x: Double, y: Double) {
    for (item, text, place) in entries {
      let middle = y + (Double(place.row) + 0.5) * rowHeight
      drawing.group(title: text == item.name ? nil : item.name) { drawing in
        Self.draw(item.sample, on: &drawing, x: x + place.x, middle: middle)
        drawing.text(text, x: x + place.x + Self.sampleWidth + 6, y: middle + drawing.textSize * 0.36)
      }
    }
  }

  private static func draw(_ sample: Sample, on drawing: inout Drawing, x: Double, middle: Double) {
    switch sample {
    case .line(let style, let hasMarker):
      drawing.line(style, "M\(x.drawn) \(middle.drawn)h\(sampleWidth.drawn)", width: 2)
      if hasMarker { drawing.markers(style, at: [(x + sampleWidth / 2, middle)]) }
    case .bar(let place, let id):
      drawing.bar(SeriesStyle(place), "M\((x + 6).drawn) \((middle - 6).drawn)h20v12h-20z", texture: place, id: id)
    case .outline(let style, let isFilled):
      drawing.outline(
        style, "M\((x + 2).drawn) \((middle + 5).drawn)v-5h8v-5h9v7h8v3z", isFilled: isFilled)
    case .reference:
      drawing.reference("M\(x.drawn) \(middle.drawn)h\(sampleWidth.drawn)")
    }
  }
}
