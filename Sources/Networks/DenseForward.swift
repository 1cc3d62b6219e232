package import Models
package import Pruning

/// What masked evaluation costs by the usual way: zeros written into dense weights, and BLAS.
///
/// A rival for benchmarks, not a fitness: its bits depend on the library, and it computes no loss.
package final class DenseForward {
  private let stack: DenseStack
  private let parameters: [Float]
  private let masked: AlignedBuffer<Float>
  private let labels: [UInt8]
  private let batch: Int
  /// [samples, features]
  private let inputs: AlignedBuffer<Float>
  /// Per layer: [batch, outputs]
  private let outputs: [AlignedBuffer<Float>]

  /// A forward pass over all of the data in batches of `batch` samples.
  ///
  /// - Throws: ``NetworkError`` if data or parameters do not belong to the network.
  package init(
    network: NetworkDescription, scope: PruningScope, parameters: [Float], data: LabelledData, batch: Int = 1000
  ) throws(NetworkError) {
    precondition(batch > 0)
    try network.check(shape: data.shape, classes: data.classes, parameters: parameters.count)
    let stack = try DenseStack(network, scope: scope)
    self.stack = stack
    self.parameters = parameters
    self.batch = batch
    masked = AlignedBuffer(parameters)
    labels = data.labels
    inputs = AlignedBuffer((0..<data.count).flatMap(data.inputs(of:)))
    outputs = stack.stages.map { AlignedBuffer(count: batch * $0.outputs) }
  }

  /// How many samples have their label's score highest.
  ///
  /// - Precondition: the mask fits the network.
  /// - Complexity: samples × weights, kept or not.
  package func correctCount(_ mask: Mask) -> Int {
    precondition(mask.count == stack.prunableCount)
    apply(mask)
    var correct = 0
    for first in stride(from: 0, to: labels.count, by: batch) {
      correct += forward(first..<min(first + batch, labels.count))
    }
    return correct
  }

  private func apply(_ mask: Mask) {
    let words = mask.words
    for stage in stack.stages {
      guard let range = stage.maskRange else { continue }
      for (index, position) in range.enumerated() {
        let keep = 0 &- UInt32(truncatingIfNeeded: words[position >> 6] >> UInt64(position & 63) & 1)
        masked.base[stage.weight + index] = Float(bitPattern: parameters[stage.weight + index].bitPattern & keep)
      }
    }
  }

  private func forward(_ samples: Range<Int>) -> Int {
    var x = UnsafePointer(inputs.base + samples.lowerBound * stack.stages[0].inputs)
    for (stage, output) in zip(stack.stages, outputs) {
      for row in 0..<samples.count {
        (output.base + row * stage.outputs).update(from: masked.base + stage.bias, count: stage.outputs)
      }
      BLAS.multiply(
        .init(x, stride: stage.inputs), .init(masked.base + stage.weight, stride: stage.inputs, transposed: true),
        rows: samples.count, columns: stage.outputs, inner: stage.inputs, beta: 1, into: output.base)
      if stage.relu {
        for index in 0..<samples.count * stage.outputs { output.base[index] = max(output.base[index], 0) }
      }
      x = UnsafePointer(output.base)
    }
    let classes = stack.outputCount
    var correct = 0
    for (row, sample) in samples.enumerated() {
      var best = 0
      for index in 1..<classes where x[row * classes + index] > x[row * classes + best] { best = index }
      if best == Int(labels[sample]) { correct += 1 }
    }
    return correct
  }
}
