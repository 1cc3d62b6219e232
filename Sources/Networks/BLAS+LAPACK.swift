internal import COpenBLAS

extension BLAS {
  /// The singular values of a matrix and its left singular vectors, largest first.
  ///
  /// Each vector has the sign with which its largest entry (of equals the first) is positive, as the decomposition leaves
  /// it open.
  ///
  /// - Parameter matrix: [rows][columns], finite.
  /// - Returns: as many as the lesser of rows and columns; nil where LAPACK finds none.
  /// - Complexity: O(rows · columns · min(rows, columns)).
  static func leftSingularVectors(
    _ matrix: [Double], rows: Int, columns: Int
  ) -> (values: [Double], vectors: [[Double]])? {
    precondition(matrix.count == rows * columns && rows > 0 && columns > 0)
    _ = threadCount
    let least = min(rows, columns)
    // To Fortran, which reads column by column, this is the transpose: its right vectors are our left ones.
    var (copy, values) = (matrix, [Double](repeating: 0, count: least))
    var right = [Double](repeating: 0, count: columns * least)
    var left = [Double](repeating: 0, count: least * rows)
    var integers = [Int32](repeating: 0, count: 8 * least)
    var (m, n, count, status) = (Int32(columns), Int32(rows), Int32(least), Int32(0))
    func run(_ work: inout [Double], _ size: Int32) {
      var size = size
      dgesdd_("S", &m, &n, &copy, &m, &values, &right, &m, &left, &count, &work, &size, &integers, &status, 1)
    }
    var work = [0.0]
    run(&work, -1)
    guard status == 0 else { return nil }
    work = [Double](repeating: 0, count: max(1, Int(work[0])))
    run(&work, Int32(work.count))
    guard status == 0 else { return nil }
    let vectors = (0..<least).map { index in
      let vector = (0..<rows).map { left[$0 * least + index] }
      let largest = vector.reduce(0.0) { abs($1) > abs($0) ? $1 : $0 }
      return largest < 0 ? vector.map { -$0 } : vector
    }
    return (values, vectors)
  }
}
