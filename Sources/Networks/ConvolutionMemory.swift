internal import Models

/// Where the windows of a convolution lie in some samples, put into a border of zeros if need be.
final class WindowTable {
  /// How the samples are put into their border; nil where they are used as they lie.
  let placement: TrainingKernels.Placement?
  /// Floats of one sample, in its border.
  let sampleSize: Int
  /// Places of a window in one sample.
  let placesPerSample: Int
  /// The samples that the table has places for.
  let samples: Int
  private let places: AlignedBuffer<Int>
  private let taps: AlignedBuffer<Int>

  /// Windows of `kernel` (height, width) over [height][width][channels]; of each pixel of a window the first `depth`
  /// channels are taps.
  ///
  /// `top` and `left` may be negative: then the border cuts off. `steps` put zeros between the pixels.
  init(
    height: Int, width: Int, channels: Int, top: Int, left: Int, toHeight: Int, toWidth: Int, steps: (Int, Int),
    kernel: (Int, Int), strides: (Int, Int), depth: Int, samples: Int
  ) {
    let isBare = top == 0 && left == 0 && toHeight == height && toWidth == width && steps == (1, 1)
    placement =
      isBare
      ? nil
      : TrainingKernels.Placement(
        samples: samples, channels: channels, from: (height, width), to: (toHeight, toWidth), top: top, left: left,
        steps: steps)
    sampleSize = toHeight * toWidth * channels
    let rows = (toHeight - kernel.0) / strides.0 + 1
    let columns = (toWidth - kernel.1) / strides.1 + 1
    placesPerSample = rows * columns
    self.samples = samples
    var places: [Int] = []
    places.reserveCapacity(samples * rows * columns)
    for sample in 0..<samples {
      for row in 0..<rows {
        for column in 0..<columns {
          places.append(sample * sampleSize + (row * strides.0 * toWidth + column * strides.1) * channels)
        }
      }
    }
    self.places = AlignedBuffer(places)
    var taps: [Int] = []
    for row in 0..<kernel.0 {
      for column in 0..<kernel.1 {
        for channel in 0..<depth { taps.append((row * toWidth + column) * channels + channel) }
      }
    }
    self.taps = AlignedBuffer(taps)
  }

  /// The windows over the first `samples` samples at `x`.
  func windows(_ x: UnsafePointer<Float>, samples: Int) -> TrainingKernels.Windows {
    TrainingKernels.Windows(
      x: x, places: places.base, count: samples * placesPerSample, taps: taps.base, depth: taps.count)
  }
}

/// The tables of one convolution.
///
/// The way back is a convolution too: of the derivatives by the outputs, with zeros put between them for strides, by
/// the weights turned around. Where that would mostly multiply zeros, products with all taps are scattered instead.
final class ConvolutionMemory {
  let convolution: Convolution
  /// Channels of the input that one group sees.
  let groupInputs: Int
  /// Channels of the output that one group gives.
  let groupOutputs: Int
  /// One input channel to one output channel: lanes are channels on both sides.
  let isDepthwise: Bool
  let forward: WindowTable
  let backward: WindowTable
  /// Whether the way back scatters.
  let scatters: Bool
  /// For scattering, the derivatives by the outputs as windows of one pixel: [places][outputs].
  let pixels: WindowTable

