package import Models

/// Finds out how this process rounds.
package enum NumericsProbe {
  /// Restricts BLAS to one thread; happens by itself before the first product.
  package static func configureSingleThread() { _ = BLAS.threadCount }

  /// The class of this process's training: library version, kernels and threads.
  ///
  /// ``NumericsClass/portable`` needs `OPENBLAS_CORETYPE=Haswell` in the environment before the library loads.
  package static var numericsClass: NumericsClass {
    let words = BLAS.configuration.split(separator: " ")
    let version = words.count > 1 && words[0] == "OpenBLAS" ? String(words[1]) : "unknown"
    return NumericsClass("openblas-\(version)-\(BLAS.coreName.lowercased())-\(BLAS.threadCount)")
  }
}
