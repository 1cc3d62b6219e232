/// A symmetric matrix in `Double`, seen in memory that another owns: the lower triangle, row by row.
///
/// Not LAPACK's, so that no bit depends on the kernels that the library takes. All is done by adding multiples of rows,
/// which vectorises and gives each sum one order.
struct PackedMatrix {
  let base: UnsafeMutablePointer<Double>
  let count: Int

  /// The values of a matrix of so many rows.
  static func size(_ count: Int) -> Int { count * (count + 1) / 2 }

  /// A row up to the diagonal.
  func row(_ index: Int) -> UnsafeMutablePointer<Double> { base + Self.size(index) }

  subscript(row: Int, column: Int) -> Double { self.row(max(row, column))[min(row, column)] }

  /// Adds x·xᵀ.
  func add(_ x: UnsafePointer<Double>) {
    // Gradients have many zeros, which add none.
    for index in 0..<count where x[index] != 0 { Self.add(x[index], x, index + 1, to: row(index)) }
  }

  /// The part of some rows and their columns, which takes the place of the whole.
  ///
  /// - Precondition: `indices` ascend.
  func restricted(to indices: [Int]) -> PackedMatrix {
    for (row, old) in indices.enumerated() {
      for (column, other) in indices[...row].enumerated() { self.row(row)[column] = self.row(old)[other] }
    }
    return PackedMatrix(base: base, count: indices.count)
  }

  /// Replaces `b` with the solution of matrix · x = b; false if the matrix is not positive definite. It is lost.
  func solve(_ b: inout [Double]) -> Bool {
    guard factor() else { return false }
    for index in 0..<count {
      let row = row(index)
      var sum = b[index]
      for column in 0..<index { sum -= row[column] * b[column] }
      b[index] = sum / row[index]
    }
    for index in (0..<count).reversed() {
      let row = row(index)
      b[index] /= row[index]
      for column in 0..<index { b[column] -= b[index] * row[column] }
    }
    return true
  }

  /// The diagonal of the inverse; nil if the matrix is not positive definite. The matrix is lost.
  ///
  /// - Complexity: `count`³ / 3 multiply-adds.
  func inverseDiagonal() -> [Double]? {
    guard factor() else { return nil }
    // With M = L⁻¹ the inverse is MᵀM. Row i of M is (eᵢ − Σ_k Lᵢₖ · row k) / Lᵢᵢ over the rows k above.
    let factors = AlignedBuffer<Double>(count: count)
    var diagonal = [Double](repeating: 0, count: count)
    for index in 0..<count {
      let row = row(index)
      factors.base.update(from: row, count: index + 1)
      row.update(repeating: 0, count: index)
      row[index] = 1
      for above in 0..<index { Self.add(-factors.base[above], self.row(above), above + 1, to: row) }
      for column in 0..<index + 1 {
        row[column] /= factors.base[index]
        diagonal[column] += row[column] * row[column]
      }
    }
    return diagonal
  }

  /// Puts L of matrix = L·Lᵀ in its place (Cholesky); false if the matrix is not positive definite.
  private func factor() -> Bool {
    let column = AlignedBuffer<Double>(count: count)
    for pivot in 0..<count {
      let square = row(pivot)[pivot]
      guard square > 0, square.isFinite else { return false }
      let root = square.squareRoot()
      row(pivot)[pivot] = root
      for index in pivot + 1..<count {
        row(index)[pivot] /= root
        column.base[index] = row(index)[pivot]
      }
      for index in pivot + 1..<count {
        Self.add(-column.base[index], column.base + pivot + 1, index - pivot, to: row(index) + pivot + 1)
      }
    }
    return true
  }

  /// y += factor · x
  @inline(__always)
  private static func add(
    _ factor: Double, _ x: UnsafePointer<Double>, _ count: Int, to y: UnsafeMutablePointer<Double>
  ) {
    for index in 0..<count { y[index] += factor * x[index] }
  }
}
