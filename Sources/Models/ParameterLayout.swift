/// What a tensor of a network is for.
package enum ParameterRole: String, Hashable, Sendable {
  /// The products of a dense or convolutional layer; what pruning is about.
  case weight
  case bias
  /// The factor of batch normalisation (γ).
  case scale
  /// The summand of batch normalisation (β).
  case shift
  /// Not learned by gradient but followed in training; not counted as parameters.
  case runningMean
  case runningVariance

  /// Whether a gradient step changes it.
  package var isTrainable: Bool {
    switch self {
    case .weight, .bias, .scale, .shift: true
    case .runningMean, .runningVariance: false
    }
  }

  /// The name that PyTorch gives it, behind the layer's.
  package var suffix: String {
    switch self {
    case .weight, .scale: "weight"
    case .bias, .shift: "bias"
    case .runningMean: "running_mean"
    case .runningVariance: "running_var"
    }
  }
}

/// One tensor: where it lies in the buffer and in the mask.
package struct ParameterTensor: Hashable, Sendable {
  /// For example `conv1.weight`.
  package let name: String
  /// The number of its layer in the network.
  package let node: Int
  package let role: ParameterRole
  /// Dense weights: [outputs, inputs]; convolutions: [outputs, inputs / groups, height, width]; else [channels].
  package let shape: [Int]
  /// Where its values lie in the parameter buffer.
  package let range: Range<Int>
  /// Where its bits lie in a mask; nil for all but weights, and for excluded layers.
  package let maskRange: Range<Int>?
  /// Multiply-adds of one sample that each weight costs: 1 in a dense layer, the places of the window in a convolution,
  /// 0 for what is not a weight.
  package let multiplyAdds: Int
}

/// Which weights a mask may remove. Biases and normalisation never are; they count in the size.
package struct PruningScope: Hashable, Sendable {
  /// Whether the last layer with weights is pruned too; the field's default is no.
  package var prunesClassifier: Bool

  package init(prunesClassifier: Bool = false) { self.prunesClassifier = prunesClassifier }
}

/// All values of a network in one contiguous `Float` buffer: first what is learned, layer by layer, then the running
/// statistics of batch normalisation, layer by layer.
package struct ParameterLayout: Hashable, Sendable {
  package let tensors: [ParameterTensor]
  /// The number of values in the buffer.
  package let count: Int
  /// The number of parameters, which come first in the buffer: the field's `size`.
  package let trainableCount: Int
  /// The number of bits of a mask.
  package let prunableCount: Int
  private let places: [Place: Int]

  private struct Place: Hashable {
    let node: Int
    let role: ParameterRole
  }

  /// - Complexity: linear in the number of layers.
  package init(_ network: NetworkDescription, scope: PruningScope = PruningScope()) {
    let hasWeights = network.nodes.map { node in
      switch node.layer {
      case .dense, .convolution: true
      case .input, .maxPool, .averagePool, .globalAveragePool, .batchNorm, .activation, .softmax, .dropout, .flatten,
        .add, .concatenate:
        false
      }
    }
    let classifier = hasWeights.lastIndex(of: true)
    var tensors: [ParameterTensor] = []
    var (offset, maskOffset) = (0, 0)
    for trainable in [true, false] {
      for (index, node) in network.nodes.enumerated() {
        let inputShape = node.inputs.isEmpty ? [] : network.inputShape(of: index)
        for (role, shape) in node.layer.parameters(inputShape) where role.isTrainable == trainable {
          let size = shape.reduce(1, *)
          let prunable = role == .weight && (index != classifier || scope.prunesClassifier)
          tensors.append(
            ParameterTensor(
              name: "\(node.name).\(role.suffix)", node: index, role: role, shape: shape, range: offset..<offset + size,
              maskRange: prunable ? maskOffset..<maskOffset + size : nil,
              multiplyAdds: role == .weight ? network.shapes[index].dropFirst().reduce(1, *) : 0))
          offset += size
          if prunable { maskOffset += size }
        }
      }
    }
    self.tensors = tensors
    count = offset
    trainableCount = tensors.last { $0.role.isTrainable }?.range.upperBound ?? 0
    prunableCount = maskOffset
    var places: [Place: Int] = [:]
    for (index, tensor) in tensors.enumerated() { places[Place(node: tensor.node, role: tensor.role)] = index }
    self.places = places
  }

  /// The tensor of a layer in a role, if the layer has one.
  package subscript(node: Int, role: ParameterRole) -> ParameterTensor? {
    places[Place(node: node, role: role)].map { tensors[$0] }
  }

  /// The tensors that a mask has bits for, in mask order.
  package var prunable: [ParameterTensor] { tensors.filter { $0.maskRange != nil } }

  /// Multiply-adds of one sample in the whole network, dense.
  package var multiplyAdds: Int { tensors.reduce(0) { $0 + $1.range.count * $1.multiplyAdds } }

  /// Picks the prunable values out of a parameter buffer, in mask order.
  package func prunableValues(of parameters: [Float]) -> [Float] {
    precondition(parameters.count == count, "\(parameters.count) parameters for a layout of \(count)")
    var out: [Float] = []
    out.reserveCapacity(prunableCount)
    for tensor in prunable { out.append(contentsOf: parameters[tensor.range]) }
    return out
  }
}

extension NetworkDescription {
  /// The number of bits that a mask over a scope has.
  package func prunableCount(_ scope: PruningScope) -> Int { ParameterLayout(self, scope: scope).prunableCount }
}

extension Layer {
  /// The tensors of a layer on an input of this shape, in the order in which they lie in the buffer.
  func parameters(_ input: [Int]) -> [(role: ParameterRole, shape: [Int])] {
    switch self {
    case .dense(let outputs, let bias):
      [(.weight, [outputs, input[0]])] + (bias ? [(.bias, [outputs])] : [])
    case .convolution(let convolution):
      [
        (
          .weight,
          [
            convolution.outputs, input[0] / convolution.groups, convolution.window.height, convolution.window.width,
          ]
        )
      ] + (convolution.bias ? [(.bias, [convolution.outputs])] : [])
    case .batchNorm:
      [
        (.scale, [input[0]]), (.shift, [input[0]]), (.runningMean, [input[0]]), (.runningVariance, [input[0]]),
      ]
    case .input, .maxPool, .averagePool, .globalAveragePool, .activation, .softmax, .dropout, .flatten, .add,
      .concatenate:
      []
    }
  }
}
