internal import CKernels
internal import Models

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

  /// Whether masks can be evaluated together by code that is made for them: with AVX-512, where the system allows it.
  package var assembles: Bool { self == .v4 && CodeMemory.isAllowed }
}

/// The kernels of one variant, and the only way to them.
struct Kernels {
  /// Samples computed side by side in layers of features.
  static let lanes = Int(CK_LANES)
  /// Samples computed side by side in layers of images, whose values would not fit the cache otherwise.
  static let imageLanes = 16

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

  /// Whether code can be made for masks.
  let assembles: Bool
  /// The share of kept weights above which the dense convolution is faster, as measured; it never changes a result.
  let convolutionCrossover: Double

  private let sparseKernel:
    @convention(c) (UnsafePointer<ck_pass>?, UnsafePointer<UInt32>?, UnsafePointer<UInt32>?, UnsafePointer<Float>?) ->
      Void
  private let denseKernel: @convention(c) (UnsafePointer<ck_pass>?, UnsafePointer<Float>?, Int, Int) -> Void
  private let expandKernel: @convention(c) (UnsafePointer<UInt8>?, Float, Int, UnsafeMutablePointer<Float>?) -> Void
  private let expandRowsKernel:
    @convention(c) (UnsafePointer<UInt8>?, Float, UnsafePointer<UInt32>?, Int, UnsafeMutablePointer<Float>?) -> Void
  private let exchangeKernel:
    @convention(c) (
      UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Float>?, UnsafePointer<UInt32>?, Int,
      UnsafeMutablePointer<UInt32>?
    ) -> Int
  private let normalizeKernel: @convention(c) (Float, Float, Int, UnsafeMutablePointer<Float>?) -> Void
  private let lossKernel:
    @convention(c) (UnsafePointer<Float>?, Int, UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<Double>?) -> Int
  private let sumKernel: @convention(c) (UnsafePointer<ck_runs>?, UnsafePointer<ck_run>?, Int) -> Void
  private let filterKernel:
    @convention(c) (UnsafePointer<ck_filter>?, UnsafePointer<ck_run>?, Int, UnsafeMutablePointer<ck_run>?) -> Void
  private let sparseConvolution:
    @convention(c) (
      UnsafePointer<ck_convolution>?, UnsafePointer<UInt32>?, UnsafePointer<UInt32>?, UnsafePointer<Float>?, Int,
      UnsafeMutablePointer<Float>?
    ) -> Void
  private let denseConvolution:
    @convention(c) (UnsafePointer<ck_convolution>?, UnsafePointer<UInt32>?, UnsafePointer<Float>?, Int) -> Void
  private let tileKernel: @convention(c) (Int, Int, Int, Int32) -> ck_tile
  private let poolKernel: @convention(c) (UnsafePointer<ck_pool>?) -> Void
  private let mapKernel:
    @convention(c) (
      Int32, Float, Float, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int, UnsafeMutablePointer<Int32>?, Int
    ) -> Void
  private let addKernel:
    @convention(c) (
      UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int, UnsafeMutablePointer<Int32>?, Int
    ) -> Void
  private let softmaxKernel:
    @convention(c) (
      UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int, Int32, UnsafeMutablePointer<Int32>?
    ) -> Void

