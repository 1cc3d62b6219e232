/// What one mask has otherwise than another whose activations are kept: rows of all blocks, one behind the other, and what
/// was judged of them.
final class Changes {
  /// By sample, in the data's own order.
  let losses: AlignedBuffer<Double>
  /// How many labels were right, by block; as many as there are blocks where nothing ended the evaluation before.
  var correct: [Int] = []
  /// Numbers of the rows, block by block.
  private var rows: [UInt32] = []
  /// Where each block's rows end.
  private var ends: [Int] = []
  /// [rows][lanes]; grows up to `mostRows`.
  private var values = AlignedBuffer<Float>(count: 0)
  private let mostRows: Int

  /// - Parameter neurons: those of a block, of all layers but the last.
  init(neurons: Int, samples: Int) {
    mostRows = KeptActivations.blocks(samples) * neurons
    losses = AlignedBuffer(count: samples)
  }

  func removeAll() {
    correct.removeAll(keepingCapacity: true)
    rows.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
  }

  /// Begins the next block.
  func beginBlock() { ends.append(rows.count) }

  /// Adds rows to the last block.
  ///
  /// - Parameters:
  ///   - numbers: `count` places among those of a layer whose first row is `first`.
  ///   - block: where they lie: [rows][lanes].
  func append(_ numbers: UnsafePointer<UInt32>, count: Int, first: Int, of block: UnsafePointer<Float>) {
    if (rows.count + count) * Kernels.lanes > values.count {
      let larger = AlignedBuffer<Float>(count: min(2 * (rows.count + count), mostRows) * Kernels.lanes)
      larger.base.update(from: values.base, count: rows.count * Kernels.lanes)
      values = larger
    }
    for index in 0..<count {
      let row = first &+ Int(numbers[index])
      (values.base + rows.count * Kernels.lanes).update(from: block + row * Kernels.lanes, count: Kernels.lanes)
      rows.append(UInt32(truncatingIfNeeded: row))
    }
    ends[ends.count - 1] = rows.count
  }

  /// Brings kept activations to the mask that this is of.
  ///
  /// - Precondition: they are those that the changes were made from, and all blocks are here.
  func apply(to kept: KeptActivations) {
    var row = 0
    for (block, end) in ends.enumerated() {
      let target = kept.block(block)
      while row < end {
        (target + Int(rows[row]) * Kernels.lanes).update(
          from: values.base + row * Kernels.lanes, count: Kernels.lanes)
        row += 1
      }
      kept.correct[block] = correct[block]
    }
    kept.losses.base.update(from: losses.base, count: losses.count)
  }
}
