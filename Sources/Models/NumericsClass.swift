/// The rounding that training depends on: which BLAS kernels and library run it.
///
/// Fitness never depends on it; see docs/architecture.md.
package struct NumericsClass: Hashable, Sendable, CustomStringConvertible {
  package let name: String

  /// `portable`: OpenBLAS 0.3.21 with its Haswell kernels on one thread, the same bits on every x86-64-v3 machine.
  package static let portable = NumericsClass("openblas-0.3.21-haswell-1")

  package init(_ name: String) { self.name = name }

  package var description: String { name }
}
