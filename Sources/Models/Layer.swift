/// What one node of a network computes.
///
/// Samples have a shape of rank 1, [features], or of rank 3, [channels, height, width]. How a layer changes the shape is
/// in `Layer+Shape.swift`.
package enum Layer: Hashable, Sendable {
  /// The samples as they come. The first node of a network, and no other.
  case input([Int])
  /// y = W·x + b on [features], with W of shape [outputs, inputs], row by row.
  case dense(outputs: Int, bias: Bool)
  /// A sliding window of products on [channels, height, width].
  case convolution(Convolution)
  /// The largest value in each window; padding never wins.
  case maxPool(Window)
  /// The mean of each window, over the values inside the image or, if `countsPadding`, over the whole window.
  case averagePool(Window, countsPadding: Bool)
  /// The mean of each channel: [channels, height, width] → [channels, 1, 1].
  case globalAveragePool
  /// Normalisation by channel of [channels, height, width], or by feature of [features].
  case batchNorm(BatchNorm)
  case activation(Activation)
  /// exp(x) / Σ exp(x) over [features], or its logarithm.
  case softmax(logarithmic: Bool)
  /// In training, each value becomes zero with probability `rate` and is divided by 1 − rate otherwise; else nothing.
  case dropout(rate: Double)
  /// [channels, height, width] → [channels · height · width].
  case flatten
  /// The sum of two or more values of one shape, from first to last.
  case add
  /// Features or channels of two or more values, one behind the other.
  case concatenate
}

/// A window that slides over an image: its size, its steps, and the border of padding around the image.
package struct Window: Hashable, Sendable {
  package var height: Int
  package var width: Int
  package var verticalStride: Int
  package var horizontalStride: Int
  package var padding: Padding

  package init(height: Int, width: Int, verticalStride: Int, horizontalStride: Int, padding: Padding) {
    self.height = height
    self.width = width
    self.verticalStride = verticalStride
    self.horizontalStride = horizontalStride
    self.padding = padding
  }

  /// A square window with the same stride and padding in both directions.
  package init(_ size: Int, stride: Int = 1, padding: Int = 0) {
    self.init(
      height: size, width: size, verticalStride: stride, horizontalStride: stride,
      padding: Padding(top: padding, left: padding, bottom: padding, right: padding))
  }

  package struct Padding: Hashable, Sendable {
    package var top: Int
    package var left: Int
    package var bottom: Int
    package var right: Int

    package init(top: Int, left: Int, bottom: Int, right: Int) {
      self.top = top
      self.left = left
      self.bottom = bottom
      self.right = right
    }
  }
}

/// A 2-D convolution (strictly, a cross-correlation, as everywhere in the field).
///
/// Weights: [outputs, inputs / groups, window height, window width]. The padding is zeros.
package struct Convolution: Hashable, Sendable {
  /// Output channels.
  package var outputs: Int
  package var window: Window
  /// Input and output channels are cut into this many parts that do not see each other; as many as there are inputs
  /// make a depthwise convolution.
  package var groups: Int
  package var bias: Bool

  package init(outputs: Int, window: Window, groups: Int = 1, bias: Bool = true) {
    self.outputs = outputs
    self.window = window
    self.groups = groups
    self.bias = bias
  }
}

/// y = scale · (x − mean) / √(variance + epsilon) + shift.
///
/// In training, mean and (biased) variance are those of the batch, and running values follow them:
/// running ← (1 − momentum) · running + momentum · batch, with the unbiased variance, as in PyTorch.
///
/// Source: Ioffe, Szegedy, "Batch normalization", ICML 2015.
package struct BatchNorm: Hashable, Sendable {
  package var epsilon: Double
  package var momentum: Double

  package init(epsilon: Double = 1e-5, momentum: Double = 0.1) {
    self.epsilon = epsilon
    self.momentum = momentum
  }
}

/// A function of one value.
package enum Activation: Hashable, Sendable {
  /// max(x, 0).
  case relu
  /// x where it is above 0, else slope · x.
  case leakyRelu(slope: Float)
  case sigmoid
  case tanh
  /// min(max(x, low), high); 0 and 6 make ReLU6.
  case clip(low: Float, high: Float)
}