  init(_ convolution: Convolution, input: [Int], output: [Int], capacity: Int) {
    self.convolution = convolution
    let window = convolution.window
    let groups = convolution.groups
    groupInputs = input[0] / groups
    groupOutputs = output[0] / groups
    isDepthwise = groups > 1 && groupInputs == 1 && groupOutputs == 1
    let kernel = (window.height, window.width)
    // So many samples at once that weights are read seldom, but so few that the images stay in the cache.
    let samples = max(min(capacity, 256 / (output[1] * output[2])), 1)
    forward = WindowTable(
      height: input[1], width: input[2], channels: input[0], top: window.padding.top, left: window.padding.left,
      toHeight: input[1] + window.padding.top + window.padding.bottom,
      toWidth: input[2] + window.padding.left + window.padding.right, steps: (1, 1), kernel: kernel,
      strides: (window.verticalStride, window.horizontalStride), depth: isDepthwise ? 1 : groupInputs, samples: samples)
    backward = WindowTable(
      height: output[1], width: output[2], channels: output[0], top: window.height - 1 - window.padding.top,
      left: window.width - 1 - window.padding.left, toHeight: input[1] + window.height - 1,
      toWidth: input[2] + window.width - 1, steps: (window.verticalStride, window.horizontalStride), kernel: kernel,
      strides: (1, 1), depth: isDepthwise ? 1 : groupOutputs, samples: samples)
    pixels = WindowTable(
      height: output[1], width: output[2], channels: output[0], top: 0, left: 0, toHeight: output[1],
      toWidth: output[2], steps: (1, 1), kernel: (1, 1), strides: (1, 1), depth: output[0], samples: samples)
    // Multiply-adds with the lanes that are filled up; a scattered value costs as much as four more.
    let area = window.height * window.width
    let scattered = output[1] * output[2] * TrainingKernels.padded(area * input[0]) * (output[0] + 4)
    let gathered = input[1] * input[2] * area * output[0] * TrainingKernels.padded(input[0])
    scatters = groups == 1 && scattered < gathered
  }

  /// Taps of one place, over all channels of a group.
  var depth: Int { area * groupInputs }

  /// Pixels of the window.
  var area: Int { convolution.window.height * convolution.window.width }

  /// Floats of the weights in any of the kernels' forms.
  var packedSize: Int {
    if isDepthwise { return area * TrainingKernels.padded(convolution.groups) }
    return convolution.groups
      * max(
        depth * TrainingKernels.padded(groupOutputs), groupOutputs * area * TrainingKernels.padded(groupInputs),
        groupOutputs * TrainingKernels.padded(depth))
  }

  /// A part of the outputs that a kernel computes at once.
  struct Block {
    /// The first output.
    let first: Int
    let outputs: Int
    /// The outputs, filled up to whole vectors.
    var width: Int { TrainingKernels.padded(outputs) }
  }

  /// The blocks of `outputs` outputs, at most four vectors each, as even as can be.
  static func blocks(_ outputs: Int) -> [Block] {
    let vectors = TrainingKernels.padded(outputs) / TrainingKernels.lanes
    let count = (vectors + 3) / 4
    return (0..<count).map { index in
      let first = index * vectors / count * TrainingKernels.lanes
      let next = (index + 1) * vectors / count * TrainingKernels.lanes
      return Block(first: first, outputs: min(next, outputs) - first)
    }
  }
}

/// Memory that all convolutions of a pass share.
final class ConvolutionScratch {
  /// Samples in their border.
  let placed: AlignedBuffer<Float>
  /// Weights as the kernels read them, and their derivatives.
  let weights: AlignedBuffer<Float>
  let zeros: AlignedBuffer<Float>
  /// Products of some places with all taps, before they are scattered.
  let columns: AlignedBuffer<Float>

  init(_ convolutions: [ConvolutionMemory], _ purpose: PassPlan.Purpose) {
    var (placed, packed, channels, columns) = (0, 0, 0, 0)
    for memory in convolutions {
      let tables = purpose == .training ? [memory.forward, memory.backward] : [memory.forward]
      for table in tables where table.placement != nil { placed = max(placed, table.sampleSize * table.samples) }
      packed = max(packed, memory.packedSize)
      if purpose == .training, memory.scatters {
        columns = max(columns, memory.forward.placesPerSample * memory.depth)
      }
      channels = max(channels, memory.convolution.outputs, memory.groupInputs * memory.convolution.groups)
    }
    self.placed = AlignedBuffer(count: placed)
    self.columns = AlignedBuffer(count: columns)
    weights = AlignedBuffer(count: packed)
    zeros = AlignedBuffer(count: TrainingKernels.padded(max(channels, 4 * TrainingKernels.lanes)))
  }
}
