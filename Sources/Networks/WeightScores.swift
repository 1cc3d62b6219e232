package import Models
internal import Pruning

/// Scores of single weights from data: what a weight does on samples, not its size alone.
///
/// All sums are taken in `Double`, in the order of the samples; the bits are those of one ``NumericsClass``.
package struct WeightScores: Sendable {
  let network: NetworkDescription
  let layout: ParameterLayout
  let parameters: [Float]
  let input: BatchInput
  /// The samples that are looked at.
  let count: Int
  let variant: KernelVariant

  /// Samples that pass through the network together; part of the result where batches are normalised.
  private static let batch = 64

  /// - Parameter samples: the first so many are looked at; nil: all.
  /// - Throws: ``NetworkError`` if data or parameters do not belong to the network, or there is no sample.
  package init(
    network: NetworkDescription, scope: PruningScope, parameters: [Float], data: LabelledData, samples: Int? = nil,
    variant: KernelVariant = .best
  ) throws(NetworkError) {
    try network.check(shape: data.shape, classes: data.classes, parameters: parameters.count)
    self.network = network
    layout = ParameterLayout(network, scope: scope)
    self.parameters = parameters
    input = try BatchInput(data, network)
    count = min(samples ?? data.count, data.count)
    guard count > 0 else { throw NetworkError("scores of weights need a sample at least") }
    self.variant = variant
  }

  /// |w · ∂L/∂w| of each prunable weight, L the mean loss over the samples; nil if it is not finite.
  ///
  /// As in training: batches normalise by their own statistics, dropout drops.
  ///
  /// Source: Lee, Ajanthan, Torr, "SNIP", ICLR 2019; the `GlobalMagGrad` and `LayerMagGrad` of Blalock et al., "What is the
  /// state of neural network pruning?", MLSys 2020, rank by it.
  ///
  /// - Complexity: samples × multiply-adds of the network, three times.
  package func gradient() -> [Float]? {
    guard let gradient = meanGradient(zerosLearn: false) else { return nil }
    return scores { gradient[$0] }
  }

  /// |∂L/∂w| of each prunable weight, L as in ``gradient()``; nil if it is not finite.
  package func gradientMagnitude() -> [Float]? {
    guard let gradient = meanGradient(zerosLearn: false) else { return nil }
    let out = layout.prunable.flatMap { $0.range.map { Float(abs(gradient[$0])) } }
    return out.allSatisfy(\.isFinite) ? out : nil
  }

  /// ‖∂L/∂θ‖ over all trainable parameters, L as in ``gradient()``; nil if it is not finite.
  package func gradientNorm(zerosLearn: Bool) -> Double? {
    guard let gradient = meanGradient(zerosLearn: zerosLearn) else { return nil }
    let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return norm.isFinite ? norm : nil
  }

  /// One value a trainable parameter; nil where the loss is not finite.
  private func meanGradient(zerosLearn: Bool) -> [Double]? {
    let pass = Pass(
      network, .training, capacity: min(Self.batch, count), zerosLearn: zerosLearn, variant: variant)
    // A copy: running statistics follow the batches.
    let memory = AlignedBuffer(parameters)
    let gradient = AlignedBuffer<Float>(count: layout.trainableCount)
    var sums = [Double](repeating: 0, count: layout.trainableCount)
    for first in stride(from: 0, to: count, by: Self.batch) {
      let samples = first..<min(first + Self.batch, count)
      input.load(samples, nil, into: pass.input)
      _ = pass.forward(memory.base, count: samples.count, key: Pass.Key(seed: 0, step: first / Self.batch))
      guard pass.loss(of: samples, in: input.data).isFinite else { return nil }
      pass.backward(memory.base, into: gradient.base)
      for index in sums.indices { sums[index] += Double(samples.count) * Double(gradient.base[index]) }
    }
    return sums.map { $0 / Double(count) }
  }

  /// |w| · ‖x‖₂ of each prunable weight, x the values that it is multiplied with over all samples and, in a convolution,
  /// all places of the window; nil if it is not finite.
  ///
  /// Source: Sun, Liu, Bair, Kolter, "A simple and effective pruning approach for large language models" (Wanda), ICLR 2024.
  ///
  /// - Complexity: samples × multiply-adds of the network, once.
  package func activation() -> [Float]? {
    // A plan for training, since it keeps every node's values until the pass is over.
    let pass = Pass(network, .training, capacity: min(Self.batch, count), variant: variant)
    let memory = AlignedBuffer(parameters)
    var squares = layout.prunable.map { InputSquares(network, $0) }
    for first in stride(from: 0, to: count, by: Self.batch) {
      let samples = first..<min(first + Self.batch, count)
      input.load(samples, nil, into: pass.input)
      _ = pass.forward(memory.base, count: samples.count, key: nil)
      for place in squares.indices { squares[place].add(pass.values(squares[place].source), samples: samples.count) }
    }
    let norms = squares.map { $0.sums.map { $0.squareRoot() } }
    var tensor = 0
    let prunable = layout.prunable
    return scores { index in
      while !prunable[tensor].range.contains(index) { tensor += 1 }
      return norms[tensor][squares[tensor].place(of: index - prunable[tensor].range.lowerBound)]
    }
  }

  /// |w · factor| of each prunable weight, in mask order; nil if one is not finite.
  func scores(_ factor: (_ index: Int) -> Double) -> [Float]? {
    var out: [Float] = []
    out.reserveCapacity(layout.prunableCount)
    for tensor in layout.prunable {
      for index in tensor.range {
        let score = Float(abs(Double(parameters[index]) * factor(index)))
        guard score.isFinite else { return nil }
        out.append(score)
      }
    }
    return out
  }
}

