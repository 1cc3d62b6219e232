import Models
import Testing

/// A small network with the number of its removable neurons, layer by layer.
struct Sample: Sendable, CustomTestStringConvertible {
  let network: NetworkDescription
  let neurons: [Int]

  var testDescription: String { network.name }
}

/// One network for each way in which channels can be tied.
func sampleNetworks() throws -> [Sample] {
  [
    Sample(network: try NetworkDescription(name: "mlp", widths: [7, 5, 6, 3]), neurons: [5, 6]),
    Sample(
      network: try Zoo.network(named: "lenet-5", shape: [1, 28, 28], classes: 10, widthMultiplier: 0.1),
      neurons: [2, 5, 50]),
    Sample(network: try normalized(), neurons: [3, 4, 5, 6]),
    // The first layer and both bodies of its stage are one sum; each shortcut is a sum with the second body.
    Sample(
      network: try Zoo.network(named: "resnet-20", shape: [3, 8, 8], classes: 4, widthMultiplier: 0.25),
      neurons: [4, 4, 4, 4, 8, 8, 8, 8, 16, 16, 16, 16]),
    // Each depthwise convolution is one with what it reads.
    Sample(
      network: try Zoo.network(named: "mobilenet-v1", shape: [3, 8, 8], classes: 4, widthMultiplier: 0.05),
      neurons: [2, 3, 6, 6, 13, 13] + Array(repeating: 26, count: 6) + [51, 51]),
    Sample(network: try concatenated(), neurons: [3, 2, 4, 6]),
    Sample(network: try split(), neurons: [3, 5]),
    Sample(network: try grouped(), neurons: [2, 3]),
  ]
}

/// VGG in small: normalised convolutions, dropout, and normalisation by feature behind a flatten.
private func normalized() throws -> NetworkDescription {
  var builder = NetworkBuilder(input: [2, 8, 8])
  for (outputs, pools) in [(3, false), (4, true), (5, true)] {
    builder.convolution(outputs, kernel: 3, padding: 1, bias: false)
    builder.batchNorm()
    builder.relu()
    if pools { builder.maxPool(2, stride: 2) }
  }
  builder.flatten()
  builder.batchNorm()
  builder.add(.dropout(rate: 0.5))
  builder.dense(6)
  builder.add(.activation(.tanh))
  builder.dense(3)
  builder.add(.softmax(logarithmic: true))
  return try builder.network(name: "normalized")
}

/// Two branches side by side, read by one convolution, and the input once more beside that.
private func concatenated() throws -> NetworkDescription {
  var builder = NetworkBuilder(input: [2, 6, 6])
  let first = builder.convolution(3, kernel: 3, padding: 1, name: "first", to: 0)
  let second = builder.convolution(2, kernel: 1, name: "second", to: 0)
  builder.add(.concatenate, to: [first, second])
  let third = builder.convolution(4, kernel: 3, padding: 1, name: "third")
  builder.add(.concatenate, to: [third, 0])
  builder.add(.averagePool(Window(2, stride: 2), countsPadding: false))
  builder.flatten()
  builder.dense(6, name: "fourth")
  builder.dense(3, name: "classes")
  return try builder.network(name: "concatenated")
}

/// A sum of one layer with two others side by side: the first is tied to each of them in part.
private func split() throws -> NetworkDescription {
  var builder = NetworkBuilder(input: [4])
  let whole = builder.add(.dense(outputs: 8, bias: true), name: "whole", to: [0])
  let left = builder.add(.dense(outputs: 3, bias: false), name: "left", to: [0])
  let right = builder.add(.dense(outputs: 5, bias: true), name: "right", to: [0])
  let both = builder.add(.concatenate, to: [left, right])
  builder.add(.add, to: [whole, both])
  builder.dense(2, name: "classes")
  return try builder.network(name: "split")
}

/// Groups of two channels that make three, and a dense layer on their means.
private func grouped() throws -> NetworkDescription {
  var builder = NetworkBuilder(input: [1, 5, 5])
  builder.convolution(4, kernel: 3)
  builder.convolution(6, kernel: 3, padding: 1, groups: 2)
  builder.batchNorm()
  builder.add(.globalAveragePool)
  builder.flatten()
  builder.dense(3)
  builder.relu()
  builder.dense(2)
  return try builder.network(name: "grouped")
}
