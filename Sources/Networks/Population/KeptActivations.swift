internal import Pruning

/// What a network of dense layers computes on all samples under one mask, kept for masks that differ little from it.
final class KeptActivations {
  var mask: Mask
  /// [blocks][neurons of all layers but the last][lanes].
  let values: AlignedBuffer<Float>
  /// By sample, in the data's own order.
  let losses: AlignedBuffer<Double>
  /// By block: how many labels were right; nil where that and the block's losses are not those of the activations.
  var correct: [Int?]
  /// The floats of a block.
  private let blockSize: Int

  init(_ mask: Mask, neurons: Int, samples: Int) {
    self.mask = mask
    blockSize = neurons * Kernels.lanes
    let blocks = Self.blocks(samples)
    values = AlignedBuffer(count: blocks * blockSize)
    losses = AlignedBuffer(count: samples)
    correct = Array(repeating: nil, count: blocks)
  }

  /// A block's activations: [neurons][lanes].
  func block(_ number: Int) -> UnsafeMutablePointer<Float> { values.base + number * blockSize }

  /// The memory that one takes, in bytes.
  static func size(neurons: Int, samples: Int) -> Int {
    blocks(samples) * neurons * Kernels.lanes * MemoryLayout<Float>.stride + samples * MemoryLayout<Double>.stride
  }

  static func blocks(_ samples: Int) -> Int { (samples + Kernels.lanes - 1) / Kernels.lanes }
}
