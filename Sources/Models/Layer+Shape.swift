extension Layer {
  /// The most values that one dimension, and that one sample, may have, so that a hostile description cannot exhaust
  /// memory.
  package static let maximumDimension = 1 << 16
  package static let maximumValues = 1 << 24

  /// The shape of what the layer gives for inputs of the shapes given.
  ///
  /// - Throws: ``NetworkError`` where number, rank or sizes of the inputs do not fit the layer, or the layer's own
  ///   sizes are out of bounds.
  package func outputShape(_ inputs: [[Int]]) throws(NetworkError) -> [Int] {
    switch self {
    case .input(let shape):
      guard inputs.isEmpty else { throw NetworkError("the input has no inputs") }
      guard shape.count == 1 || shape.count == 3 else {
        throw NetworkError("a sample is [features] or [channels, height, width], found \(shape)")
      }
      return try Self.bounded(shape)
    case .add, .concatenate:
      guard inputs.count >= 2, inputs.count <= 1024 else {
        throw NetworkError("expected two inputs or more, found \(inputs.count)")
      }
      return self == .add ? try Self.sum(inputs) : try Self.concatenation(inputs)
    case .dense, .convolution, .maxPool, .averagePool, .globalAveragePool, .batchNorm, .activation, .softmax, .dropout,
      .flatten:
      guard inputs.count == 1 else { throw NetworkError("expected one input, found \(inputs.count)") }
      return try Self.bounded(try unaryShape(inputs[0]))
    }
  }

  private func unaryShape(_ shape: [Int]) throws(NetworkError) -> [Int] {
    switch self {
    case .dense(let outputs, _):
      guard shape.count == 1 else { throw NetworkError("expected [features], found \(shape); flatten it first") }
      return [outputs]
    case .convolution(let convolution):
      let (channels, _, _) = try Self.image(shape)
      let groups = convolution.groups
      guard groups >= 1, channels % groups == 0, convolution.outputs % groups == 0 else {
        throw NetworkError("\(groups) groups do not divide \(channels) and \(convolution.outputs) channels")
      }
      return [convolution.outputs] + (try convolution.window.slide(over: shape))
    case .maxPool(let window), .averagePool(let window, _):
      let (channels, _, _) = try Self.image(shape)
      let padding = window.padding
      // Else a window could lie in the padding alone and have nothing to look at.
      guard padding.top < window.height, padding.bottom < window.height, padding.left < window.width,
        padding.right < window.width
      else { throw NetworkError("a pool's padding must be smaller than its window") }
      return [channels] + (try window.slide(over: shape))
    case .globalAveragePool:
      return [try Self.image(shape).channels, 1, 1]
    case .batchNorm(let norm):
      guard norm.epsilon.isFinite, norm.epsilon > 0, (0...1).contains(norm.momentum) else {
        throw NetworkError("batch normalisation needs epsilon > 0 and a momentum from 0 to 1")
      }
      return shape
    case .activation(let activation):
      switch activation {
      case .leakyRelu(let slope):
        guard slope.isFinite else { throw NetworkError("expected a finite slope, found \(slope)") }
      case .clip(let low, let high):
        guard low <= high else { throw NetworkError("a clip's low end is above its high end: \(low), \(high)") }
      case .relu, .sigmoid, .tanh: break
      }
      return shape
    case .softmax:
      guard shape.count == 1 else { throw NetworkError("softmax is over [features], found \(shape)") }
      return shape
    case .dropout(let rate):
      guard rate >= 0, rate < 1 else { throw NetworkError("a dropout rate is from 0 up to below 1, found \(rate)") }
      return shape
    case .flatten:
      return [shape.reduce(1, *)]
    case .input, .add, .concatenate:
      preconditionFailure("not unary")
    }
  }

  private static func sum(_ inputs: [[Int]]) throws(NetworkError) -> [Int] {
    for shape in inputs where shape != inputs[0] {
      throw NetworkError("cannot add \(inputs[0]) and \(shape)")
    }
    return inputs[0]
  }

  private static func concatenation(_ inputs: [[Int]]) throws(NetworkError) -> [Int] {
    var shape = inputs[0]
    for other in inputs.dropFirst() {
      guard other.dropFirst() == shape.dropFirst() else {
        throw NetworkError("cannot concatenate \(shape) and \(other)")
      }
      shape[0] += other[0]
    }
    return try bounded(shape)
  }

  private static func image(_ shape: [Int]) throws(NetworkError) -> (channels: Int, height: Int, width: Int) {
    guard shape.count == 3 else { throw NetworkError("expected [channels, height, width], found \(shape)") }
    return (shape[0], shape[1], shape[2])
  }

  private static func bounded(_ shape: [Int]) throws(NetworkError) -> [Int] {
    var values = 1
    for size in shape {
      guard size >= 1, size <= maximumDimension, values <= maximumValues / size else {
        throw NetworkError(
          "a dimension is from 1 to \(maximumDimension) and a sample has at most \(maximumValues) values, found \(shape)"
        )
      }
      values *= size
    }
    return shape
  }
}

extension Window {
  /// How many places the window takes on [channels, height, width]: [height, width].
  ///
  /// - Throws: ``NetworkError`` where it fits nowhere or its sizes are out of bounds.
  func slide(over shape: [Int]) throws(NetworkError) -> [Int] {
    for size in [height, width, verticalStride, horizontalStride] where size < 1 || size > 4096 {
      throw NetworkError("a window's sizes and strides are from 1 to 4096, found \(size)")
    }
    for size in [padding.top, padding.left, padding.bottom, padding.right] where size < 0 || size > 4096 {
      throw NetworkError("padding is from 0 to 4096, found \(size)")
    }
    let room = (shape[1] + padding.top + padding.bottom, shape[2] + padding.left + padding.right)
    guard room.0 >= height, room.1 >= width else {
      throw NetworkError("a window of \(height) × \(width) does not fit into \(room.0) × \(room.1)")
    }
    return [(room.0 - height) / verticalStride + 1, (room.1 - width) / horizontalStride + 1]
  }
}
