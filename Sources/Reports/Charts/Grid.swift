/// The fields of a picture, few enough to be drawn.
package struct Grid {
  /// Nil for fields without a number; all rows are equally long.
  package let rows: [[Double?]]
  package let columns: Int
  /// How many fields in a row and in a column have become one.
  package let factor: Int

  /// Takes the means of square blocks where there are too many fields.
  package init(_ source: [[Double?]], atMost most: Int) {
    let width = source.map(\.count).max() ?? 0
    let factor = max(1, (max(width, source.count) + most - 1) / most)
    (self.factor, columns) = (factor, (width + factor - 1) / factor)
    let columns = columns
    rows = stride(from: 0, to: source.count, by: factor).map { top in
      (0..<columns).map { column in
        let block = source[top..<min(top + factor, source.count)].flatMap { row in
          row.dropFirst(column * factor).prefix(factor).compactMap { $0 }.filter(\.isFinite)
        }
        // Divided first, as a sum of large numbers may be none.
        return block.isEmpty ? nil : block.reduce(0) { $0 + $1 / Double(block.count) }
      }
    }
  }

  /// For each level from none to full, lines through all fields of that level; neighbours in a row are one line.
  package func paths(_ bounds: ClosedRange<Double>, levels: Int) -> [String] {
    var paths = [String](repeating: "", count: levels + 1)
    for (row, fields) in rows.enumerated() {
      let shades = fields.map { Self.level($0, bounds, levels) }
      var start = 0
      while start < shades.count {
        let end = shades[start...].firstIndex { $0 != shades[start] } ?? shades.count
        paths[shades[start]] += "M\(start) \(row).5h\(end - start)"
        start = end
      }
    }
    return paths
  }

  /// The nearest level; anything above the lower bound has at least the first, so that few are told from none.
  private static func level(_ field: Double?, _ bounds: ClosedRange<Double>, _ levels: Int) -> Int {
    guard let field, field > bounds.lowerBound else { return 0 }
    let share = (field / 2 - bounds.lowerBound / 2) / (bounds.upperBound / 2 - bounds.lowerBound / 2)
    return max(1, Int((min(max(share, 0), 1) * Double(levels)).rounded()))
  }
}
