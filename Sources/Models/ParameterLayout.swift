/// One parameter tensor: where it lies in the buffer and in the mask.
package struct ParameterTensor: Hashable, Sendable {
  /// For example `dense1.weight`.
  package let name: String
  /// Weights: [outputs, inputs]; biases: [outputs].
  package let shape: [Int]
  /// Where its values lie in the parameter buffer.
  package let range: Range<Int>
  /// Where its bits lie in a mask; nil for biases and excluded layers.
  package let maskRange: Range<Int>?
  /// Multiply-adds of one sample that each weight costs (1 in a dense layer, 0 for a bias).
  package let multiplyAdds: Int
}

/// Which weights a mask may remove. Biases never are; they count in the size.
package struct PruningScope: Hashable, Sendable {
  /// Whether the last dense layer is pruned too; the field's default is no.
  package var prunesClassifier: Bool

  package init(prunesClassifier: Bool = false) { self.prunesClassifier = prunesClassifier }
}

/// All parameters of a network in one contiguous `Float` buffer, weights and bias layer by layer.
package struct ParameterLayout: Hashable, Sendable {
  package let tensors: [ParameterTensor]
  /// The number of parameters: the field's `size`.
  package let count: Int
  /// The number of bits of a mask.
  package let prunableCount: Int

  /// - Complexity: linear in the number of layers.
  package init(_ network: NetworkDescription, scope: PruningScope = PruningScope()) {
    var tensors: [ParameterTensor] = []
    var offset = 0
    var maskOffset = 0
    let lastLayer = network.layers.count - 1
    var number = 0
    for (index, layer) in network.layers.enumerated() {
      switch layer {
      case .dense(let inputs, let outputs):
        number += 1
        let size = inputs * outputs
        let prunable = index != lastLayer || scope.prunesClassifier
        tensors.append(
          ParameterTensor(
            name: "dense\(number).weight", shape: [outputs, inputs], range: offset..<offset + size,
            maskRange: prunable ? maskOffset..<maskOffset + size : nil, multiplyAdds: 1))
        offset += size
        if prunable { maskOffset += size }
        tensors.append(
          ParameterTensor(
            name: "dense\(number).bias", shape: [outputs], range: offset..<offset + outputs, maskRange: nil,
            multiplyAdds: 0))
        offset += outputs
      case .relu:
        break
      }
    }
    self.tensors = tensors
    count = offset
    prunableCount = maskOffset
  }

  /// The tensors that a mask has bits for, in mask order.
  package var prunable: [ParameterTensor] { tensors.filter { $0.maskRange != nil } }

  /// The weights and the bias of each dense layer, in order.
  package var dense: [(weight: ParameterTensor, bias: ParameterTensor)] {
    stride(from: 0, to: tensors.count, by: 2).map { (tensors[$0], tensors[$0 + 1]) }
  }

  /// Picks the prunable values out of a parameter buffer, in mask order.
  package func prunableValues(of parameters: [Float]) -> [Float] {
    precondition(parameters.count == count, "\(parameters.count) parameters for a layout of \(count)")
    var out: [Float] = []
    out.reserveCapacity(prunableCount)
    for tensor in prunable { out.append(contentsOf: parameters[tensor.range]) }
    return out
  }
}
