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
  private let starts: AlignedBuffer<UInt32>
  private let listed: AlignedBuffer<UInt32>
  private let values: AlignedBuffer<Float>
  private let masked: AlignedBuffer<Float>
  private var form = Form.dense

  private enum Form { case dense, maskedDense, sparse }

  /// The share of kept weights above which the dense kernel is faster; it never changes a result.
  static let crossover = 0.5

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
    let isAlwaysSparse = outputsPerGroup == 1
    let listable = isAlwaysSparse ? weight.range.count : Int(Double(maskRange?.count ?? 0) * Self.crossover)
    starts = AlignedBuffer(count: weight.shape[0] + 1)
    listed = AlignedBuffer(count: listable)
    values = AlignedBuffer(count: listable)
    masked = AlignedBuffer(count: isAlwaysSparse ? 0 : maskRange?.count ?? 0)
  }

  /// Takes over a candidate's bits; nil keeps every weight.
  ///
  /// - Complexity: linear in words plus kept weights, or in weights above the crossover.
  func compile(_ mask: Mask?) {
    guard let mask, let range = maskRange else {
      form = outputsPerGroup == 1 ? .sparse : .dense
      if form == .sparse { list { _, _ in ~0 } }
      return
    }
    let words = mask.words
    words.withUnsafeBufferPointer { words in
      let bits = BitWindow(words: words)
      if mask.population(in: range) <= listed.count {
        form = .sparse
        list { bits.load(at: range.lowerBound + $0, count: $1) }
      } else {
        form = .maskedDense
        bits.keep(weights, from: range, into: masked.base)
      }
    }
  }

  /// Lists the kept weights; `kept` gives the bits of up to 64 weights from a position on.
  private func list(_ kept: (_ position: Int, _ count: Int) -> UInt64) {
    var k = 0
    let channelStride = places.inputs.channelStride
    for output in 0..<groups * outputsPerGroup {
      starts.base[output] = UInt32(truncatingIfNeeded: k)
      let row = output * taps
      let group = UInt32(truncatingIfNeeded: output / outputsPerGroup * inputsPerGroup * channelStride)
      for first in stride(from: 0, to: taps, by: 64) {
        let count = min(64, taps - first)
        var rest = kept(row + first, count)
        if count < 64 { rest &= (1 &<< UInt64(count)) &- 1 }
        while rest != 0 {
          let tap = first &+ rest.trailingZeroBitCount
          listed.base[k] = offsets.base[tap] &+ group
          values.base[k] = weights[row &+ tap]
          k &+= 1
          rest &= rest &- 1
        }
      }
    }
    starts.base[groups * outputsPerGroup] = UInt32(truncatingIfNeeded: k)
  }

  /// Computes all places of all channels for 16 samples.
  func run(nonfinite: UnsafeMutablePointer<Int32>) {
    let epilogue = Kernels.Epilogue(
      bias: bias, scale: scale.map { UnsafePointer($0.base) }, shift: shift.map { UnsafePointer($0.base) },
      nonfinite: nonfinite)
    switch form {
    case .sparse:
      kernels.convolve(places, epilogue, starts: starts.base, offsets: listed.base, values: values.base)
    case .dense, .maskedDense:
      let matrix = form == .dense ? weights : UnsafePointer(masked.base)
      for group in 0..<groups {
        let channels = group * outputsPerGroup..<(group + 1) * outputsPerGroup
        kernels.convolve(
          places, epilogue, channels: channels, from: group * inputsPerGroup, offsets: offsets.base,
          weights: matrix + channels.lowerBound * taps, taps: taps)
      }
    }
  }
}
