internal import Models
internal import Pruning

/// One layer of a candidate, ready for the kernels: nonzero lists if it is sparse, masked weights if it is dense.
///
/// Its memory is reserved once and used again for each candidate.
final class CompiledLayer {
  let stage: DenseStack.Stage
  private let weights: UnsafePointer<Float>
  private let bias: UnsafePointer<Float>
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
  init(_ stage: DenseStack.Stage, parameters: UnsafePointer<Float>, kernels: Kernels) {
    self.stage = stage
    self.kernels = kernels
    weights = parameters + stage.weight
    bias = parameters + stage.bias
    chunk = Kernels.chunk(stage.inputs)
    chunkCount = (stage.inputs + chunk - 1) / chunk
    let maskable = stage.maskRange == nil ? 0 : stage.weightCount
    let sparsest = Int(Double(maskable) * Self.crossover)
    starts = AlignedBuffer(count: maskable == 0 ? 0 : chunkCount * stage.outputs + 1)
    rows = AlignedBuffer(count: sparsest)
    values = AlignedBuffer(count: sparsest)
    masked = AlignedBuffer(count: maskable)
  }

  /// Takes over a candidate's bits; nil keeps every weight.
  ///
  /// - Complexity: linear in words plus kept weights, or in weights above the crossover.
  func compile(_ mask: Mask?) {
    guard let mask, let range = stage.maskRange else {
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
        multiply(bits, from: range.lowerBound)
      }
    }
  }

  private func list(_ bits: BitWindow, from start: Int) {
    let inputs = stage.inputs
    var run = 0
    var k = 0
    for low in stride(from: 0, to: inputs, by: chunk) {
      let high = min(low + chunk, inputs)
      for neuron in 0..<stage.outputs {
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

  private func multiply(_ bits: BitWindow, from start: Int) {
    for first in stride(from: 0, to: stage.weightCount, by: 64) {
      let count = min(64, stage.weightCount - first)
      let word = bits.load(at: start + first, count: count)
      // Chosen by bit pattern: a removed weight is 0 whatever it was, NaN included.
      for bit in 0..<count {
        let keep = 0 &- UInt32(truncatingIfNeeded: word &>> UInt64(bit) & 1)
        masked.base[first + bit] = Float(bitPattern: weights[first + bit].bitPattern & keep)
      }
    }
  }

  /// Runs one pass: `inputs` is that chunk as [features of the chunk][lanes], `outputs` is [outputs][lanes].
  func run(
    pass number: Int, inputs: UnsafePointer<Float>, outputs: UnsafeMutablePointer<Float>,
    nonfinite: UnsafeMutablePointer<Int32>
  ) {
    let pass = Kernels.Pass(
      inputs: inputs, outputs: outputs, neurons: stage.outputs, bias: number == 0 ? bias : nil,
      nonfinite: number == chunkCount - 1 ? nonfinite : nil, relu: stage.relu)
    switch form {
    case .sparse:
      kernels.sparse(pass, starts: starts.base + number * stage.outputs, rows: rows.base, values: values.base)
    case .dense, .maskedDense:
      let first = number * chunk
      let matrix = form == .dense ? weights : UnsafePointer(masked.base)
      kernels.dense(
        pass, weights: matrix + first, stride: stage.inputs, features: min(chunk, stage.inputs - first))
    }
  }
}

/// Up to 64 bits read from any position of packed words.
private struct BitWindow {
  let words: UnsafeBufferPointer<UInt64>

  /// The `count` (1 to 64) bits from `position` on, lowest first.
  @inline(__always)
  func load(at position: Int, count: Int) -> UInt64 {
    let index = position &>> 6
    let shift = UInt64(position & 63)
    var bits = words[index] &>> shift
    if Int(shift) &+ count > 64 { bits |= words[index &+ 1] &<< (64 &- shift) }
    return count == 64 ? bits : bits & ((1 &<< UInt64(count)) &- 1)
  }
}
