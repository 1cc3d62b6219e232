import Foundation
import Models

/// What the last layer gives for one sample, by the definitions of the layers and nothing else; sums in `Double`.
///
/// Source: the doc comments of `Layer`. Slow, and independent of the product's evaluators.
func forward(_ model: Model, _ sample: [Float]) -> [Float] {
  let network = model.network
  let layout = ParameterLayout(network)
  var values: [[Double]] = []
  for (index, node) in network.nodes.enumerated() {
    func parameter(_ role: ParameterRole) -> [Double]? {
      layout[index, role].map { model.parameters[$0.range].map(Double.init) }
    }
    let x = node.inputs.first.map { values[$0] } ?? []
    let shape = node.inputs.first.map { network.shapes[$0] } ?? []
    let size = network.shapes[index].dropFirst().reduce(1, *)
    switch node.layer {
    case .input: values.append(sample.map(Double.init))
    case .dense(let outputs, _):
      let (weights, biases) = (parameter(.weight)!, parameter(.bias))
      values.append(
        (0..<outputs).map { output in
          var sum = biases?[output] ?? 0
          for input in x.indices { sum += weights[output * x.count + input] * x[input] }
          return sum
        })
    case .convolution(let convolution):
      values.append(convolve(x, shape, convolution, network.shapes[index], parameter(.weight)!, parameter(.bias)))
    case .maxPool(let window):
      values.append(windows(x, shape, window, network.shapes[index]) { inside, _ in inside.max()! })
    case .averagePool(let window, let countsPadding):
      values.append(
        windows(x, shape, window, network.shapes[index]) { inside, all in
          inside.reduce(0, +) / Double(countsPadding ? all : inside.count)
        })
    case .globalAveragePool:
      let area = shape[1] * shape[2]
      values.append((0..<shape[0]).map { x[$0 * area..<($0 + 1) * area].reduce(0, +) / Double(area) })
    case .batchNorm(let norm):
      let (scale, shift) = (parameter(.scale)!, parameter(.shift)!)
      let (mean, variance) = (parameter(.runningMean)!, parameter(.runningVariance)!)
      values.append(
        x.indices.map { place in
          let channel = place / size
          return scale[channel] * (x[place] - mean[channel]) / (variance[channel] + norm.epsilon).squareRoot()
            + shift[channel]
        })
    case .activation(let activation): values.append(x.map { apply(activation, $0) })
    case .softmax(let logarithmic):
      let top = x.max()!
      let sum = x.reduce(0) { $0 + exp($1 - top) }
      values.append(x.map { logarithmic ? $0 - top - log(sum) : exp($0 - top) / sum })
    case .dropout, .flatten: values.append(x)
    case .add:
      values.append(x.indices.map { place in node.inputs.reduce(0) { $0 + values[$1][place] } })
    case .concatenate: values.append(node.inputs.flatMap { values[$0] })
    }
  }
  return values.last!.map(Float.init)
}

private func apply(_ activation: Activation, _ x: Double) -> Double {
  switch activation {
  case .relu: max(x, 0)
  case .leakyRelu(let slope): x > 0 ? x : Double(slope) * x
  case .sigmoid: 1 / (1 + exp(-x))
  case .tanh: tanh(x)
  case .clip(let low, let high): min(max(x, Double(low)), Double(high))
  }
}

private func convolve(
  _ x: [Double], _ shape: [Int], _ convolution: Convolution, _ out: [Int], _ weights: [Double], _ biases: [Double]?
) -> [Double] {
  let window = convolution.window
  let inputs = shape[0] / convolution.groups
  var result = [Double](repeating: 0, count: out.reduce(1, *))
  for output in 0..<out[0] {
    let first = output / (out[0] / convolution.groups) * inputs
    for row in 0..<out[1] {
      for column in 0..<out[2] {
        var sum = biases?[output] ?? 0
        for input in 0..<inputs {
          for y in 0..<window.height {
            let line = row * window.verticalStride + y - window.padding.top
            guard line >= 0, line < shape[1] else { continue }
            for z in 0..<window.width {
              let place = column * window.horizontalStride + z - window.padding.left
              guard place >= 0, place < shape[2] else { continue }
              sum +=
                weights[((output * inputs + input) * window.height + y) * window.width + z]
                * x[((first + input) * shape[1] + line) * shape[2] + place]
            }
          }
        }
        result[(output * out[1] + row) * out[2] + column] = sum
      }
    }
  }
  return result
}

/// A value for each place of a window, of the values inside the image and the window's whole size.
private func windows(
  _ x: [Double], _ shape: [Int], _ window: Window, _ out: [Int], _ value: ([Double], Int) -> Double
) -> [Double] {
  var result: [Double] = []
  for channel in 0..<out[0] {
    for row in 0..<out[1] {
      for column in 0..<out[2] {
        var inside: [Double] = []
        for y in 0..<window.height {
          for z in 0..<window.width {
            let line = row * window.verticalStride + y - window.padding.top
            let place = column * window.horizontalStride + z - window.padding.left
            guard line >= 0, line < shape[1], place >= 0, place < shape[2] else { continue }
            inside.append(x[(channel * shape[1] + line) * shape[2] + place])
          }
        }
        result.append(value(inside, window.height * window.width))
      }
    }
  }
  return result
}
