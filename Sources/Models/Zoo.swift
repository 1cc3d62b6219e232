/// Networks known by name, fitted to the shape of the data.
///
/// What each name means stands with its family: `Zoo+Plain.swift` (`mlp-…`, LeNet), `Zoo+Convolutional.swift` (`conv-…`,
/// VGG, AlexNet, MobileNet), `Zoo+Residual.swift`. Parameters are called as in torchvision where it has the network.
package enum Zoo {
  /// What ``network(named:shape:classes:widthMultiplier:)`` accepts, for people.
  package static let names = [
    "mlp-WIDTH[-WIDTH...]", "lenet-300-100", "lenet-5", "lenet-5-classic", "conv-2", "conv-4", "conv-6", "vgg-11",
    "vgg-16", "vgg-19", "alexnet", "mobilenet-v1", "resnet-18", "resnet-18-lottery", "resnet-20", "resnet-56",
    "wide-resnet-DEPTH-WIDTH",
  ]

  /// The network of a name for samples of `shape`: [features] or [channels, height, width].
  ///
  /// Networks of dense layers alone read [features], the product of the shape. The multiplier scales the channels and
  /// hidden widths that the paper gives, rounded, to 1 at least; classes stay. Other multipliers than 1 become part of
  /// the name in reports.
  ///
  /// - Throws: ``NetworkError`` for an unknown name, a multiplier that is not above 0 and at most 64, or a shape that
  ///   the network cannot read.
  package static func network(
    named name: String, shape: [Int], classes: Int, widthMultiplier: Double = 1
  ) throws(NetworkError) -> NetworkDescription {
    guard widthMultiplier > 0, widthMultiplier <= 64 else {
      throw NetworkError("a width multiplier is above 0 and at most 64, found \(widthMultiplier)")
    }
    let plan = ZooPlan(
      name: widthMultiplier == 1 ? name : "\(name)-x\(widthMultiplier)",
      shape: try Layer.input(shape).outputShape([]), classes: classes, widthMultiplier: widthMultiplier)
    switch name {
    case "lenet-300-100": return try plan.perceptron(hidden: [300, 100])
    case "lenet-5": return try plan.lenet5()
    case "lenet-5-classic": return try plan.lenet5Classic()
    case "conv-2": return try plan.conv(stages: [64])
    case "conv-4": return try plan.conv(stages: [64, 128])
    case "conv-6": return try plan.conv(stages: [64, 128, 256])
    case "vgg-11": return try plan.vgg(stages: [1, 1, 2, 2, 2])
    case "vgg-16": return try plan.vgg(stages: [2, 2, 3, 3, 3])
    case "vgg-19": return try plan.vgg(stages: [2, 2, 4, 4, 4])
    case "alexnet": return try plan.alexnet()
    case "mobilenet-v1": return try plan.mobilenet()
    case "resnet-18": return try plan.resnet18()
    case "resnet-20", "resnet-18-lottery": return try plan.smallResnet(depth: 20)
    case "resnet-56": return try plan.smallResnet(depth: 56)
    default: break
    }
    if let hidden = numbers(in: name, behind: "mlp-"), !hidden.isEmpty { return try plan.perceptron(hidden: hidden) }
    if let sizes = numbers(in: name, behind: "wide-resnet-"), sizes.count == 2 {
      return try plan.wideResnet(depth: sizes[0], width: sizes[1])
    }
    throw NetworkError("no network is called \(name); known are \(names.joined(separator: ", "))")
  }

  /// What ``network(named:shape:classes:widthMultiplier:)`` calls dense layers of these hidden widths with ReLU between
  /// them, such as `mlp-100-50`.
  package static func perceptronName(hidden: [Int]) -> String {
    "mlp-" + hidden.map { "\($0)" }.joined(separator: "-")
  }

  /// The network of a name for samples of `inputs` features.
  ///
  /// - Throws: ``NetworkError`` as ``network(named:shape:classes:widthMultiplier:)`` does.
  package static func network(
    named name: String, inputs: Int, classes: Int
  ) throws(NetworkError) -> NetworkDescription {
    try network(named: name, shape: [inputs], classes: classes)
  }

  /// The numbers behind a prefix, with dashes between them; nil where something else stands there.
  private static func numbers(in name: String, behind prefix: String) -> [Int]? {
    guard name.hasPrefix(prefix) else { return nil }
    var numbers: [Int] = []
    for part in name.dropFirst(prefix.count).split(separator: "-", omittingEmptySubsequences: false) {
      // Int(_:) would take "+8" and "08" too, second names of one network.
      guard let number = Int(part), "\(number)" == part, number > 0 else { return nil }
      numbers.append(number)
    }
    return numbers
  }
}

/// What a family of the zoo is fitted to.
struct ZooPlan {
  let name: String
  /// Bounded: [features] or [channels, height, width].
  let shape: [Int]
  let classes: Int
  let widthMultiplier: Double

  /// Images below this side get the CIFAR form of a network that has two forms, others the ImageNet form.
  private static let largeSide = 64

  /// The paper's width times the multiplier, the nearest multiple of `divisor` and at least that.
  func width(_ published: Int, multipleOf divisor: Int = 1) -> Int {
    // Beyond the bound any width is refused anyway; the bound keeps the product an Int.
    let wanted = Double(min(published, Layer.maximumDimension + 1)) * widthMultiplier / Double(divisor)
    return divisor * max(Int(wanted.rounded()), 1)
  }

  /// Whether the images are of CIFAR's kind of size.
  var isSmall: Bool { min(shape[1], shape[2]) < Self.largeSide }

  /// A network of images to be written down.
  ///
  /// - Throws: ``NetworkError`` if the samples are none.
  func images() throws(NetworkError) -> NetworkBuilder {
    guard shape.count == 3 else {
      throw NetworkError("\(name) needs samples of [channels, height, width], found \(shape)")
    }
    return NetworkBuilder(input: shape)
  }
}

extension NetworkBuilder {
  /// A convolution without biases, which the normalisation behind it would take away.
  mutating func normalizedConvolution(
    _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, groups: Int = 1, names: (String, String),
    to input: Int? = nil
  ) {
    convolution(
      outputs, kernel: kernel, stride: stride, padding: padding, groups: groups, bias: false, name: names.0, to: input)
    batchNorm(name: names.1)
  }

  /// The end of most networks without hidden dense layers.
  mutating func classifyMeans(_ classes: Int, name: String) {
    add(.globalAveragePool)
    flatten()
    dense(classes, name: name)
  }
}
