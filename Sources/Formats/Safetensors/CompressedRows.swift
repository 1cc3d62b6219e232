/// A matrix in compressed sparse rows (CSR): its entries row by row, in each row by column.
///
/// Source: Saad, Iterative Methods for Sparse Linear Systems, 2nd edition, section 3.4; the names of PyTorch's
/// `torch.sparse_csr_tensor`.
package struct CompressedRows: Hashable, Sendable {
  /// The number of rows.
  package let rows: Int
  /// The number of columns.
  package let columns: Int
  /// Row r has the entries `rowStarts[r]..<rowStarts[r + 1]`; `crow_indices`, one more than there are rows.
  package let rowStarts: [Int]
  /// The column of each entry, ascending within a row; `col_indices`.
  package let columnIndices: [Int]
  /// The value of each entry; it may be zero.
  package let values: [Float]

  /// The entries of a dense matrix other than +0, so that ``dense`` gives the same bits.
  ///
  /// - Parameter matrix: row by row.
  /// - Precondition: its count is a multiple of `rows`.
  /// - Complexity: linear in the number of values.
  package init(_ matrix: ArraySlice<Float>, rows: Int) {
    precondition(rows > 0 && matrix.count % rows == 0, "\(matrix.count) values in \(rows) rows")
    self.rows = rows
    columns = matrix.count / rows
    var starts = [0]
    var indices: [Int] = []
    var values: [Float] = []
    for row in 0..<rows {
      let first = matrix.startIndex + row * columns
      for (column, value) in matrix[first..<first + columns].enumerated() where value.bitPattern != 0 {
        indices.append(column)
        values.append(value)
      }
      starts.append(values.count)
    }
    (rowStarts, columnIndices, self.values) = (starts, indices, values)
  }

  /// A matrix from arrays of a file.
  ///
  /// - Throws: ``FormatError/badData(file:place:found:expected:)`` where they contradict each other: starts that do not
  ///   rise from 0 to the number of entries, columns outside the matrix, or twice or out of order in a row.
  /// - Precondition: rows and columns are from 0.
  /// - Complexity: linear in rows and entries.
  package init(
    rows: Int, columns: Int, rowStarts: [Int], columnIndices: [Int], values: [Float]
  ) throws(FormatError) {
    // Not rows + 1: a number from a file may be the largest there is.
    guard let first = rowStarts.first, let last = rowStarts.last, rowStarts.count - 1 == rows else {
      throw .bad(nil, found: "\(rowStarts.count) row starts for \(rows) rows", expected: "one more than rows")
    }
    guard first == 0, last == values.count, columnIndices.count == values.count else {
      throw .bad(
        nil, found: "row starts from \(first) to \(last), \(columnIndices.count) columns and \(values.count) values",
        expected: "starts from 0 to the number of values, and a column for each")
    }
    for row in 0..<rows {
      let (low, high) = (rowStarts[row], rowStarts[row + 1])
      guard low <= high, high <= last else {
        throw .bad(nil, found: "row \(row) from entry \(low) to \(high)", expected: "starts that never fall")
      }
      var before = -1
      for column in columnIndices[low..<high] {
        guard column > before, column < columns else {
          throw .bad(
            nil, found: "column \(column) in row \(row) behind \(before)",
            expected: "columns that ascend and are below \(columns)")
        }
        before = column
      }
    }
    (self.rows, self.columns) = (rows, columns)
    (self.rowStarts, self.columnIndices, self.values) = (rowStarts, columnIndices, values)
  }

  /// The matrix with its zeros, row by row.
  ///
  /// - Complexity: linear in the number of values, zeros included.
  package var dense: [Float] {
    var out = [Float](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for entry in rowStarts[row]..<rowStarts[row + 1] { out[row * columns + columnIndices[entry]] = values[entry] }
    }
    return out
  }
}
