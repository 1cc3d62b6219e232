internal import Elementary
package import Models
package import Pruning

/// The definition of fitness, slow and obvious: sample by sample, weight by weight.
///
/// ``MaskedEvaluator`` must agree with it in every bit; change both or neither.
package struct ReferenceEvaluator {
  private let network: NetworkDescription
  private let layout: ParameterLayout
  private let parameters: [Float]
  private let data: LabelledData

  /// An evaluator of masks over `scope` for the given parameters.
  ///
  /// - Throws: ``NetworkError`` if data or parameters do not belong to the network.
  package init(
    network: NetworkDescription, scope: PruningScope, parameters: [Float], data: LabelledData
  ) throws(NetworkError) {
    try network.check(shape: data.shape, classes: data.classes, parameters: parameters.count)
    self.network = network
    self.parameters = parameters
    self.data = data
    layout = ParameterLayout(network, scope: scope)
  }

  /// Accuracy and mean loss under a mask; nil keeps every weight.
  ///
  /// - Complexity: samples × multiply-adds, through calls of the C library.
  package func evaluate(_ mask: Mask?) -> Score {
    guard keptWeightsAreFinite(mask) else { return .nonfinite }
    var correct = 0
    var total = 0.0
    for sample in 0..<data.count {
      guard let logits = logits(of: sample, mask) else { return .nonfinite }
      let label = Int(data.labels[sample])
      var best = 0
      for (index, logit) in logits.enumerated() where logit > logits[best] { best = index }
      if best == label { correct += 1 }
      var sum = 0.0
      if let targets = data.targets {
        for (logit, target) in zip(logits, targets[sample * logits.count..<(sample + 1) * logits.count]) {
          sum += (Double(logit) - Double(target)) * (Double(logit) - Double(target))
        }
        total += sum / Double(logits.count)
        continue
      }
      for logit in logits { sum += Elementary.exp(Double(logit) - Double(logits[best])) }
      total += Elementary.log(sum) - (Double(logits[label]) - Double(logits[best]))
    }
    return .exact(correct: correct, count: data.count, loss: data.count == 0 ? 0 : total / Double(data.count))
  }

  /// A removed weight may be anything; a kept one that is not finite spoils the network, also where only padding would
  /// meet it.
  private func keptWeightsAreFinite(_ mask: Mask?) -> Bool {
    layout.tensors.allSatisfy { tensor in
      tensor.role != .weight
        || tensor.range.enumerated().allSatisfy { parameters[$1].isFinite || !isKept($0, of: tensor, mask) }
    }
  }

  private func isKept(_ index: Int, of weight: ParameterTensor, _ mask: Mask?) -> Bool {
    guard let mask, let range = weight.maskRange else { return true }
    return mask[range.lowerBound + index]
  }

  /// The class scores of one sample; nil if any value on the way is infinite or not a number.
  package func logits(of sample: Int, _ mask: Mask?) -> [Float]? {
    var values: [[Float]] = []
    for node in network.nodes[...network.logits].indices {
      let inputs = network.nodes[node].inputs.map { values[$0] }
      let output = node == 0 ? data.inputs(of: sample) : self.output(of: node, inputs, mask)
      guard output.allSatisfy(\.isFinite) else { return nil }
      // −0 becomes +0, so that leaving out a weight and adding 0 · x are the same.
      values.append(output.map { $0 + 0 })
    }
    return values[network.logits]
  }

  private func output(of node: Int, _ inputs: [[Float]], _ mask: Mask?) -> [Float] {
    let x = inputs[0]
    switch network.nodes[node].layer {
    case .input: preconditionFailure("node 0 alone is the input")
    case .dense: return dense(node, x, mask)
    case .convolution(let convolution): return convolve(node, convolution, x, mask)
    case .maxPool(let window):
      return pool(node, window, x) { values, _ in values.reduce(values[0]) { $1 > $0 ? $1 : $0 } }
    case .averagePool(let window, let countsPadding):
      let whole = window.height * window.width
      return pool(node, window, x) { $0.reduce(0, +) / Float(countsPadding ? whole : $1) }
    case .globalAveragePool:
      let shape = network.inputShape(of: node)
      let window = Window(
        height: shape[1], width: shape[2], verticalStride: 1, horizontalStride: 1,
        padding: .init(top: 0, left: 0, bottom: 0, right: 0))
      return pool(node, window, x) { $0.reduce(0, +) / Float($1) }
    case .batchNorm(let norm):
      let (scale, shift) = layout.foldedBatchNorm(norm, node, parameters)
      let size = x.count / scale.count
      return x.enumerated().map { shift[$0 / size].addingProduct($1, scale[$0 / size]) }
    case .activation(let activation): return x.map { Self.apply(activation, $0) }
    case .softmax(let logarithmic): return Self.softmax(x, logarithmic)
    case .dropout, .flatten: return x
    case .add:
      return inputs.dropFirst().reduce(x) { sums, next in zip(sums, next).map { $0 + $1 + 0 } }
    case .concatenate: return inputs.flatMap { $0 }
    }
  }

  private func dense(_ node: Int, _ x: [Float], _ mask: Mask?) -> [Float] {
    let weight = layout[node, .weight]!
    return (0..<weight.shape[0]).map { output in
      var sum = bias(node, output)
      for (input, value) in x.enumerated() where isKept(output * x.count + input, of: weight, mask) {
        sum = sum.addingProduct(parameters[weight.range.lowerBound + output * x.count + input], value)
      }
      return sum
    }
  }

  private func bias(_ node: Int, _ output: Int) -> Float {
    layout[node, .bias].map { parameters[$0.range.lowerBound + output] } ?? 0
  }

  private func convolve(_ node: Int, _ convolution: Convolution, _ x: [Float], _ mask: Mask?) -> [Float] {
    let (weight, window) = (layout[node, .weight]!, convolution.window)
    let (input, output) = (network.inputShape(of: node), network.shapes[node])
    let channels = weight.shape[1]
    var out: [Float] = []
    for channel in 0..<output[0] {
      let first = channel / (output[0] / convolution.groups) * channels
      for (row, column) in Self.places(output[1], output[2]) {
        var sum = bias(node, channel)
        for part in 0..<channels {
          for (down, right) in Self.places(window.height, window.width) {
            let y = row * window.verticalStride + down - window.padding.top
            let place = column * window.horizontalStride + right - window.padding.left
            guard (0..<input[1]).contains(y), (0..<input[2]).contains(place) else { continue }
            let index = ((channel * channels + part) * window.height + down) * window.width + right
            guard isKept(index, of: weight, mask) else { continue }
            sum = sum.addingProduct(
              parameters[weight.range.lowerBound + index], x[((first + part) * input[1] + y) * input[2] + place])
          }
        }
        out.append(sum)
      }
    }
    return out
  }

  /// Gives `combine` the values of each window inside the image, row by row, and their number.
  private func pool(_ node: Int, _ window: Window, _ x: [Float], _ combine: ([Float], Int) -> Float) -> [Float] {
    let (input, output) = (network.inputShape(of: node), network.shapes[node])
    var out: [Float] = []
    for channel in 0..<output[0] {
      for (row, column) in Self.places(output[1], output[2]) {
        var values: [Float] = []
        for (down, right) in Self.places(window.height, window.width) {
          let y = row * window.verticalStride + down - window.padding.top
          let place = column * window.horizontalStride + right - window.padding.left
          if (0..<input[1]).contains(y), (0..<input[2]).contains(place) {
            values.append(x[(channel * input[1] + y) * input[2] + place])
          }
        }
        out.append(combine(values, values.count))
      }
    }
    return out
  }

  private static func places(_ height: Int, _ width: Int) -> [(Int, Int)] {
    (0..<height).flatMap { row in (0..<width).map { (row, $0) } }
  }

  private static func apply(_ activation: Activation, _ x: Float) -> Float {
    switch activation {
    case .relu: x > 0 ? x : 0
    case .leakyRelu(let slope): x > 0 ? x : slope * x
    case .sigmoid: Float(Elementary.sigmoid(Double(x)))
    case .tanh: Float(Elementary.tanh(Double(x)))
    case .clip(let low, let high): min(max(x, low), high)
    }
  }

  private static func softmax(_ x: [Float], _ logarithmic: Bool) -> [Float] {
    let highest = x.reduce(x[0]) { $1 > $0 ? $1 : $0 }
    let shifted = x.map { Double($0) - Double(highest) }
    var sum = 0.0
    for value in shifted { sum += Elementary.exp(value) }
    return shifted.map { Float(logarithmic ? $0 - Elementary.log(sum) : Elementary.exp($0) / sum) }
  }
}

extension ParameterLayout {
  /// Batch normalisation at rest as y = x · scale + shift, one of each a channel, worked out in `Double` and rounded
  /// once.
  func foldedBatchNorm(
    _ norm: BatchNorm, _ node: Int, _ parameters: [Float]
  ) -> (scale: [Float], shift: [Float]) {
    func values(_ role: ParameterRole) -> ArraySlice<Float> { parameters[self[node, role]!.range] }
    var folded: (scale: [Float], shift: [Float]) = ([], [])
    for (((scale, shift), mean), variance) in zip(
      zip(zip(values(.scale), values(.shift)), values(.runningMean)), values(.runningVariance))
    {
      let factor = Float(Double(scale) / (Double(variance) + norm.epsilon).squareRoot())
      folded.scale.append(factor)
      folded.shift.append(Float(Double(shift) - Double(mean) * Double(factor)))
    }
    return folded
  }
}
