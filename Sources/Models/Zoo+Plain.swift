extension ZooPlan {
  /// Dense layers with ReLU between them: `mlp-32-16` has hidden layers of 32 and 16.
  ///
  /// `lenet-300-100` is the fully connected network of LeCun et al. 1998 with ReLU instead of tanh, as pruning papers
  /// use it; 266,610 parameters on MNIST.
  func perceptron(hidden: [Int]) throws(NetworkError) -> NetworkDescription {
    try NetworkDescription(
      name: name, widths: [shape.reduce(1, *)] + hidden.map { width($0) } + [classes])
  }

  /// LeNet-5 as Caffe has it and pruning papers use it: 20 and 50 channels, no function behind the convolutions.
  ///
  /// 431,080 parameters on MNIST.
  func lenet5() throws(NetworkError) -> NetworkDescription {
    var builder = try images()
    for channels in [20, 50] {
      builder.convolution(width(channels), kernel: 5)
      builder.maxPool(2, stride: 2)
    }
    builder.flatten()
    builder.dense(width(500))
    builder.relu()
    builder.dense(classes)
    return try builder.network(name: name)
  }

  /// LeNet-5 with tanh and mean pooling; 61,706 parameters on MNIST.
  ///
  /// As usual today, pools have no parameters, the second convolution sees all channels, and the output is dense.
  ///
  /// Source: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", 1998.
  func lenet5Classic() throws(NetworkError) -> NetworkDescription {
    var builder = try images()
    for (channels, padding) in [(6, 2), (16, 0)] {
      builder.convolution(width(channels), kernel: 5, padding: padding)
      builder.add(.activation(.tanh))
      builder.add(.averagePool(Window(2, stride: 2), countsPadding: false))
    }
    builder.flatten()
    for outputs in [120, 84] {
      builder.dense(width(outputs))
      builder.add(.activation(.tanh))
    }
    builder.dense(classes)
    return try builder.network(name: name)
  }
}
