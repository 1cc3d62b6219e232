internal import CKernels

/// A build of the evaluation kernels for one level of x86-64; all give the same bits.
package enum KernelVariant: String, CaseIterable, Sendable {
  /// Runs everywhere; without FMA hardware, or compiled without knowing of it, tens of times slower.
  case baseline
  /// AVX2 and FMA.
  case v3
  /// AVX-512.
  case v4

  /// The variants that this processor runs, slowest first.
  package static var available: [KernelVariant] {
    switch ck_level() {
    case 4: [.baseline, .v3, .v4]
    case 3: [.baseline, .v3]
    default: [.baseline]
    }
  }

  /// The fastest variant that this processor runs.
  package static let best: KernelVariant = available.last ?? .baseline
}

/// The kernels of one variant, and the only way to them.
struct Kernels {
  /// Samples computed side by side.
  static let lanes = Int(CK_LANES)

  /// Inputs that each pass but the last reads, for a layer of `inputs`: as even as the first-level cache allows.
  static func chunk(_ inputs: Int) -> Int {
    let passes = (inputs + Int(CK_CHUNK) - 1) / Int(CK_CHUNK)
    return (inputs + passes - 1) / passes
  }

  /// One pass over a chunk of a layer's inputs; see `ck_pass`.
  struct Pass {
    let inputs: UnsafePointer<Float>
    let outputs: UnsafeMutablePointer<Float>
    let neurons: Int
    let bias: UnsafePointer<Float>?
    let nonfinite: UnsafeMutablePointer<Int32>?
    let relu: Bool

    fileprivate var c: ck_pass {
      ck_pass(
        inputs: inputs, outputs: outputs, neurons: neurons, bias: bias, nonfinite: nonfinite, relu: relu ? 1 : 0)
    }
  }

  private let sparseKernel:
    @convention(c) (UnsafePointer<ck_pass>?, UnsafePointer<UInt32>?, UnsafePointer<UInt32>?, UnsafePointer<Float>?) ->
      Void
  private let denseKernel: @convention(c) (UnsafePointer<ck_pass>?, UnsafePointer<Float>?, Int, Int) -> Void
  private let expandKernel: @convention(c) (UnsafePointer<UInt8>?, Float, Int, UnsafeMutablePointer<Float>?) -> Void
  private let scoreKernel:
    @convention(c) (UnsafePointer<Float>?, Int, UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<Double>?) -> Int

  /// - Precondition: this processor runs the variant.
  init(_ variant: KernelVariant) {
    precondition(KernelVariant.available.contains(variant), "this processor does not run \(variant) kernels")
    switch variant {
    case .baseline:
      (sparseKernel, denseKernel) = (ck_sparse_baseline, ck_dense_baseline)
      (expandKernel, scoreKernel) = (ck_expand_baseline, ck_score_baseline)
    case .v3:
      (sparseKernel, denseKernel) = (ck_sparse_v3, ck_dense_v3)
      (expandKernel, scoreKernel) = (ck_expand_v3, ck_score_v3)
    case .v4:
      (sparseKernel, denseKernel) = (ck_sparse_v4, ck_dense_v4)
      (expandKernel, scoreKernel) = (ck_expand_v4, ck_score_v4)
    }
  }

  /// Adds `values[k]` × input `rows[k]` for k in `starts[n]..<starts[n + 1]` to each neuron n, in that order.
  func sparse(
    _ pass: Pass, starts: UnsafePointer<UInt32>, rows: UnsafePointer<UInt32>, values: UnsafePointer<Float>
  ) {
    var c = pass.c
    sparseKernel(&c, starts, rows, values)
  }

  /// Adds `weights[n · stride + i]` × input i for i in `0..<features` to each neuron n, in that order.
  func dense(_ pass: Pass, weights: UnsafePointer<Float>, stride: Int, features: Int) {
    var c = pass.c
    denseKernel(&c, weights, stride, features)
  }

  /// Writes byte / scale, rounded once, for each of `count` bytes.
  func expand(_ bytes: UnsafePointer<UInt8>, scale: Float, count: Int, into values: UnsafeMutablePointer<Float>) {
    expandKernel(bytes, scale, count, values)
  }

  /// Adds the losses of the first `count` lanes to `loss` in order, and returns how many were right.
  ///
  /// `logits`: [classes][lanes], all finite; `labels`: [count].
  func score(
    _ logits: UnsafePointer<Float>, classes: Int, labels: UnsafePointer<UInt8>, count: Int, loss: inout Double
  ) -> Int {
    scoreKernel(logits, classes, labels, count, &loss)
  }
}
