package import Models

/// Finds out how this process rounds.
package enum NumericsProbe {
  /// Restricts BLAS to one thread: more would split sums differently, and lanes have threads of their own.
  package static func configureSingleThread() { BLAS.setThreadCount(1) }

  /// The class of this process's training: library version, kernels and threads.
  ///
  /// ``NumericsClass/portable`` needs `OPENBLAS_CORETYPE=Haswell` in the environment before the library loads, and
  /// ``configureSingleThread()``.
  package static var numericsClass: NumericsClass {
    let words = BLAS.configuration.split(separator: " ")
    let version = words.count > 1 && words[0] == "OpenBLAS" ? String(words[1]) : "unknown"
    return NumericsClass("openblas-\(version)-\(BLAS.coreName.lowercased())-\(BLAS.threadCount)")
  }
}
