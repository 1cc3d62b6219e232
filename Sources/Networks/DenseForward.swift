package import Models
package import Pruning

/// What masked evaluation costs by the usual way: zeros written into dense weights, and kernels that know of none.
///
/// A rival for benchmarks, not a fitness: its bits depend on the BLAS, and it computes no loss.
package final class DenseForward {
  private let pass: Pass
  private let labels: [UInt8]
  /// All samples as the network sees them, made once: a rival should not pay for it each time.
  private let inputs: AlignedBuffer<Float>
  private let layout: ParameterLayout
  private let parameters: [Float]
  private let masked: AlignedBuffer<Float>

  /// A forward pass over all of the data in batches of `batch` samples.
  ///
  /// - Throws: ``NetworkError`` if data or parameters do not belong to the network.
  package init(
    network: NetworkDescription, scope: PruningScope, parameters: [Float], data: LabelledData, batch: Int = 1000
  ) throws(NetworkError) {
    precondition(batch > 0)
    try network.check(shape: data.shape, classes: data.classes, parameters: parameters.count)
    pass = Pass(network, .evaluation, capacity: max(min(batch, data.count), 1))
    labels = data.labels
    inputs = AlignedBuffer(count: data.count * data.featureCount)
    try BatchInput(data, network).load(0..<data.count, nil, into: inputs.base)
    layout = ParameterLayout(network, scope: scope)
    self.parameters = parameters
    masked = AlignedBuffer(parameters)
  }

  /// How many samples have their label's score highest.
  ///
  /// - Precondition: the mask fits the network.
  /// - Complexity: samples × multiply-adds, of weights kept or not.
  package func correctCount(_ mask: Mask) -> Int {
    var correct = 0
    let classes = pass.network.outputCount
    forEachBatch(mask) { scores, samples in
      for (row, sample) in samples.enumerated() {
        var best = 0
        for index in 1..<classes where scores[row * classes + index] > scores[row * classes + best] { best = index }
        if best == Int(labels[sample]) { correct += 1 }
      }
    }
    return correct
  }

  /// The class scores: [samples][classes].
  ///
  /// - Precondition: the mask fits the network.
  package func logits(_ mask: Mask) -> [Float] {
    var out: [Float] = []
    forEachBatch(mask) { scores, samples in
      out += UnsafeBufferPointer(start: scores, count: samples.count * pass.network.outputCount)
    }
    return out
  }

  private func forEachBatch(_ mask: Mask, _ body: (_ scores: UnsafePointer<Float>, _ samples: Range<Int>) -> Void) {
    precondition(mask.count == layout.prunableCount)
    let words = mask.words
    for tensor in layout.prunable {
      for (index, position) in zip(tensor.range, tensor.maskRange!) {
        let keep = 0 &- UInt32(truncatingIfNeeded: words[position >> 6] >> UInt64(position & 63) & 1)
        masked.base[index] = Float(bitPattern: parameters[index].bitPattern & keep)
      }
    }
    for first in stride(from: 0, to: labels.count, by: pass.capacity) {
      let samples = first..<min(first + pass.capacity, labels.count)
      pass.input = inputs.base + first * pass.network.inputCount
      body(pass.forward(masked.base, count: samples.count, key: nil), samples)
    }
  }
}
