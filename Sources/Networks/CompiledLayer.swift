internal import Models
internal import Pruning

/// One dense layer of a candidate, ready for the kernels: nonzero lists if it is sparse, masked weights if it is dense.
///
/// Its memory is reserved once and used again for each candidate.
final class CompiledLayer {
  let inputs: Int
  let outputs: Int
  private let relu: Bool
  private let weights: UnsafePointer<Float>
  /// Zeros for a layer without bias.
  private let bias: UnsafePointer<Float>
  private let zeros: AlignedBuffer<Float>
  private let maskRange: Range<Int>?
  private let kernels: Kernels

  /// Inputs read by each pass but the last.
  let chunk: Int
  /// The number of passes that the layer takes.
  let chunkCount: Int
  /// Runs by chunk, then neuron: run r = chunk · outputs + neuron is `starts[r]..<starts[r + 1]`.
  private let starts: AlignedBuffer<UInt32>
  /// Inputs within their chunk.
  private let rows: AlignedBuffer<UInt32>
  private let values: AlignedBuffer<Float>
  private let masked: AlignedBuffer<Float>
  private var form = Form.dense

  private enum Form { case dense, maskedDense, sparse }

  /// The share of kept weights above which the dense kernel is faster: measured 0.55 with AVX2, 0.6 with AVX-512.
  ///
  /// It never changes a result.
  static let crossover = 0.55

  /// `parameters` must outlive the layer.
  init(
    weight: ParameterTensor, bias: ParameterTensor?, relu: Bool, parameters: UnsafePointer<Float>, kernels: Kernels
  ) {
    (outputs, inputs) = (weight.shape[0], weight.shape[1])
    self.relu = relu
    self.kernels = kernels
    weights = parameters + weight.range.lowerBound
    zeros = AlignedBuffer(count: bias == nil ? outputs : 0)
    self.bias = bias.map { parameters + $0.range.lowerBound } ?? UnsafePointer(zeros.base)
    maskRange = weight.maskRange
    chunk = Kernels.chunk(inputs)
    chunkCount = (inputs + chunk - 1) / chunk
    let maskable = maskRange?.count ?? 0
    let sparsest = Int(Double(maskable) * Self.crossover)
    starts = AlignedBuffer(count: maskable == 0 ? 0 : chunkCount * outputs + 1)
    rows = AlignedBuffer(count: sparsest)
    values = AlignedBuffer(count: sparsest)
    masked = AlignedBuffer(count: maskable)
  }

  /// Takes over a candidate's bits; nil keeps every weight.
  ///
  /// - Complexity: linear in words plus kept weights, or in weights above the crossover.
  func compile(_ mask: Mask?) {
    guard let mask, let range = maskRange else {
      form = .dense
      return
    }
    let words = mask.words
    words.withUnsafeBufferPointer { words in
      let bits = BitWindow(words: words)
      if mask.population(in: range) <= rows.count {
        form = .sparse
        list(bits, from: range.lowerBound)
      } else {
        form = .maskedDense
        bits.keep(weights, from: range, into: masked.base)
      }
    }
  }

  private func list(_ bits: BitWindow, from start: Int) {
    var run = 0
    var k = 0
    for low in stride(from: 0, to: inputs, by: chunk) {
      let high = min(low + chunk, inputs)
      for neuron in 0..<outputs {
        starts.base[run] = UInt32(truncatingIfNeeded: k)
        run &+= 1
        let row = neuron &* inputs
        for first in stride(from: low, to: high, by: 64) {
          var rest = bits.load(at: start &+ row &+ first, count: min(64, high - first))
          while rest != 0 {
            let input = first &+ rest.trailingZeroBitCount
            rows.base[k] = UInt32(truncatingIfNeeded: input &- low)
            values.base[k] = weights[row &+ input]
            k &+= 1
            rest &= rest &- 1
          }
        }
      }
    }
    starts.base[run] = UInt32(truncatingIfNeeded: k)
  }

  /// Runs one pass: `x` is that chunk as [features of the chunk][lanes], `y` is [outputs][lanes].
  func run(
    pass number: Int, inputs x: UnsafePointer<Float>, outputs y: UnsafeMutablePointer<Float>,
    nonfinite: UnsafeMutablePointer<Int32>
  ) {
    let pass = Kernels.Pass(
      inputs: x, outputs: y, neurons: outputs, bias: number == 0 ? bias : nil,
      nonfinite: number == chunkCount - 1 ? nonfinite : nil, relu: relu)
    switch form {
    case .sparse:
      kernels.sparse(pass, starts: starts.base + number * outputs, rows: rows.base, values: values.base)
    case .dense, .maskedDense:
      let first = number * chunk
      let matrix = form == .dense ? weights : UnsafePointer(masked.base)
      kernels.dense(
        pass, weights: matrix + first, stride: inputs, features: min(chunk, inputs - first))
    }
  }
}
