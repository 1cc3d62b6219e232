internal import CTraining

/// The training kernels of one variant, and the only way to them; `CTraining.h` says what each does.
struct TrainingKernels {
  /// Floats in a vector; arrays that kernels read have room for as many more behind their end.
  static let lanes = Int(CT_LANES)

  /// `count`, filled up to whole vectors.
  static func padded(_ count: Int) -> Int { (count + lanes - 1) / lanes * lanes }

  /// A slide of windows over images: sizes as (height, width).
  struct Pool {
    var samples = 0
    let channels: Int
    let input: (Int, Int)
    let output: (Int, Int)
    let window: (Int, Int)
    let strides: (Int, Int)
    let top: Int
    let left: Int
    let countsPadding: Bool

    fileprivate var c: ct_pool {
      ct_pool(
        samples: samples, height: input.0, width: input.1, channels: channels, out_height: output.0,
        out_width: output.1, window_height: window.0, window_width: window.1, vertical_stride: strides.0,
        horizontal_stride: strides.1, top: top, left: left, counts_padding: countsPadding ? 1 : 0)
    }
  }

  /// How images are put into larger ones of zeros; sizes and steps as (height, width).
  struct Placement {
    var samples: Int
    let channels: Int
    let from: (Int, Int)
    let to: (Int, Int)
    let top: Int
    let left: Int
    let steps: (Int, Int)

    /// One image taken out of its border again.
    var removed: Placement {
      Placement(samples: 1, channels: channels, from: to, to: from, top: -top, left: -left, steps: (1, 1))
    }

    fileprivate var c: ct_placement {
      ct_placement(
        samples: samples, height: from.0, width: from.1, channels: channels, to_height: to.0, to_width: to.1, top: top,
        left: left, vertical_step: steps.0, horizontal_step: steps.1)
    }
  }

  /// Where a convolution finds its inputs: tap k of place p is x[places[p] + taps[k]].
  struct Windows {
    var x: UnsafePointer<Float>
    let places: UnsafePointer<Int>
    let count: Int
    let taps: UnsafePointer<Int>
    /// The number of taps.
    let depth: Int

    fileprivate var c: ct_windows { ct_windows(x: x, places: places, count: count, taps: taps, depth: depth) }
  }

  /// What an optimizer's kernels have in common; `keep` has all ones where a value may change, 0 elsewhere.
  struct Step {
    let count: Int
    let gradient: UnsafePointer<Float>
    let keep: UnsafePointer<UInt32>?
    let l1: Float
    var l2: Float
    var rate: Float

    fileprivate var c: ct_step {
      ct_step(count: count, gradient: gradient, keep: keep, l1: l1, l2: l2, rate: rate)
    }
  }

  typealias Source = UnsafePointer<Float>
  typealias Target = UnsafeMutablePointer<Float>

  private let table: ct_kernels

  /// - Precondition: this processor runs the variant.
  init(_ variant: KernelVariant = .best) {
    precondition(KernelVariant.available.contains(variant), "this processor does not run \(variant) kernels")
    switch variant {
    case .baseline: table = ct_baseline
    case .v3: table = ct_v3
    case .v4: table = ct_v4
    }
  }

  func add(_ x: Source, _ count: Int, to y: Target) { table.add(x, count, y) }
  func multiply(_ x: Source, _ count: Int, into y: Target) { table.multiply(x, count, y) }
  func relu(_ x: Source, _ count: Int, _ y: Target) { table.relu(x, count, y) }
  func reluBackward(_ y: Source, _ dy: Source, _ count: Int, _ dx: Target) { table.relu_backward(y, dy, count, dx) }

  func sumRows(_ x: Source, _ rows: Int, _ channels: Int, _ sums: UnsafeMutablePointer<Double>) {
    table.sum_rows(x, rows, channels, sums)
  }