/// Sums of squares of what the weights of one tensor are multiplied with.
private struct InputSquares {
  /// The node that is read.
  let source: Int
  private let convolution: Convolution?
  /// The shapes that are read and written, [channels, height, width]; a dense layer has one place.
  private let input: [Int]
  private let output: [Int]
  private let tensor: ParameterTensor
  /// [channels][height of the window][width of the window]; one a feature for dense layers.
  private(set) var sums: [Double]

  init(_ network: NetworkDescription, _ tensor: ParameterTensor) {
    source = network.nodes[tensor.node].inputs[0]
    if case .convolution(let convolution) = network.nodes[tensor.node].layer {
      self.convolution = convolution
    } else {
      convolution = nil
    }
    input = network.shapes[source]
    output = network.shapes[tensor.node]
    self.tensor = tensor
    sums = Array(repeating: 0, count: input[0] * tensor.shape[2...].reduce(1, *))
  }

  /// - Parameter x: [samples][height][width][channels] or [samples][features].
  mutating func add(_ x: UnsafePointer<Float>, samples: Int) {
    guard let convolution else {
      for sample in 0..<samples {
        for feature in 0..<input[0] {
          let value = Double(x[sample * input[0] + feature])
          sums[feature] += value * value
        }
      }
      return
    }
    let (channels, height, width) = (input[0], input[1], input[2])
    let window = convolution.window
    for sample in 0..<samples {
      let image = x + sample * channels * height * width
      for tapRow in 0..<window.height {
        for tapColumn in 0..<window.width {
          let tap = tapRow * window.width + tapColumn
          for row in 0..<output[1] {
            let y = row * window.verticalStride + tapRow - window.padding.top
            guard (0..<height).contains(y) else { continue }
            for column in 0..<output[2] {
              let x = column * window.horizontalStride + tapColumn - window.padding.left
              guard (0..<width).contains(x) else { continue }
              let pixel = image + (y * width + x) * channels
              for channel in 0..<channels {
                let value = Double(pixel[channel])
                sums[channel * window.height * window.width + tap] += value * value
              }
            }
          }
        }
      }
    }
  }

  /// Which sum belongs to a weight, counted within the tensor: [outputs][inputs of the group][taps].
  func place(of weight: Int) -> Int {
    let row = tensor.shape[1...].reduce(1, *)
    guard let convolution else { return weight % row }
    let group = weight / row / (convolution.outputs / convolution.groups)
    return group * row + weight % row
  }
}
