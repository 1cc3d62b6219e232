package import Models
package import Pruning

/// Scores masks of one network on one set of data: the fitness.
///
/// Vectorised across samples, so each sum is one chain of fused multiply-adds in ascending order of its inputs,
/// starting at the bias: the same bits on every processor and for every density, and those of ``ReferenceEvaluator``.
/// Not `Sendable`: each lane (an OS thread) has its own, around a shared ``EvaluationData``.
package final class MaskedEvaluator {
  private let data: EvaluationData
  private let stack: DenseStack
  private let kernels: Kernels
  private let parameters: AlignedBuffer<Float>
  private let layers: [CompiledLayer]
  /// A chunk of the inputs: [chunk][lanes].
  private let pixels: AlignedBuffer<Float>
  /// Activations of even and odd layers: [widest][lanes].
  private let activations: [AlignedBuffer<Float>]
  private let nonfinite: AlignedBuffer<Int32>

  /// An evaluator of masks over `scope` for the given parameters.
  ///
  /// - Throws: ``NetworkError`` if data or parameters do not belong to the network.
  package init(
    network: NetworkDescription, scope: PruningScope, parameters: [Float], data: EvaluationData,
    variant: KernelVariant = .best
  ) throws(NetworkError) {
    try network.check(shape: data.shape, classes: data.classes, parameters: parameters.count)
    self.data = data
    let kernels = Kernels(variant)
    let buffer = AlignedBuffer(parameters)
    self.kernels = kernels
    self.parameters = buffer
    let stack = try DenseStack(network, scope: scope)
    self.stack = stack
    layers = stack.stages.map { CompiledLayer($0, parameters: buffer.base, kernels: kernels) }
    pixels = AlignedBuffer(count: Kernels.chunk(data.featureCount) * Kernels.lanes)
    activations = (0..<2).map { _ in AlignedBuffer(count: stack.widest * Kernels.lanes) }
    nonfinite = AlignedBuffer(count: Kernels.lanes)
  }

  /// An evaluator that lays the data out for itself.
  ///
  /// - Throws: ``NetworkError`` if data or parameters do not belong to the network.
  package convenience init(
    network: NetworkDescription, scope: PruningScope, parameters: [Float], data: LabelledData
  ) throws(NetworkError) {
    try self.init(network: network, scope: scope, parameters: parameters, data: EvaluationData(data))
  }

  /// The number of bits that a mask must have.
  package var maskCount: Int { stack.prunableCount }

  /// Accuracy and mean loss under a mask; nil keeps every weight.
  ///
  /// - Precondition: `mask` has ``maskCount`` bits.
  /// - Complexity: samples × kept weights.
  package func evaluate(_ mask: Mask?) -> Score {
    if let mask {
      precondition(mask.count == maskCount, "a mask of \(mask.count) bits for \(maskCount) weights")
    }
    for layer in layers { layer.compile(mask) }
    nonfinite.base.update(repeating: 0, count: nonfinite.count)
    var correct = 0
    var loss = 0.0
    for first in stride(from: 0, to: data.count, by: Kernels.lanes) {
      let count = min(Kernels.lanes, data.count - first)
      let logits = forward(block: first / Kernels.lanes)
      for lane in 0..<count where nonfinite.base[lane] != 0 { return .nonfinite }
      correct += kernels.score(
        logits, classes: stack.outputCount, labels: data.labels.base + first, count: count, loss: &loss)
    }
    return .exact(correct: correct, count: data.count, loss: data.count == 0 ? 0 : loss / Double(data.count))
  }

  /// The outputs of one block: [classes][lanes].
  private func forward(block: Int) -> UnsafePointer<Float> {
    let bytes = data.bytes.base + block * data.featureCount * Kernels.lanes
    for (index, layer) in layers.enumerated() {
      let outputs = activations[index & 1].base
      for pass in 0..<layer.chunkCount {
        let first = pass * layer.chunk
        let inputs: UnsafeMutablePointer<Float>
        if index == 0 {
          inputs = pixels.base
          let features = min(layer.chunk, data.featureCount - first)
          kernels.expand(
            bytes + first * Kernels.lanes, scale: data.scale, count: features * Kernels.lanes, into: inputs)
        } else {
          inputs = activations[(index - 1) & 1].base + first * Kernels.lanes
        }
        layer.run(pass: pass, inputs: inputs, outputs: outputs, nonfinite: nonfinite.base)
      }
    }
    return UnsafePointer(activations[(layers.count - 1) & 1].base)
  }
}
