internal import COpenBLAS

/// OpenBLAS, and the only way to it.
///
/// Its rounding depends on kernel and library, so nothing that must have the same bits everywhere may come here.
enum BLAS {
  /// Restricts the library to one thread, once, before its first use: more would split sums differently, and each lane
  /// has a thread of its own.
  private static let oneThread: Void = openblas_set_num_threads(1)

  /// A matrix as BLAS reads it: row-major, possibly to be transposed.
  struct Operand {
    let base: UnsafePointer<Float>
    /// Values from one row to the next, as stored.
    let stride: Int
    let transposed: Bool

    init(_ base: UnsafePointer<Float>, stride: Int, transposed: Bool = false) {
      self.base = base
      self.stride = stride
      self.transposed = transposed
    }
  }

  /// C ← A·B + beta·C for A: [rows, inner], B: [inner, columns], C: [rows, columns] with rows `columns` apart.
  static func multiply(
    _ a: Operand, _ b: Operand, rows: Int, columns: Int, inner: Int, beta: Float, into c: UnsafeMutablePointer<Float>
  ) {
    _ = oneThread
    cblas_sgemm(
      CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans, b.transposed ? CblasTrans : CblasNoTrans,
      blasint(rows), blasint(columns), blasint(inner), 1, a.base, blasint(a.stride), b.base, blasint(b.stride), beta,
      c, blasint(columns))
  }

  /// For example `OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH NO_AFFINITY Haswell MAX_THREADS=64`.
  static var configuration: String { String(cString: openblas_get_config()) }

  /// The kernels in use, for example `Haswell`.
  static var coreName: String { String(cString: openblas_get_corename()) }

  static var threadCount: Int {
    _ = oneThread
    return Int(openblas_get_num_threads())
  }
}

// MARK: LAPACK, which the same library has in it.

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
    _ = oneThread
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
