import Models
import Testing

/// Parameters and multiply-adds beside published numbers and those that PyTorch counts in the same networks.
@Suite struct ZooSizeTests {
  struct Size: Sendable, CustomTestStringConvertible {
    let name: String
    let shape: [Int]
    let classes: Int
    var multiplier = 1.0
    let parameters: Int
    var statistics = 0
    let multiplyAdds: Int

    var testDescription: String { "\(name) × \(multiplier) on \(shape)" }
  }

  private static let mnist = [1, 28, 28]
  private static let cifar = [3, 32, 32]
  private static let imagenet = [3, 224, 224]

  static let sizes = [
    Size(name: "lenet-300-100", shape: mnist, classes: 10, parameters: 266_610, multiplyAdds: 266_200),
    Size(name: "lenet-5", shape: mnist, classes: 10, parameters: 431_080, multiplyAdds: 2_293_000),
    Size(name: "lenet-5-classic", shape: mnist, classes: 10, parameters: 61_706, multiplyAdds: 416_520),
    Size(name: "conv-2", shape: cifar, classes: 10, parameters: 4_301_642, multiplyAdds: 43_780_608),
    Size(name: "conv-4", shape: cifar, classes: 10, parameters: 2_425_930, multiplyAdds: 98_306_560),
    Size(name: "conv-6", shape: cifar, classes: 10, parameters: 2_262_602, multiplyAdds: 153_881_088),
    Size(
      name: "vgg-11", shape: cifar, classes: 10, parameters: 9_228_362, statistics: 5504, multiplyAdds: 152_769_536),
    Size(
      name: "vgg-16", shape: cifar, classes: 10, parameters: 14_724_042, statistics: 8448, multiplyAdds: 313_201_664),
    Size(
      name: "vgg-19", shape: cifar, classes: 10, parameters: 20_035_018, statistics: 11_008, multiplyAdds: 398_136_320),
    Size(
      name: "resnet-18", shape: cifar, classes: 10, parameters: 11_173_962, statistics: 9600,
      multiplyAdds: 555_422_720),
    Size(
      name: "resnet-20", shape: cifar, classes: 10, parameters: 272_474, statistics: 1568, multiplyAdds: 40_813_184),
    Size(
      name: "resnet-56", shape: cifar, classes: 10, parameters: 855_770, statistics: 4256, multiplyAdds: 125_747_840),
    Size(
      name: "wide-resnet-28-10", shape: cifar, classes: 10, parameters: 36_479_194, statistics: 17_952,
      multiplyAdds: 5_243_328_768),
    Size(
      name: "wide-resnet-16-8", shape: cifar, classes: 10, parameters: 10_961_370, statistics: 7200,
      multiplyAdds: 1_548_145_664),
    Size(
      name: "mobilenet-v1", shape: cifar, classes: 10, parameters: 3_217_226, statistics: 21_888,
      multiplyAdds: 46_354_432),
    // The numbers that torchvision gives for its models without batch normalisation in VGG.
    Size(
      name: "vgg-11", shape: imagenet, classes: 1000, parameters: 132_863_336, multiplyAdds: 7_609_090_048),
    Size(
      name: "vgg-16", shape: imagenet, classes: 1000, parameters: 138_357_544, multiplyAdds: 15_470_264_320),
    Size(
      name: "vgg-19", shape: imagenet, classes: 1000, parameters: 143_667_240, multiplyAdds: 19_632_062_464),
    Size(
      name: "resnet-18", shape: imagenet, classes: 1000, parameters: 11_689_512, statistics: 9600,
      multiplyAdds: 1_814_073_344),
    // The paper: 569 million multiply-adds and 4.2 million parameters, at a quarter of the width 41 and 0.5.
    Size(
      name: "mobilenet-v1", shape: imagenet, classes: 1000, parameters: 4_231_976, statistics: 21_888,
      multiplyAdds: 568_740_352),
    Size(
      name: "mobilenet-v1", shape: imagenet, classes: 1000, multiplier: 0.25, parameters: 470_072, statistics: 5472,
      multiplyAdds: 41_030_272),
    Size(name: "alexnet", shape: imagenet, classes: 1000, parameters: 60_965_224, multiplyAdds: 724_406_816),
    Size(name: "alexnet", shape: [3, 227, 227], classes: 1000, parameters: 60_965_224, multiplyAdds: 724_406_816),
    Size(
      name: "alexnet", shape: imagenet, classes: 1000, multiplier: 0.25, parameters: 4_587_592,
      multiplyAdds: 65_808_776),
    Size(
      name: "vgg-16", shape: imagenet, classes: 1000, multiplier: 0.25, parameters: 9_418_936,
      multiplyAdds: 983_916_544),
    Size(
      name: "resnet-18", shape: imagenet, classes: 1000, multiplier: 0.25, parameters: 831_096, statistics: 2400,
      multiplyAdds: 135_603_200),
    Size(
      name: "conv-6", shape: cifar, classes: 10, multiplier: 0.3, parameters: 204_946, multiplyAdds: 14_044_795),
    Size(
      name: "resnet-20", shape: cifar, classes: 10, multiplier: 0.3, parameters: 25_306, statistics: 476,
      multiplyAdds: 3_962_110),
    Size(
      name: "wide-resnet-28-10", shape: cifar, classes: 10, multiplier: 0.3, parameters: 3_288_443, statistics: 5386,
      multiplyAdds: 472_097_664),
    Size(name: "lenet-5", shape: mnist, classes: 10, multiplier: 0.01, parameters: 197, multiplyAdds: 16_130),
    Size(name: "lenet-300-100", shape: mnist, classes: 10, multiplier: 0.1, parameters: 23_970, multiplyAdds: 23_920),
  ]

