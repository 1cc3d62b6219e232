import Models
import Testing

/// Names, shapes and widths; how large the networks are is in `ZooSizeTests`.
@Suite struct ZooTests {
  /// A name for each entry of the list.
  private static let names =
    Zoo.names.filter { !$0.contains("WIDTH") } + ["mlp-7", "mlp-32-16", "wide-resnet-28-10", "wide-resnet-10-1"]

  @Test("Every name in the list makes a network of any images large enough", arguments: names)
  func listed(name: String) throws {
    let side = name == "alexnet" ? 224 : 32
    for channels in [1, 3] {
      let network = try Zoo.network(named: name, shape: [channels, side, side], classes: 7)
      #expect(network.name == name)
      #expect(network.outputCount == 7)
      #expect(network.inputCount == channels * side * side)
    }
  }

  @Test func hiddenWidthsStandInTheName() throws {
    let network = try Zoo.network(named: "mlp-32-16", shape: [8], classes: 3)
    #expect(network == (try NetworkDescription(name: "mlp-32-16", widths: [8, 32, 16, 3])))
    #expect(Zoo.perceptronName(hidden: [32, 16]) == network.name && Zoo.perceptronName(hidden: [5]) == "mlp-5")
  }

  @Test("Networks of dense layers read an image as features")
  func flattened() throws {
    for name in ["lenet-300-100", "mlp-5"] {
      let network = try Zoo.network(named: name, shape: [1, 28, 28], classes: 10)
      #expect(network.inputShape == [784])
      #expect(network.digest == (try Zoo.network(named: name, inputs: 784, classes: 10)).digest)
    }
  }

  @Test(arguments: [
    "", "mlp", "mlp-", "mlp-0", "mlp--3", "mlp-+3", "mlp-03", "mlp-3-", "mlp-x", "lenet", "mlp-99999999999999999999",
    "MLP-3", "conv-3", "conv-8", "vgg", "vgg-12", "resnet", "resnet-21", "wide-resnet-28", "wide-resnet-28-10-3",
    "wide-resnet-28--10", "mobilenet", "mlp-WIDTH[-WIDTH...]",
  ])
  func unknownNamesAreRefusedWithWhatIsKnown(_ name: String) {
    let error = #expect(throws: NetworkError.self) { try Zoo.network(named: name, shape: [3, 32, 32], classes: 3) }
    for known in Zoo.names { #expect(error?.description.contains(known) == true) }
  }

  @Test(arguments: [
    "wide-resnet-27-10", "wide-resnet-4-1", "wide-resnet-1006-1", "wide-resnet-28-1025",
    "wide-resnet-28-9223372036854775807", "mlp-9223372036854775807", "mlp-65537",
  ])
  func impossibleSizesAreRefused(_ name: String) {
    #expect(throws: NetworkError.self) { try Zoo.network(named: name, shape: [3, 32, 32], classes: 3) }
  }

  @Test("Samples without channels, or too small for the windows, are refused", arguments: names)
  func shapes(name: String) {
    for shape in [[], [0], [3, 32], [1, 2, 3, 4], [.max, .max, .max], [3, -1, 32]] {
      #expect(throws: NetworkError.self) { try Zoo.network(named: name, shape: shape, classes: 3) }
    }
    guard !name.hasPrefix("mlp"), name != "lenet-300-100" else { return }
    #expect(throws: NetworkError.self) { try Zoo.network(named: name, shape: [3072], classes: 3) }
    // The rest shrinks by strided convolutions and a mean, which fit into anything.
    guard name.hasPrefix("lenet") || name.hasPrefix("conv") || name.hasPrefix("vgg") || name == "alexnet" else {
      return
    }
    #expect(throws: NetworkError.self) { try Zoo.network(named: name, shape: [3, 1, 1], classes: 3) }
  }

  @Test(arguments: [0, -1, .nan, .infinity, 64.1])
  func impossibleMultipliersAreRefused(_ multiplier: Double) {
    #expect(throws: NetworkError.self) {
      try Zoo.network(named: "conv-2", shape: [3, 32, 32], classes: 3, widthMultiplier: multiplier)
    }
  }

