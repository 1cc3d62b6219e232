import Models
import Testing

/// Where parameters and mask bits lie.
@Suite struct ParameterLayoutTests {
  @Test("Layer by layer what is learned, then layer by layer the statistics")
  func order() throws {
    let layout = ParameterLayout(try everyLayer())
    #expect(
      layout.tensors.map(\.name) == [
        "c.weight", "c.bias", "norm.weight", "norm.bias", "conv2.weight", "dense1.weight", "batchnorm2.weight",
        "batchnorm2.bias", "head.weight", "head.bias", "norm.running_mean", "norm.running_var",
        "batchnorm2.running_mean", "batchnorm2.running_var",
      ])
    #expect(
      layout.tensors.map(\.shape) == [
        [4, 1, 3, 3], [4], [4], [4], [4, 4, 1, 1], [6, 8], [6], [6], [3, 6], [3], [4], [4], [6], [6],
      ])
    #expect(layout.trainableCount == 36 + 4 + 4 + 4 + 16 + 48 + 6 + 6 + 18 + 3)
    #expect(layout.count == layout.trainableCount + 20)
  }

  @Test func tensorsFillTheBufferWithoutGaps() throws {
    for network in [try everyLayer(), try Zoo.network(named: "mobilenet-v1", shape: [3, 32, 32], classes: 10)] {
      let layout = ParameterLayout(network)
      var end = 0
      for tensor in layout.tensors {
        #expect(tensor.range.lowerBound == end)
        #expect(tensor.range.count == tensor.shape.reduce(1, *))
        #expect(tensor.role.isTrainable == (tensor.range.upperBound <= layout.trainableCount))
        end = tensor.range.upperBound
      }
      #expect(end == layout.count)
    }
  }

  @Test("Masks have bits for weights alone, one behind the other; the classifier is in them when asked for")
  func masks() throws {
    let network = try everyLayer()
    for prunesClassifier in [false, true] {
      let layout = ParameterLayout(network, scope: PruningScope(prunesClassifier: prunesClassifier))
      let prunable = ["c.weight", "conv2.weight", "dense1.weight"] + (prunesClassifier ? ["head.weight"] : [])
      #expect(layout.prunable.map(\.name) == prunable)
      var end = 0
      for tensor in layout.prunable {
        #expect(tensor.role == .weight)
        #expect(tensor.maskRange == end..<end + tensor.range.count)
        end += tensor.range.count
      }
      #expect(layout.prunableCount == end)
      let buffer = (0..<layout.count).map(Float.init)
      #expect(layout.prunableValues(of: buffer) == layout.prunable.flatMap { $0.range.map(Float.init) })
    }
  }

  @Test func theClassifierIsTheLastLayerWithWeightsWhateverFollows() throws {
    var builder = NetworkBuilder(input: [1, 4, 4])
    builder.convolution(3, kernel: 2)
    builder.convolution(2, kernel: 1)
    builder.batchNorm()
    builder.add(.globalAveragePool)
    builder.flatten()
    #expect(ParameterLayout(try builder.network(name: "n")).prunable.map(\.name) == ["conv1.weight"])
  }

  @Test func tensorsAreFoundByLayerAndRole() throws {
    let network = try everyLayer()
    let layout = ParameterLayout(network)
    for tensor in layout.tensors { #expect(layout[tensor.node, tensor.role] == tensor) }
    #expect(layout[0, .weight] == nil)
    #expect(layout[1, .scale] == nil)
    #expect(layout[4, .bias] == nil)
  }

  @Test("A weight of a convolution is used at every place of the window, whatever stride and groups")
  func multiplyAdds() throws {
    var builder = NetworkBuilder(input: [4, 9, 7])
    builder.convolution(8, kernel: 3, stride: 2, padding: 1)  // [8, 5, 4]
    builder.convolution(8, kernel: 3, padding: 1, groups: 8)
    builder.convolution(6, kernel: 1, stride: 2, groups: 2)  // [6, 3, 2]
    builder.batchNorm()
    builder.flatten()
    builder.dense(5)
    let layout = ParameterLayout(try builder.network(name: "n"))
    #expect(
      layout.tensors.filter { $0.role == .weight }.map { [$0.range.count, $0.multiplyAdds] } == [
        [8 * 4 * 9, 20], [8 * 9, 20], [6 * 4, 6], [5 * 36, 1],
      ])
    #expect(layout.tensors.filter { $0.role != .weight }.allSatisfy { $0.multiplyAdds == 0 })
  }
}
