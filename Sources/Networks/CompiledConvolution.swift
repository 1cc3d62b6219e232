internal import Models
internal import Pruning

/// One convolution of a candidate, ready for the kernels: nonzero lists if it is sparse, masked weights if it is dense.
///
/// Its memory is reserved once and used again for each candidate. Channels, rows and columns of the window ascend in
/// every sum, whatever the form.
final class CompiledConvolution {
  private let places: Kernels.Places
  private let kernels: Kernels
  private let weights: UnsafePointer<Float>
  private let maskRange: Range<Int>?
  private let bias: UnsafePointer<Float>?
  private let scale: AlignedBuffer<Float>?
  private let shift: AlignedBuffer<Float>?
  private let groups: Int
  private let inputsPerGroup: Int
  private let outputsPerGroup: Int
  /// Weights of one output channel.
  private let taps: Int
  /// For each tap, floats from the beginning of a window to the value that it multiplies.
  private let offsets: AlignedBuffer<UInt32>
  /// Taps that one pass over the output channels reads, so that their inputs stay in the first-level cache.
  private let chunk: Int
  /// The number of passes for the candidate.
  private var chunkCount = 1
  private let unfinished: AlignedBuffer<Float>
  private let starts: AlignedBuffer<UInt32>
  private let listed: AlignedBuffer<UInt32>
  private let values: AlignedBuffer<Float>
  private let masked: AlignedBuffer<Float>
  private let denseTile: Kernels.Tile
  private let sparseTile: Kernels.Tile
  /// The weights as the dense kernel reads them: by group, then tile of channels, [taps][channels of the tile].
  private let packed: AlignedBuffer<Float>
  /// Weights of one group in ``packed``.
  private let packedGroup: Int
  private var form = Form.none

  private enum Form { case none, dense, maskedDense, sparse }

  /// The share of kept weights above which the dense kernel is faster: measured 0.55 with AVX2, 0.57 with AVX-512.
  ///
  /// It never changes a result.
  static let crossover = 0.55

  /// Inputs of a chunk for one tile: a little more than the first-level cache, because not all of them are read.
  private static let cachedFloats = 10_240
  /// Taps of a channel in a chunk below which loading and storing the sums costs more than the cache gains.
  private static let fewestTaps = 5

  /// `parameters` must outlive the convolution.
  init(
    weight: ParameterTensor, bias: ParameterTensor?, norm: (scale: [Float], shift: [Float])?,
    _ convolution: Convolution, places: Kernels.Places, parameters: UnsafePointer<Float>, kernels: Kernels
  ) {
    self.places = places
    self.kernels = kernels
    weights = parameters + weight.range.lowerBound
    maskRange = weight.maskRange
    self.bias = bias.map { parameters + $0.range.lowerBound }
    scale = norm.map { AlignedBuffer($0.scale) }
    shift = norm.map { AlignedBuffer($0.shift) }
    groups = convolution.groups
    inputsPerGroup = weight.shape[1]
    outputsPerGroup = weight.shape[0] / groups
    let window = convolution.window
    taps = inputsPerGroup * window.height * window.width
    let image = places.inputs
    var offsets: [UInt32] = []
    for channel in 0..<inputsPerGroup {
      for row in 0..<window.height {
        for column in 0..<window.width {
          offsets.append(
            UInt32(channel * image.channelStride + row * image.rowStride + column * Kernels.imageLanes))
        }
      }
    }
    self.offsets = AlignedBuffer(offsets)
    denseTile = kernels.tile(outputsPerGroup, places.outputs, sparse: false)
    sparseTile = kernels.tile(outputsPerGroup, places.outputs, sparse: true)
    let isAlwaysSparse = outputsPerGroup == 1
    let tall = denseTile.channels
    packedGroup = isAlwaysSparse ? 0 : (outputsPerGroup + tall - 1) / tall * tall * taps
    packed = AlignedBuffer(count: groups * packedGroup)
    let listable = isAlwaysSparse ? weight.range.count : Int(Double(maskRange?.count ?? 0) * Self.crossover)
    let area = window.height * window.width
    chunk = max(Self.cachedFloats / sparseTile.inputCount(window), 1) * area
    let mostChunks = (taps + chunk - 1) / chunk
    unfinished = AlignedBuffer(count: mostChunks > 1 ? weight.shape[0] * sparseTile.count : 0)
    starts = AlignedBuffer(count: mostChunks * weight.shape[0] + 1)
    listed = AlignedBuffer(count: listable)
    values = AlignedBuffer(count: listable)
    masked = AlignedBuffer(count: isAlwaysSparse ? 0 : maskRange?.count ?? 0)
  }

