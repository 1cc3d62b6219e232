internal import Elementary
internal import Models

extension Activation {
  /// In `Double`, without the C library; NaN stays NaN.
  fileprivate func value(_ x: Float) -> Float {
    switch self {
    case .relu: x < 0 ? 0 : x
    case .leakyRelu(let slope): x > 0 ? x : slope * x
    case .sigmoid: Float(Elementary.sigmoid(Double(x)))
    case .tanh: Float(Elementary.tanh(Double(x)))
    case .clip(let low, let high): x < low ? low : x > high ? high : x
    }
  }

  /// The derivative at x, where the value is y. At a corner it is that of the flat side, or of the side above.
  fileprivate func slope(_ x: Float, _ y: Float, takesUpper: Bool) -> Float {
    switch self {
    case .relu: x > 0 || takesUpper && x == 0 ? 1 : 0
    case .leakyRelu(let slope): x > 0 || takesUpper && x == 0 ? 1 : slope
    case .sigmoid: y * (1 - y)
    case .tanh: 1 - y * y
    case .clip(let low, let high): (x > low || takesUpper && x == low) && x < high ? 1 : 0
    }
  }
}

extension Pass {
  func activate(_ node: Int, _ input: Int, _ activation: Activation) {
    let (x, y) = (values(input), values(node))
    if activation == .relu {
      guard zerosLearn else { return kernels.relu(x, size(node), y) }
      // The way back sees y alone: −0 is what came from below 0, +0 what was 0.
      for index in 0..<size(node) { y[index] = x[index] < 0 ? -0.0 : x[index] + 0 }
      return
    }
    for index in 0..<size(node) { y[index] = activation.value(x[index]) }
  }

  func activateBackward(_ node: Int, _ input: Int, _ activation: Activation) {
    let (x, y, dy) = (values(input), values(node), gradient(node)!)
    contribute(input) { dx in
      if activation == .relu {
        guard zerosLearn else { return kernels.reluBackward(y, dy, size(node), dx) }
        for index in 0..<size(node) { dx[index] = y[index].sign == .plus ? dy[index] : 0 }
        return
      }
      for index in 0..<size(node) {
        dx[index] = dy[index] * activation.slope(x[index], y[index], takesUpper: zerosLearn)
      }
    }
  }

  /// exp(x) / Σ exp(x) of each row, or its logarithm.
  func softmax(_ node: Int, _ input: Int, logarithmic: Bool) {
    let (rows, channels) = matrix(node)
    var softmax = RowSoftmax(channels)
    for row in 0..<rows {
      let (x, y) = (values(input) + row * channels, values(node) + row * channels)
      let logarithm = softmax.run(x)
      for index in 0..<channels {
        y[index] = Float(logarithmic ? softmax.shifted[index] - logarithm : softmax.probabilities[index])
      }
    }
  }

  /// dx = p · (dy − Σ dy·p), or with logarithms dx = dy − p · Σ dy.
  func softmaxBackward(_ node: Int, _ input: Int, logarithmic: Bool) {
    let (rows, channels) = matrix(node)
    contribute(input) { dx in
      for row in 0..<rows {
        let first = row * channels
        let (y, dy, out) = (values(node) + first, gradient(node)! + first, dx + first)
        var sum = 0.0
        for index in 0..<channels { sum += Double(dy[index]) * (logarithmic ? 1 : Double(y[index])) }
        for index in 0..<channels {
          let (slope, value) = (Double(dy[index]), Double(y[index]))
          out[index] = Float(logarithmic ? slope - Elementary.exp(value) * sum : value * (slope - sum))
        }
      }
    }
  }
}

/// Softmax of one row, in `Double` and without the C library.
struct RowSoftmax {
  /// x − max x
  private(set) var shifted: [Double]
  private(set) var probabilities: [Double]

  init(_ count: Int) {
    shifted = Array(repeating: 0, count: count)
    probabilities = shifted
  }

  /// Fills the arrays and returns log Σ exp(shifted). Infinities and NaN come out as NaN; nothing traps.
  mutating func run(_ x: UnsafePointer<Float>) -> Double {
    var highest = x[0]
    for index in 1..<shifted.count where x[index] > highest { highest = x[index] }
    var sum = 0.0
    for index in shifted.indices {
      shifted[index] = Double(x[index]) - Double(highest)
      probabilities[index] = Elementary.exp(shifted[index])
      sum += probabilities[index]
    }
    for index in shifted.indices { probabilities[index] /= sum }
    return Elementary.log(sum)
  }
}
