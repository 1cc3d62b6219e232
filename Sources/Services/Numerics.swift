internal import Glibc

/// The environment that gives training the same bits on every x86-64-v3 machine.
package enum Numerics {
  /// What OpenBLAS reads when it is loaded, so before a process has run its first instruction.
  package static let environment = ["OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "1"]

  /// Executes this program again with the right environment, unless it has it already.
  ///
  /// OpenBLAS chooses its kernels while it is loaded, before `main`; there is no later moment to ask.
  package static func ensureEnvironment() {
    let isSet = environment.allSatisfy { key, value in getenv(key).map { String(cString: $0) } == value }
    guard !isSet else { return }
    for (key, value) in environment { setenv(key, value, 1) }
    var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
    execv("/proc/self/exe", &arguments)
    // Without /proc the worker goes on and names the class that it has; the coordinator gives it no training then.
  }
}
