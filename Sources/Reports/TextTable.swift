internal import Foundation

/// Tables of plain text.
package enum TextTable {
  /// Columns wide enough for their cells; the first to the left, the others to the right.
  package static func aligned(header: [String], rows: [[String]]) -> String {
    let all = [header] + rows
    let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    let rule = widths.map { String(repeating: "-", count: $0) }
    return ([header, rule] + rows).map { row in
      row.indices.map { column in
        let padding = String(repeating: " ", count: widths[column] - row[column].count)
        return column == 0 ? row[column] + padding : padding + row[column]
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}

extension Double {
  /// The number with so many digits behind the point.
  package func fixed(digits: Int) -> String { String(format: "%.\(digits)f", self) }

  /// The number with so many significant digits, with a power of ten where it is very small or large.
  package func significant(digits: Int) -> String { String(format: "%.\(digits)g", self) }

  /// The number with six significant digits, and no more of them than it needs.
  package var short: String { String(format: "%.6g", self) }
}
