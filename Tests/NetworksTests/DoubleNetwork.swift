import Elementary
import Models

/// Class scores and losses in `Double`, slowly and by the definition of each layer in use: running statistics, nothing
/// dropped. Precise enough for differences.
struct DoubleNetwork {
  let network: NetworkDescription
  let layout: ParameterLayout
  var parameters: [Double]

  init(_ network: NetworkDescription, _ parameters: [Float]) {
    self.network = network
    layout = ParameterLayout(network)
    self.parameters = parameters.map(Double.init)
  }

  /// The class scores of a sample, whose channels come first.
  func logits(_ x: [Float]) -> [Double] {
    var values = [x.map(Double.init)]
    for node in network.nodes.indices.dropFirst() {
      let x = values[network.nodes[node].inputs[0]]
      switch network.nodes[node].layer {
      case .dense, .convolution: values.append(products(node, x))
      case .batchNorm(let norm): values.append(normalized(node, norm, x))
      case .activation(.relu): values.append(x.map { max($0, 0) })
      case .activation(.tanh): values.append(x.map(Elementary.tanh))
      case .dropout, .flatten: values.append(x)
      case .add: values.append(zip(x, values[network.nodes[node].inputs[1]]).map { $0 + $1 })
      default: preconditionFailure("not needed so far: \(network.nodes[node].layer)")
      }
    }
    return values[network.logits]
  }

  /// p of each class.
  func probabilities(_ x: [Float]) -> [Double] {
    let logits = logits(x)
    let exponentials = logits.map { Elementary.exp($0 - logits.max()!) }
    return exponentials.map { $0 / exponentials.reduce(0, +) }
  }

  func loss(_ x: [Float], _ label: UInt8) -> Double { -Elementary.log(probabilities(x)[Int(label)]) }

  /// The derivative of values by one parameter.
  func derivative(_ parameter: Int, _ values: (DoubleNetwork) -> [Double]) -> [Double] {
    func moved(_ step: Double) -> [Double] {
      var other = self
      other.parameters[parameter] += step
      return values(other)
    }
    let h = 1e-6
    return zip(moved(h), moved(-h)).map { ($0 - $1) / (2 * h) }
  }

  private func tensor(_ node: Int, _ role: ParameterRole) -> ArraySlice<Double>? {
    layout[node, role].map { parameters[$0.range] }
  }

  private func normalized(_ node: Int, _ norm: BatchNorm, _ x: [Double]) -> [Double] {
    let places = network.shapes[node].dropFirst().reduce(1, *)
    func value(_ role: ParameterRole, _ channel: Int) -> Double {
      parameters[layout[node, role]!.range.lowerBound + channel]
    }
    return x.indices.map { index in
      let channel = index / places
      return (x[index] - value(.runningMean, channel)) * value(.scale, channel)
        / (value(.runningVariance, channel) + norm.epsilon).squareRoot() + value(.shift, channel)
    }
  }

  private func products(_ node: Int, _ x: [Double]) -> [Double] {
    let weight = layout[node, .weight]!
    let (input, output) = (network.inputShape(of: node), network.shapes[node])
    let bias = tensor(node, .bias).map(Array.init) ?? Array(repeating: 0, count: output[0])
    let width = weight.shape[1...].reduce(1, *)
    let places = output.dropFirst().reduce(1, *)
    return (0..<output[0] * places).map { index in
      let (channel, place) = index.quotientAndRemainder(dividingBy: places)
      let row = weight.range.lowerBound + channel * width
      var sum = bias[channel]
      for position in 0..<width {
        guard case .convolution(let convolution) = network.nodes[node].layer else {
          sum += parameters[row + position] * x[position]
          continue
        }
        let window = convolution.window
        let (source, tap) = position.quotientAndRemainder(dividingBy: window.height * window.width)
        let group = channel / (convolution.outputs / convolution.groups)
        let down = place / output[2] * window.verticalStride + tap / window.width - window.padding.top
        let right = place % output[2] * window.horizontalStride + tap % window.width - window.padding.left
        guard (0..<input[1]).contains(down), (0..<input[2]).contains(right) else { continue }
        sum += parameters[row + position] * x[((group * weight.shape[1] + source) * input[1] + down) * input[2] + right]
      }
      return sum
    }
  }
}
