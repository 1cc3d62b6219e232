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