  private func layout(_ name: String, _ shape: [Int], _ classes: Int, _ multiplier: Double = 1) throws
    -> ParameterLayout
  {
    ParameterLayout(
      try Zoo.network(named: name, shape: shape, classes: classes, widthMultiplier: multiplier),
      scope: PruningScope(prunesClassifier: true))
  }

  @Test(arguments: sizes)
  func known(_ size: Size) throws {
    let layout = try layout(size.name, size.shape, size.classes, size.multiplier)
    #expect(layout.trainableCount == size.parameters)
    #expect(layout.count == size.parameters + size.statistics)
    #expect(layout.tensors.reduce(0) { $0 + $1.range.count * $1.multiplyAdds } == size.multiplyAdds)
  }

  /// Han, Pool, Tran, Dally, "Learning both weights and connections for efficient neural networks", 2015: table 4.
  @Test("Han's kept percentages bring AlexNet from 61 to 6.7 million weights")
  func hanAlexNet() throws {
    let weights = try layout("alexnet", [3, 227, 227], 1000).prunable
    // Thousands of weights, millions of operations (a multiply-add is two), and the percentage kept.
    let table: [(thousands: Double, operations: Double, kept: Double)] = [
      (35, 211, 84), (307, 448, 38), (885, 299, 35), (663, 224, 37), (442, 150, 37), (38_000, 75, 9), (17_000, 34, 9),
      (4000, 8, 25),
    ]
    try #require(weights.count == table.count)
    var (kept, least, most) = (0.0, 0.0, 0.0)
    for (tensor, row) in zip(weights, table) {
      let count = Double(tensor.range.count)
      // The paper rounds and cuts, which 663,552 and 75,497,472 show.
      #expect(abs(count / 1000 - row.thousands) < (row.thousands > 1000 ? 500 : 1), "\(tensor.name)")
      #expect(abs(2 * count * Double(tensor.multiplyAdds) / 1e6 - row.operations) < 1, "\(tensor.name)")
      kept += count * row.kept / 100
      least += count * (row.kept - 0.5) / 100
      most += count * (row.kept + 0.5) / 100
    }
    // 6.7 million, as far as whole percentages determine it, and the nine-fold compression of the paper's title figure.
    #expect(least < 6.7e6 && 6.7e6 < most)
    #expect(Int(kept) == 6_796_192)
    #expect((61e6 / kept).rounded() == 9)
  }

  /// The same paper, tables 2 and 3.
  @Test func hanLeNets() throws {
    func rows(_ name: String) throws -> [[Double]] {
      try layout(name, [1, 28, 28], 10).prunable.map {
        [Double($0.range.count) / 1000, Double(2 * $0.range.count * $0.multiplyAdds) / 1000]
      }
    }
    #expect(try rows("lenet-300-100") == [[235.2, 470.4], [30, 60], [1, 2]])
    #expect(try rows("lenet-5") == [[0.5, 576], [25, 3200], [400, 800], [5, 10]])
  }
}