  /// - Precondition: this processor runs the variant.
  init(_ variant: KernelVariant) {
    precondition(KernelVariant.available.contains(variant), "this processor does not run \(variant) kernels")
    assembles = variant.assembles
    convolutionCrossover = variant == .v4 ? 0.72 : 0.6
    switch variant {
    case .baseline:
      (sparseKernel, denseKernel) = (ck_sparse_baseline, ck_dense_baseline)
      (expandKernel, normalizeKernel, lossKernel) = (ck_expand_baseline, ck_normalize_baseline, ck_losses_baseline)
      (sumKernel, filterKernel) = (ck_sum_baseline, ck_filter_baseline)
      (expandRowsKernel, exchangeKernel) = (ck_expand_rows_baseline, ck_exchange_baseline)
      (sparseConvolution, denseConvolution) = (ck_convolve_sparse_baseline, ck_convolve_dense_baseline)
      tileKernel = ck_tile_baseline
      (poolKernel, mapKernel, addKernel, softmaxKernel) = (
        ck_pool_baseline, ck_map_baseline, ck_add_baseline, ck_softmax_baseline
      )
    case .v3:
      (sparseKernel, denseKernel) = (ck_sparse_v3, ck_dense_v3)
      (expandKernel, normalizeKernel, lossKernel) = (ck_expand_v3, ck_normalize_v3, ck_losses_v3)
      (sumKernel, filterKernel) = (ck_sum_v3, ck_filter_v3)
      (expandRowsKernel, exchangeKernel) = (ck_expand_rows_v3, ck_exchange_v3)
      (sparseConvolution, denseConvolution) = (ck_convolve_sparse_v3, ck_convolve_dense_v3)
      tileKernel = ck_tile_v3
      (poolKernel, mapKernel, addKernel, softmaxKernel) = (ck_pool_v3, ck_map_v3, ck_add_v3, ck_softmax_v3)
    case .v4:
      (sparseKernel, denseKernel) = (ck_sparse_v4, ck_dense_v4)
      (expandKernel, normalizeKernel, lossKernel) = (ck_expand_v4, ck_normalize_v4, ck_losses_v4)
      (sumKernel, filterKernel) = (ck_sum_v4, ck_filter_v4)
      (expandRowsKernel, exchangeKernel) = (ck_expand_rows_v4, ck_exchange_v4)
      (sparseConvolution, denseConvolution) = (ck_convolve_sparse_v4, ck_convolve_dense_v4)
      tileKernel = ck_tile_v4
      (poolKernel, mapKernel, addKernel, softmaxKernel) = (ck_pool_v4, ck_map_v4, ck_add_v4, ck_softmax_v4)
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

  /// The softmax cross-entropy of each lane, and how many of the first `count` were right.
  ///
  /// `logits`: [classes][lanes], all finite; `labels`: [count]; `losses`: [lanes].
  func losses(
    _ logits: UnsafePointer<Float>, classes: Int, labels: UnsafePointer<UInt8>, count: Int,
    into losses: UnsafeMutablePointer<Double>
  ) -> Int { lossKernel(logits, classes, labels, count, losses) }

  /// A part of one neuron's chain; laid out as `ck_run`, which stands behind this type alone.
  struct Run {
    /// Its first entry.
    var start: UInt32
    var count: UInt32
    /// The row of the sum that it goes on from, in bytes; in a first part the neuron.
    var source: UInt32
    /// The row where its sum is stored, in bytes.
    var target: UInt32
  }

  /// What the runs of a layer read and write.
  struct Rows {
    let inputs: UnsafePointer<Float>
    let offsets: UnsafePointer<UInt32>
    let weights: UnsafePointer<Float>
    let values: UnsafeMutablePointer<Float>
    /// Where chains begin; nil for parts that go on.
    let bias: UnsafePointer<Float>?
    /// [lanes] where chains end, nil elsewhere.
    let nonfinite: UnsafeMutablePointer<Int32>?
    let relu: Bool
  }

  /// Computes runs of one layer; see `ck_runs`.
  func sum(_ runs: [Run], _ rows: Rows) {
    var c = ck_runs(
      inputs: rows.inputs, offsets: rows.offsets, weights: rows.weights, values: rows.values, bias: rows.bias,
      nonfinite: rows.nonfinite, relu: rows.relu ? 1 : 0)
    runs.withUnsafeBytes { runs in
      guard let first = runs.baseAddress else { return }
      sumKernel(&c, first.assumingMemoryBound(to: ck_run.self), runs.count / MemoryLayout<ck_run>.stride)
    }
  }

  /// The same runs without entries whose input is zero in every lane, and those entries in memory of their own; see
  /// `ck_filter`.
  ///
  /// - Parameters:
  ///   - live: 1,024 bits at least, for inputs from `first` on.
  ///   - liveOffsets: room for all entries and 16 more; `liveWeights` likewise.
  func filter(
    _ runs: [Run], offsets: UnsafePointer<UInt32>, weights: UnsafePointer<Float>, live: [UInt64], first: Int,
    into liveOffsets: UnsafeMutablePointer<UInt32>, _ liveWeights: UnsafeMutablePointer<Float>
  ) -> [Run] {
    precondition(live.count >= 16)
    var some = [Run](repeating: Run(start: 0, count: 0, source: 0, target: 0), count: runs.count)
    live.withUnsafeBytes { live in
      var c = ck_filter(
        offsets: offsets, weights: weights, live: live.baseAddress!.assumingMemoryBound(to: UInt32.self),
        first: UInt32(first), live_offsets: liveOffsets, live_weights: liveWeights)
      runs.withUnsafeBytes { runs in
        some.withUnsafeMutableBytes { some in
          guard let all = runs.baseAddress, let some = some.baseAddress else { return }
          filterKernel(
            &c, all.assumingMemoryBound(to: ck_run.self), runs.count / MemoryLayout<ck_run>.stride,
            some.assumingMemoryBound(to: ck_run.self))
        }
      }
    }
    return some
  }

  /// Writes byte / scale, rounded once, for the listed rows of [rows][lanes] to the same places.
  func expand(
    _ bytes: UnsafePointer<UInt8>, scale: Float, rows: AlignedBuffer<UInt32>, count: Int,
    into values: UnsafeMutablePointer<Float>
  ) { expandRowsKernel(bytes, scale, rows.base, count, values) }

  /// Brings memory that will be needed soon nearer.
  func prefetch(_ values: UnsafePointer<Float>, count: Int) {
    ck_prefetch(values, count * MemoryLayout<Float>.stride)
  }

  /// Exchanges the listed rows of `kept` with the first ones of `fresh`.
  ///
  /// - Parameters:
  ///   - rows: `count` numbers, none twice.
  ///   - changed: gets those rows whose bits are not the same; has room for `count`.
  /// - Returns: how many those are.
  func exchange(
    _ kept: UnsafeMutablePointer<Float>, _ fresh: UnsafeMutablePointer<Float>, rows: UnsafePointer<UInt32>, count: Int,
    changed: UnsafeMutablePointer<UInt32>
  ) -> Int { exchangeKernel(kept, fresh, rows, count, changed) }

  /// Makes each value (value − mean) / deviation.
  func normalize(_ values: UnsafeMutablePointer<Float>, count: Int, mean: Float, deviation: Float) {
    normalizeKernel(mean, deviation, count, values)
  }

  /// A function of each value; `count` is a multiple of 16, a place or feature has 16 · `cycle` lanes.
  func map(
    _ function: Function, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int,
    nonfinite: UnsafeMutablePointer<Int32>, cycle: Int
  ) {
    let (kind, a, b): (Int, Float, Float) =
      switch function {
      case .copy: (CK_COPY, 0, 0)
      case .affine(let scale, let shift): (CK_AFFINE, scale, shift)
      case .activation(.relu): (CK_RELU, 0, 0)
      case .activation(.leakyRelu(let slope)): (CK_LEAKY_RELU, slope, 0)
      case .activation(.sigmoid): (CK_SIGMOID, 0, 0)
      case .activation(.tanh): (CK_TANH, 0, 0)
      case .activation(.clip(let low, let high)): (CK_CLIP, low, high)
      }
    mapKernel(Int32(kind), a, b, x, y, count, nonfinite, cycle)
  }

  /// What ``map(_:_:into:count:nonfinite:cycle:)`` computes.
  enum Function {
    case copy
    /// x · scale + shift, rounded once.
    case affine(scale: Float, shift: Float)
    case activation(Activation)
  }

  /// Adds x to y.
  func add(
    _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count: Int, nonfinite: UnsafeMutablePointer<Int32>,
    cycle: Int
  ) { addKernel(x, y, count, nonfinite, cycle) }

  /// Softmax or its logarithm over [classes][lanes].
  func softmax(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, classes: Int, logarithmic: Bool,
    nonfinite: UnsafeMutablePointer<Int32>
  ) { softmaxKernel(x, y, classes, logarithmic ? 1 : 0, nonfinite) }

  /// Where a convolution reads and writes, and what comes behind its sums.
  struct Places {
    let inputs: Image
    let outputs: Image
    /// What is added behind batch normalisation.
    let summand: Image?
    let window: Window
    let relu: Bool

    /// The convolution of some output channels, whose windows begin in input channel `from`.
    fileprivate func c(_ channels: Range<Int>, from: Int, _ epilogue: Epilogue, _ tile: Tile) -> ck_convolution {
      let first = channels.lowerBound
      return ck_convolution(
        inputs: inputs.place(channel: from, row: -window.padding.top, column: -window.padding.left),
        input_row: inputs.rowStride * window.verticalStride, input_place: imageLanes * window.horizontalStride,
        outputs: outputs.place(channel: first, row: 0, column: 0), output_channel: outputs.channelStride,
        output_row: outputs.rowStride, channels: channels.count, height: outputs.height, width: outputs.width,
        bias: epilogue.bias.map { $0 + first }, scale: epilogue.scale.map { $0 + first },
        shift: epilogue.shift.map { $0 + first },
        summand: summand.map { UnsafePointer($0.place(channel: first, row: 0, column: 0)) },
        summand_channel: summand?.channelStride ?? 0, summand_row: summand?.rowStride ?? 0,
        nonfinite: epilogue.nonfinite, relu: relu ? 1 : 0, tile: tile.c)
    }
  }

  /// A convolution's summands that do not depend on the mask.
  struct Epilogue {
    let bias: UnsafePointer<Float>?
    let scale: UnsafePointer<Float>?
    let shift: UnsafePointer<Float>?
    let nonfinite: UnsafeMutablePointer<Int32>
  }

  /// A block of sums that stay in registers together.
  struct Tile {
    fileprivate let c: ck_tile

    var channels: Int { Int(c.channels) }
    /// Its sums for all lanes, in floats.
    var count: Int { Int(c.channels * c.rows * c.columns) * imageLanes }

    /// Floats of one input channel that the tile's windows cover.
    func inputCount(_ window: Window) -> Int {
      ((Int(c.rows) - 1) * window.verticalStride + window.height)
        * ((Int(c.columns) - 1) * window.horizontalStride + window.width) * imageLanes
    }
  }

  /// The best tile for a convolution of this many output channels; of one channel if `sparse`.
  func tile(_ channels: Int, _ outputs: Image, sparse: Bool) -> Tile {
    Tile(c: tileKernel(channels, outputs.height, outputs.width, sparse ? 1 : 0))
  }

  /// The taps of a convolution in lists, by chunk, then output channel.
  struct TapLists {
    /// Run r = chunk · channels + channel is `starts[r]..<starts[r + 1]`.
    let starts: UnsafePointer<UInt32>
    /// From the beginning of a window to the tap's input.
    let offsets: UnsafePointer<UInt32>
    let values: UnsafePointer<Float>
    let chunks: Int
    /// Room for the sums of one tile of all channels between two chunks.
    let unfinished: UnsafeMutablePointer<Float>
  }

  /// A convolution by lists.
  func convolve(_ places: Places, _ epilogue: Epilogue, _ tile: Tile, _ lists: TapLists) {
    var c = places.c(0..<places.outputs.channels, from: 0, epilogue, tile)
    sparseConvolution(&c, lists.starts, lists.offsets, lists.values, lists.chunks, lists.unfinished)
  }

  /// A dense convolution of output channels `channels`, whose windows begin in input channel `from`.
  ///
  /// `weights`: tile by tile of channels, [taps][channels of the tile]; the last tile ends with the last channel.
  func convolve(
    _ places: Places, _ epilogue: Epilogue, _ tile: Tile, channels: Range<Int>, from: Int,
    offsets: UnsafePointer<UInt32>, weights: UnsafePointer<Float>, taps: Int
  ) {
    var c = places.c(channels, from: from, epilogue, tile)
    denseConvolution(&c, offsets, weights, taps)
  }

  /// The largest value or the mean of each window, cut off at the image's edge.
  func pool(
    _ x: Image, into y: Image, window: Window, average: Bool, countsPadding: Bool,
    nonfinite: UnsafeMutablePointer<Int32>
  ) {
    var pool = ck_pool(
      inputs: x.place(channel: 0, row: 0, column: 0), input_channel: x.channelStride, input_row: x.rowStride,
      height: x.height, width: x.width, outputs: y.place(channel: 0, row: 0, column: 0),
      output_channel: y.channelStride, output_row: y.rowStride, output_height: y.height, output_width: y.width,
      channels: x.channels, window_height: window.height, window_width: window.width,
      vertical_stride: window.verticalStride, horizontal_stride: window.horizontalStride, top: window.padding.top,
      left: window.padding.left, average: average ? 1 : 0, counts_padding: countsPadding ? 1 : 0,
      nonfinite: nonfinite)
    poolKernel(&pool)
  }
}
