internal import Models

extension Pass {
  /// y = x·Wᵀ + b with x: [samples, inputs], W: [outputs, inputs].
  func dense(_ node: Int, _ input: Int, _ parameters: UnsafePointer<Float>) {
    let (inputs, outputs) = (network.shapes[input][0], network.shapes[node][0])
    let (place, y) = (offsets[node], values(node))
    if place.bias >= 0 {
      for sample in 0..<count { (y + sample * outputs).update(from: parameters + place.bias, count: outputs) }
    }
    BLAS.multiply(
      .init(values(input), stride: inputs), .init(parameters + place.weight, stride: inputs, transposed: true),
      rows: count, columns: outputs, inner: inputs, beta: place.bias >= 0 ? 1 : 0, into: y)
  }

  func denseBackward(
    _ node: Int, _ input: Int, _ parameters: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>
  ) {
    let (inputs, outputs) = (network.shapes[input][0], network.shapes[node][0])
    let (place, dy) = (offsets[node], self.gradient(node)!)
    BLAS.multiply(
      .init(dy, stride: outputs, transposed: true), .init(values(input), stride: inputs),
      rows: outputs, columns: inputs, inner: count, beta: 0, into: gradient + place.weight)
    if place.bias >= 0 { sumRows(dy, rows: count, channels: outputs, into: gradient + place.bias) }
    accumulate(input) { dx, hasSummands in
      BLAS.multiply(
        .init(dy, stride: outputs), .init(parameters + place.weight, stride: inputs), rows: count,
        columns: inputs, inner: outputs, beta: hasSummands ? 1 : 0, into: dx)
    }
  }

  /// The sum of each channel, as biases need it.
  func sumRows(
    _ x: UnsafePointer<Float>, rows: Int, channels: Int, into sums: UnsafeMutablePointer<Float>
  ) {
    kernels.sumRows(x, rows, channels, channelSums.0.base)
    for channel in 0..<channels { sums[channel] = Float(channelSums.0.base[channel]) }
  }
}