  func moments(
    _ x: Source, _ rows: Int, _ channels: Int, origin: Source, _ sums: UnsafeMutablePointer<Double>,
    _ squares: UnsafeMutablePointer<Double>
  ) { table.moments(x, rows, channels, origin, sums, squares) }

  func normalize(
    _ x: Source, _ rows: Int, _ channels: Int, mean: Source, scale: Source, shift: Source, _ y: Target
  ) { table.normalize(x, rows, channels, mean, scale, shift, y) }

  func normalizeSums(
    _ x: Source, _ dy: Source, _ rows: Int, _ channels: Int, mean: Source, _ sums: UnsafeMutablePointer<Double>,
    _ products: UnsafeMutablePointer<Double>
  ) { table.normalize_sums(x, dy, rows, channels, mean, sums, products) }

  func normalizeBackward(
    _ x: Source, _ dy: Source, _ rows: Int, _ channels: Int, mean: Source, scale: Source, a: Source, b: Source,
    _ dx: Target
  ) { table.normalize_backward(x, dy, rows, channels, mean, scale, a, b, dx) }

  func maxPool(_ pool: Pool, _ x: Source, _ y: Target, taps: UnsafeMutablePointer<Int32>) {
    withUnsafePointer(to: pool.c) { table.max_pool($0, x, y, taps) }
  }
  func maxPoolBackward(_ pool: Pool, _ dy: Source, taps: UnsafePointer<Int32>, _ dx: Target) {
    withUnsafePointer(to: pool.c) { table.max_pool_backward($0, dy, taps, dx) }
  }
  func averagePool(_ pool: Pool, _ x: Source, _ y: Target) {
    withUnsafePointer(to: pool.c) { table.average_pool($0, x, y) }
  }
  func averagePoolBackward(_ pool: Pool, _ dy: Source, _ dx: Target) {
    withUnsafePointer(to: pool.c) { table.average_pool_backward($0, dy, dx) }
  }

  func place(_ placement: Placement, _ x: Source, _ y: Target) {
    withUnsafePointer(to: placement.c) { table.place($0, x, y) }
  }
  func transpose(_ x: Source, rows: Int, columns: Int, _ y: Target) { table.transpose(x, rows, columns, y) }

  func convolve(
    _ windows: Windows, weights: Source, width: Int, outputs: Int, bias: Source?, _ y: Target, stride: Int
  ) { withUnsafePointer(to: windows.c) { table.convolve($0, weights, width, outputs, bias, y, stride) } }

  func correlate(_ windows: Windows, _ dy: Source, stride: Int, width: Int, _ weights: Target) {
    withUnsafePointer(to: windows.c) { table.correlate($0, dy, stride, width, weights) }
  }

  func scatter(_ windows: Windows, run: Int, _ columns: Source, width: Int, _ y: Target) {
    withUnsafePointer(to: windows.c) { table.scatter($0, run, columns, width, y) }
  }

  func convolveChannels(
    _ windows: Windows, weights: Source, width: Int, channels: Int, bias: Source?, _ y: Target, stride: Int
  ) { withUnsafePointer(to: windows.c) { table.convolve_channels($0, weights, width, channels, bias, y, stride) } }

  func correlateChannels(
    _ windows: Windows, _ dy: Source, stride: Int, width: Int, channels: Int, _ weights: Target
  ) { withUnsafePointer(to: windows.c) { table.correlate_channels($0, dy, stride, width, channels, weights) } }

  func descend(_ step: Step, momentum: Float, nesterov: Bool, velocity: Target?, _ w: Target) {
    withUnsafePointer(to: step.c) { table.descend($0, momentum, nesterov ? 1 : 0, velocity, w) }
  }
  func adapt(
    _ step: Step, beta1: Float, beta2: Float, correction: Float, epsilon: Float, shrink: Float, m: Target, v: Target,
    _ w: Target
  ) { withUnsafePointer(to: step.c) { table.adapt($0, beta1, beta2, correction, epsilon, shrink, m, v, w) } }
}
