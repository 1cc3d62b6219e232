package import Digests

/// How a network is trained: mini-batch SGD with momentum and L2 on softmax cross-entropy.
package struct TrainingRecipe: Hashable, Sendable {
  package var epochs: Int
  package var batchSize: Int
  package var learningRate: Double
  package var momentum: Double
  /// The factor of ½‖w‖² over weights; biases are not decayed.
  package var l2: Double

  package init(
    epochs: Int = 20, batchSize: Int = 64, learningRate: Double = 0.02, momentum: Double = 0.9, l2: Double = 1e-4
  ) {
    self.epochs = epochs
    self.batchSize = batchSize
    self.learningRate = learningRate
    self.momentum = momentum
    self.l2 = l2
  }

  package func append(to bytes: inout CanonicalBytes) {
    bytes.append(epochs)
    bytes.append(batchSize)
    bytes.append(learningRate)
    bytes.append(momentum)
    bytes.append(l2)
  }
}

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
