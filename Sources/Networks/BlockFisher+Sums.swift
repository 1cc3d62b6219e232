internal import Models

/// Consecutive weights of one tensor.
struct FisherBlock {
  /// Their places in the parameters.
  let range: Range<Int>
  /// The place of the first in a mask.
  let maskStart: Int

  /// All blocks, in mask order, in spans whose sums fit in so many bytes or that are one block.
  static func spans(of layout: ParameterLayout, size: Int, memory: Int) -> [[FisherBlock]] {
    var spans: [[FisherBlock]] = []
    var free = 0
    for tensor in layout.prunable {
      for offset in stride(from: 0, to: tensor.range.count, by: size) {
        let first = tensor.range.lowerBound + offset
        let block = FisherBlock(
          range: first..<min(first + size, tensor.range.upperBound), maskStart: tensor.maskRange!.lowerBound + offset)
        let bytes = FisherSums.bytes(block)
        if spans.isEmpty || bytes > free {
          spans.append([])
          free = memory
        }
        spans[spans.count - 1].append(block)
        free -= bytes
      }
    }
    return spans
  }
}

/// The matrices of some blocks while they are summed up.
final class FisherSums {
  /// Gradients that wait until all are put in together, block by block, so that matrices come from memory seldom. Part
  /// of no result: each sum has the order of the samples.
  private static let batch = 16

  private let blocks: [FisherBlock]
  /// Where each block's weights begin in a row of gradients, and where its matrix begins.
  private let starts: [(row: Int, matrix: Int)]
  private let parameters: AlignedBuffer<Float>
  private let sums: AlignedBuffer<Double>
  /// [batch][weights of all blocks]
  private let rows: [AlignedBuffer<Float>]
  private var filled = 0

  static func bytes(_ block: FisherBlock) -> Int {
    PackedMatrix.size(block.range.count) * MemoryLayout<Double>.size
      + batch * block.range.count * MemoryLayout<Float>.size
  }

  init(_ blocks: [FisherBlock], _ parameters: [Float]) {
    self.blocks = blocks
    self.parameters = AlignedBuffer(parameters)
    var end = (row: 0, matrix: 0)
    starts = blocks.map { block in
      defer { end = (end.row + block.range.count, end.matrix + PackedMatrix.size(block.range.count)) }
      return end
    }
    sums = AlignedBuffer(count: end.matrix)
    rows = (0..<Self.batch).map { _ in AlignedBuffer(count: end.row) }
  }

  func matrix(_ number: Int) -> PackedMatrix {
    PackedMatrix(base: sums.base + starts[number].matrix, count: blocks[number].range.count)
  }

  /// Puts a gradient in, without what belongs to weights of 0.
  func add(_ gradient: UnsafePointer<Float>, share: Double) {
    let factor = Float(share.squareRoot())
    for (block, start) in zip(blocks, starts) {
      let (from, weight) = (gradient + block.range.lowerBound, parameters.base + block.range.lowerBound)
      let row = rows[filled].base + start.row
      for index in 0..<block.range.count { row[index] = weight[index] == 0 ? 0 : factor * from[index] }
    }
    filled += 1
    if filled == Self.batch { sumUp() }
  }

  /// Makes means of the sums and adds λ to their diagonals.
  func finish(samples: Int, lambda: Double) {
    sumUp()
    for index in 0..<sums.count { sums.base[index] /= Double(samples) }
    for number in blocks.indices {
      let matrix = matrix(number)
      for index in 0..<matrix.count { matrix.row(index)[index] += lambda }
    }
  }

  private func sumUp() {
    let values = AlignedBuffer<Double>(count: blocks.map(\.range.count).max() ?? 0)
    for number in blocks.indices {
      let matrix = matrix(number)
      for row in rows[..<filled] {
        for index in 0..<matrix.count { values.base[index] = Double(row.base[starts[number].row + index]) }
        matrix.add(values.base)
      }
    }
    filled = 0
  }
}
