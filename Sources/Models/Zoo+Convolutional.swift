extension ZooPlan {
  /// VGG made small for CIFAR-10: two 3×3 convolutions a stage, then a pool; dense layers of 256 and 256.
  ///
  /// On CIFAR-10: 4,301,642, 2,425,930 and 2,262,602 parameters for `conv-2`, `conv-4` and `conv-6`. (The paper's table
  /// says 1.7M for the last, which its layers do not add up to.)
  ///
  /// Source: Frankle, Carbin, "The lottery ticket hypothesis", ICLR 2019, figure 2.
  func conv(stages: [Int]) throws(NetworkError) -> NetworkDescription {
    var builder = try images()
    for channels in stages {
      for _ in 0..<2 {
        builder.convolution(width(channels), kernel: 3, padding: 1)
        builder.relu()
      }
      builder.maxPool(2, stride: 2)
    }
    builder.flatten()
    for _ in 0..<2 {
      builder.dense(width(256))
      builder.relu()
    }
    builder.dense(classes)
    return try builder.network(name: name)
  }

  /// VGG with the given number of 3×3 convolutions in each of five stages.
  ///
  /// From 64×64 on: the paper's network, with dense layers of 4096 and dropout. Smaller images: the form that pruning
  /// papers use on CIFAR, with batch normalisation, the mean of what four pools leave, and one dense layer.
  ///
  /// Sources: Simonyan, Zisserman, "Very deep convolutional networks", ICLR 2015, configurations A, D and E; for the
  /// small form Liu et al., "Learning efficient convolutional networks through network slimming", ICCV 2017.
  func vgg(stages: [Int]) throws(NetworkError) -> NetworkDescription {
    var builder = try images()
    var place = 0
    for (stage, (count, channels)) in zip(stages, [64, 128, 256, 512, 512]).enumerated() {
      for _ in 0..<count {
        if isSmall {
          builder.normalizedConvolution(
            width(channels), kernel: 3, padding: 1, names: ("features.\(place)", "features.\(place + 1)"))
        } else {
          builder.convolution(width(channels), kernel: 3, padding: 1, name: "features.\(place)")
        }
        builder.relu()
        place += isSmall ? 3 : 2
      }
      if isSmall && stage == stages.count - 1 { break }
      builder.maxPool(2, stride: 2)
      place += 1
    }
    if isSmall {
      builder.classifyMeans(classes, name: "classifier")
      return try builder.network(name: name)
    }
    builder.flatten()
    for place in [0, 3] {
      builder.dense(width(4096), name: "classifier.\(place)")
      builder.relu()
      builder.add(.dropout(rate: 0.5))
    }
    builder.dense(classes, name: "classifier.6")
    return try builder.network(name: name)
  }

  /// AlexNet on one processor, in two groups as in the paper and in Caffe; 60,965,224 parameters for 1000 classes.
  ///
  /// Images are 227×227, or 224×224 with two pixels of padding. Local response normalisation is left out.
  ///
  /// Source: Krizhevsky, Sutskever, Hinton, "ImageNet classification with deep convolutional neural networks", 2012.
  func alexnet() throws(NetworkError) -> NetworkDescription {
    var builder = try images()
    builder.convolution(width(96, multipleOf: 2), kernel: 11, stride: 4, padding: shape[1] == 227 ? 0 : 2)
    builder.relu()
    builder.maxPool(3, stride: 2)
    builder.convolution(width(256, multipleOf: 2), kernel: 5, padding: 2, groups: 2)
    builder.relu()
    builder.maxPool(3, stride: 2)
    for (channels, groups) in [(384, 1), (384, 2), (256, 2)] {
      builder.convolution(width(channels, multipleOf: 2), kernel: 3, padding: 1, groups: groups)
      builder.relu()
    }
    builder.maxPool(3, stride: 2)
    builder.flatten()
    for _ in 0..<2 {
      builder.dense(width(4096))
      builder.relu()
      builder.add(.dropout(rate: 0.5))
    }
    builder.dense(classes)
    return try builder.network(name: name)
  }

  /// MobileNet: a convolution, then 13 pairs of a depthwise 3×3 and a pointwise 1×1 convolution, all normalised.
  ///
  /// The first convolution has a stride of 2, on images below 64×64 of 1. 4,231,976 parameters for 1000 classes.
  ///
  /// Source: Howard et al., "MobileNets: Efficient convolutional neural networks for mobile vision applications", 2017.
  func mobilenet() throws(NetworkError) -> NetworkDescription {
    var builder = try images()
    var channels = width(32)
    builder.normalizedConvolution(
      channels, kernel: 3, stride: isSmall ? 1 : 2, padding: 1, names: ("conv1", "bn1"))
    builder.relu()
    let pairs =
      [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)] + Array(repeating: (512, 1), count: 5)
      + [(1024, 2), (1024, 1)]
    for (index, (outputs, stride)) in pairs.enumerated() {
      let block = "block\(index + 1)"
      builder.normalizedConvolution(
        channels, kernel: 3, stride: stride, padding: 1, groups: channels,
        names: ("\(block).depthwise", "\(block).bn1"))
      builder.relu()
      channels = width(outputs)
      builder.normalizedConvolution(channels, kernel: 1, names: ("\(block).pointwise", "\(block).bn2"))
      builder.relu()
    }
    builder.classifyMeans(classes, name: "fc")
    return try builder.network(name: name)
  }
}