  /// Takes over a candidate's bits; nil keeps every weight.
  ///
  /// - Complexity: linear in words plus kept weights, or in weights above the crossover.
  func compile(_ mask: Mask?) {
    guard let mask, let range = maskRange else {
      if packedGroup == 0 {
        form = .sparse
        list(values.count) { _, count in ~0 &>> UInt64(64 - count) }
      } else if form != .dense {
        form = .dense
        pack(weights)
      }
      return
    }
    let words = mask.words
    words.withUnsafeBufferPointer { words in
      let bits = BitWindow(words: words)
      let population = mask.population(in: range)
      if population <= listed.count {
        form = .sparse
        list(population) { bits.load(at: range.lowerBound + $0, count: $1) }
      } else {
        form = .maskedDense
        bits.keep(weights, from: range, into: masked.base)
        pack(masked.base)
      }
    }
  }

  /// Copies weights, [channels][taps], to where the dense kernel reads them.
  private func pack(_ weights: UnsafePointer<Float>) {
    let tall = denseTile.channels
    for group in 0..<groups {
      let (from, to) = (weights + group * outputsPerGroup * taps, packed.base + group * packedGroup)
      for tile in stride(from: 0, to: outputsPerGroup, by: tall) {
        let first = min(tile, outputsPerGroup &- tall)
        for channel in 0..<tall {
          let (row, column) = (from + (first &+ channel) &* taps, to + (tile &* taps &+ channel))
          for tap in 0..<taps { column[tap &* tall] = row[tap] }
        }
      }
    }
  }

  /// Lists the `population` kept weights; `kept` gives the bits of up to 64 weights from a position on.
  private func list(_ population: Int, _ kept: (_ position: Int, _ count: Int) -> UInt64) {
    let outputs = groups * outputsPerGroup
    let chunk = population * chunk >= Self.fewestTaps * outputs * taps ? chunk : taps
    chunkCount = (taps + chunk - 1) / chunk
    let channelStride = places.inputs.channelStride
    var (k, run) = (0, 0)
    for low in stride(from: 0, to: taps, by: chunk) {
      let high = min(low + chunk, taps)
      for output in 0..<outputs {
        starts.base[run] = UInt32(truncatingIfNeeded: k)
        run &+= 1
        let row = output &* taps
        let group = UInt32(truncatingIfNeeded: output / outputsPerGroup * inputsPerGroup * channelStride)
        for first in stride(from: low, to: high, by: 64) {
          var rest = kept(row &+ first, min(64, high - first))
          while rest != 0 {
            let tap = first &+ rest.trailingZeroBitCount
            listed.base[k] = offsets.base[tap] &+ group
            values.base[k] = weights[row &+ tap]
            k &+= 1
            rest &= rest &- 1
          }
        }
      }
    }
    starts.base[run] = UInt32(truncatingIfNeeded: k)
  }

  /// Computes all places of all channels for 16 samples.
  func run(nonfinite: UnsafeMutablePointer<Int32>) {
    let epilogue = Kernels.Epilogue(
      bias: bias, scale: scale.map { UnsafePointer($0.base) }, shift: shift.map { UnsafePointer($0.base) },
      nonfinite: nonfinite)
    switch form {
    case .none: preconditionFailure("run before compile")
    case .sparse:
      kernels.convolve(
        places, epilogue, sparseTile,
        Kernels.TapLists(
          starts: starts.base, offsets: listed.base, values: values.base, chunks: chunkCount,
          unfinished: unfinished.base))
    case .dense, .maskedDense:
      for group in 0..<groups {
        kernels.convolve(
          places, epilogue, denseTile, channels: group * outputsPerGroup..<(group + 1) * outputsPerGroup,
          from: group * inputsPerGroup, offsets: offsets.base, weights: packed.base + group * packedGroup, taps: taps)
      }
    }
  }
}