  @Test("Multipliers scale every hidden width, rounded, and neither inputs nor classes")
  func multiplier() throws {
    let network = try Zoo.network(named: "lenet-300-100", shape: [784], classes: 10, widthMultiplier: 0.125)
    // 37.5 and 12.5 round away from zero.
    #expect(network.digest == (try NetworkDescription(name: "n", widths: [784, 38, 13, 10])).digest)
    #expect(network.name == "lenet-300-100-x0.125")
    let double = try Zoo.network(named: "mlp-3", shape: [4], classes: 2, widthMultiplier: 2)
    #expect(double.digest == (try NetworkDescription(name: "n", widths: [4, 6, 2])).digest)
  }

  @Test("The least multiplier leaves one channel in each group", arguments: names)
  func least(name: String) throws {
    let side = name == "alexnet" ? 227 : 32
    let network = try Zoo.network(named: name, shape: [3, side, side], classes: 5, widthMultiplier: 1e-300)
    #expect(network.outputCount == 5)
    for (node, shape) in zip(network.nodes, network.shapes).dropLast() {
      switch node.layer {
      case .convolution(let convolution): #expect(convolution.outputs == (name == "alexnet" ? 2 : 1))
      case .dense: #expect(shape == [1])
      default: break
      }
    }
  }

  @Test("VGG, ResNet-18 and MobileNet have a form for small images and one for large ones")
  func forms() throws {
    func layers(_ name: String, _ side: Int, _ matches: (Layer) -> Bool) throws -> Int {
      try Zoo.network(named: name, shape: [3, side, side], classes: 10).nodes.count { matches($0.layer) }
    }
    func isDense(_ layer: Layer) -> Bool { if case .dense = layer { true } else { false } }
    func isNorm(_ layer: Layer) -> Bool { if case .batchNorm = layer { true } else { false } }
    func isPool(_ layer: Layer) -> Bool { if case .maxPool = layer { true } else { false } }
    func isDropout(_ layer: Layer) -> Bool { layer == .dropout(rate: 0.5) }
    #expect(try [32, 63, 64, 224].map { try layers("vgg-16", $0, isDense) } == [1, 1, 3, 3])
    #expect(try [32, 64].map { try layers("vgg-16", $0, isNorm) } == [13, 0])
    #expect(try [32, 64].map { try layers("vgg-16", $0, isDropout) } == [0, 2])
    #expect(try [32, 64].map { try layers("vgg-16", $0, isPool) } == [4, 5])
    #expect(try [32, 64].map { try layers("resnet-18", $0, isPool) } == [0, 1])
    let sides = try [32, 64].map { try Zoo.network(named: "mobilenet-v1", shape: [3, $0, $0], classes: 2).shapes[1] }
    #expect(sides == [[32, 32, 32], [32, 32, 32]])
  }

  @Test("The lottery-ticket paper's Resnet-18 is resnet-20: 274K values with running statistics, 270K in convolutions")
  func lottery() throws {
    let network = try Zoo.network(named: "resnet-18-lottery", shape: [3, 32, 32], classes: 10)
    #expect(network.digest == (try Zoo.network(named: "resnet-20", shape: [3, 32, 32], classes: 10)).digest)
    let layout = ParameterLayout(network)
    #expect(layout.count == 274_042)
    #expect(layout.prunableCount == 270_256)
  }

  @Test("Parameters are called as in torchvision")
  func parameterNames() throws {
    func names(_ name: String, _ side: Int) throws -> Set<String> {
      Set(ParameterLayout(try Zoo.network(named: name, shape: [3, side, side], classes: 10)).tensors.map(\.name))
    }
    let resnet = try names("resnet-18", 224)
    #expect(resnet.count == 102)
    #expect(
      resnet.isSuperset(of: [
        "conv1.weight", "bn1.running_var", "layer1.0.conv1.weight", "layer1.1.bn2.bias", "layer2.0.downsample.0.weight",
        "layer2.0.downsample.1.running_mean", "layer4.1.bn2.weight", "fc.weight", "fc.bias",
      ]))
    #expect(!resnet.contains("layer1.0.downsample.0.weight"))
    let vgg =
      [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28].map { "features.\($0)" } + [0, 3, 6].map { "classifier.\($0)" }
    #expect(try names("vgg-16", 224) == Set(vgg.flatMap { ["\($0).weight", "\($0).bias"] }))
  }
}
