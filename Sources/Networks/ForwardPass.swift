package import Models

/// The class scores of a network as it is, batch by batch, by the kernels of training in evaluation mode.
///
/// Its bits are those of one ``NumericsClass``; fitness never comes from here.
package final class ForwardPass {
  private let pass: Pass
  private let layout: ParameterLayout

  /// Room for `batch` samples at once.
  package init(network: NetworkDescription, batch: Int = 256) {
    precondition(batch > 0)
    pass = Pass(network, .evaluation, capacity: batch)
    layout = ParameterLayout(network)
  }

  /// The class scores of `samples`: [samples][classes].
  ///
  /// - Throws: ``NetworkError`` if data or parameters do not belong to the network.
  /// - Complexity: samples × multiply-adds of the network.
  package func logits(
    parameters: [Float], data: LabelledData, samples: [Int]
  ) throws(NetworkError) -> [Float] {
    try pass.network.check(shape: data.shape, classes: data.classes, parameters: parameters.count)
    let input = try BatchInput(data, pass.network)
    let buffer = AlignedBuffer(parameters)
    var scores: [Float] = []
    scores.reserveCapacity(samples.count * pass.network.outputCount)
    for first in stride(from: 0, to: samples.count, by: pass.capacity) {
      let batch = samples[first..<min(first + pass.capacity, samples.count)]
      input.load(batch, nil, into: pass.input)
      let rows = pass.forward(buffer.base, count: batch.count, key: nil)
      scores.append(contentsOf: UnsafeBufferPointer(start: rows, count: batch.count * pass.network.outputCount))
    }
    return scores
  }
}
