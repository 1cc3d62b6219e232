import Models

/// A network with a layer of every kind.
func everyLayer() throws -> NetworkDescription {
  var builder = NetworkBuilder(input: [2, 8, 8])
  builder.convolution(4, kernel: 3, stride: 2, padding: 1, groups: 2, name: "c")
  builder.batchNorm(name: "norm")
  let entry = builder.add(.activation(.leakyRelu(slope: 0.125)))
  builder.convolution(4, kernel: 1, bias: false)
  builder.add(.activation(.clip(low: 0, high: 6)))
  builder.add(.add, to: [builder.last, entry])
  let sum = builder.add(.activation(.sigmoid))
  builder.maxPool(3, stride: 1, padding: 1)
  builder.add(.concatenate, to: [builder.last, sum])
  builder.add(
    .averagePool(
      Window(
        height: 2, width: 1, verticalStride: 1, horizontalStride: 2,
        padding: Window.Padding(top: 1, left: 0, bottom: 0, right: 0)), countsPadding: true))
  builder.add(.activation(.tanh))
  builder.add(.globalAveragePool)
  builder.flatten()
  builder.dense(6, bias: false)
  builder.batchNorm()
  builder.relu()
  builder.add(.dropout(rate: 0.5))
  builder.dense(3, name: "head")
  builder.add(.softmax(logarithmic: true))
  return try builder.network(name: "every layer")
}
