extension ZooPlan {
  /// ResNet-18: four stages of two blocks, 64 to 512 channels; 11,689,512 parameters for 1000 classes.
  ///
  /// Images below 64×64 get a 3×3 convolution of stride 1 at the start instead of 7×7 with stride 2 and a pool.
  ///
  /// Source: He, Zhang, Ren, Sun, "Deep residual learning for image recognition", CVPR 2016.
  func resnet18() throws(NetworkError) -> NetworkDescription {
    var builder = try images()
    if isSmall {
      builder.normalizedConvolution(width(64), kernel: 3, padding: 1, names: ("conv1", "bn1"))
      builder.relu()
    } else {
      builder.normalizedConvolution(width(64), kernel: 7, stride: 2, padding: 3, names: ("conv1", "bn1"))
      builder.relu()
      builder.maxPool(3, stride: 2, padding: 1)
    }
    return try residualStages(&builder, channels: [64, 128, 256, 512], blocks: 2)
  }

  /// The ResNets of He et al. for CIFAR: three stages of (depth − 2) / 6 blocks, 16 to 64 channels.
  ///
  /// Where the shape changes, the shortcut is a 1×1 convolution (option B of the paper, whose own CIFAR networks pad
  /// with zeros): `resnet-20` has 272,474 parameters on CIFAR-10. The "Resnet-18" of Frankle and Carbin ("The lottery
  /// ticket hypothesis", ICLR 2019) is this network too: its 274K are the 274,042 values with running statistics.
  func smallResnet(depth: Int) throws(NetworkError) -> NetworkDescription {
    var builder = try images()
    builder.normalizedConvolution(width(16), kernel: 3, padding: 1, names: ("conv1", "bn1"))
    builder.relu()
    return try residualStages(&builder, channels: [16, 32, 64], blocks: (depth - 2) / 6)
  }

  /// Stages of basic blocks, each but the first beginning with a stride of 2; then mean and classifier.
  private func residualStages(
    _ builder: inout NetworkBuilder, channels: [Int], blocks: Int
  ) throws(NetworkError) -> NetworkDescription {
    var inputs = width(channels[0])
    for (stage, published) in channels.enumerated() {
      let outputs = width(published)
      for index in 0..<blocks {
        let block = "layer\(stage + 1).\(index)"
        let stride = stage > 0 && index == 0 ? 2 : 1
        let entry = builder.last
        builder.normalizedConvolution(
          outputs, kernel: 3, stride: stride, padding: 1, names: ("\(block).conv1", "\(block).bn1"))
        builder.relu()
        builder.normalizedConvolution(outputs, kernel: 3, padding: 1, names: ("\(block).conv2", "\(block).bn2"))
        let body = builder.last
        var shortcut = entry
        if stride != 1 || inputs != outputs {
          builder.normalizedConvolution(
            outputs, kernel: 1, stride: stride, names: ("\(block).downsample.0", "\(block).downsample.1"), to: entry)
          shortcut = builder.last
        }
        builder.add(.add, to: [body, shortcut])
        builder.relu()
        inputs = outputs
      }
    }
    builder.classifyMeans(classes, name: "fc")
    return try builder.network(name: name)
  }

  /// A wide residual network with normalisation and ReLU in front of the convolutions, without dropout.
  ///
  /// Three stages of (depth − 4) / 6 blocks, 16, 32 and 64 times `width` channels; `wide-resnet-28-10` has 36,479,194
  /// parameters on CIFAR-10.
  ///
  /// Source: Zagoruyko, Komodakis, "Wide residual networks", BMVC 2016.
  func wideResnet(depth: Int, width factor: Int) throws(NetworkError) -> NetworkDescription {
    guard depth >= 10, depth <= 1000, (depth - 4) % 6 == 0, factor <= 1024 else {
      throw NetworkError("\(name): the depth is 6n + 4, from 10 to 1000, and the width at most 1024")
    }
    var builder = try images()
    var inputs = width(16)
    builder.convolution(inputs, kernel: 3, padding: 1, bias: false, name: "conv1")
    for (stage, channels) in [16, 32, 64].enumerated() {
      let outputs = width(channels * factor)
      for index in 0..<(depth - 4) / 6 {
        let block = "layer\(stage + 1).\(index)"
        let stride = stage > 0 && index == 0 ? 2 : 1
        var shortcut = builder.last
        builder.batchNorm(name: "\(block).bn1")
        let active = builder.relu()
        builder.normalizedConvolution(
          outputs, kernel: 3, stride: stride, padding: 1, names: ("\(block).conv1", "\(block).bn2"))
        builder.relu()
        let body = builder.convolution(outputs, kernel: 3, padding: 1, bias: false, name: "\(block).conv2")
        if stride != 1 || inputs != outputs {
          // From behind the normalisation, as in the authors' code.
          shortcut = builder.convolution(
            outputs, kernel: 1, stride: stride, bias: false, name: "\(block).shortcut", to: active)
        }
        builder.add(.add, to: [body, shortcut])
        inputs = outputs
      }
    }
    builder.batchNorm(name: "bn1")
    builder.relu()
    builder.classifyMeans(classes, name: "fc")
    return try builder.network(name: name)
  }
}
