internal import Models

/// What batch normalisation keeps for the way back; each with one value a channel, filled up to whole vectors.
final class NormMemory {
  let mean: AlignedBuffer<Float>
  /// 1 / √(variance + epsilon)
  let inverse: AlignedBuffer<Float>
  let scale: AlignedBuffer<Float>
  let coefficients: (AlignedBuffer<Float>, AlignedBuffer<Float>)

  init(channels: Int) {
    let count = TrainingKernels.padded(channels)
    mean = AlignedBuffer(count: count)
    inverse = AlignedBuffer(count: count)
    scale = AlignedBuffer(count: count)
    coefficients = (AlignedBuffer(count: count), AlignedBuffer(count: count))
  }
}

extension Pass {
  /// y = (x − mean) · scale / √(variance + epsilon) + shift, by channel.
  func normalize(
    _ node: Int, _ input: Int, _ norm: BatchNorm, _ parameters: UnsafeMutablePointer<Float>, training: Bool
  ) {
    let (rows, channels) = matrix(node)
    let (place, memory, x) = (offsets[node], norms[node]!, values(input))
    if training { takeStatistics(node, x, norm, parameters) }
    for channel in 0..<channels {
      if !training {
        memory.mean.base[channel] = parameters[place.runningMean + channel]
        let variance = Double(parameters[place.runningVariance + channel])
        memory.inverse.base[channel] = Float(1 / (variance + norm.epsilon).squareRoot())
      }
      memory.scale.base[channel] = memory.inverse.base[channel] * parameters[place.scale + channel]
    }
    kernels.normalize(
      x, rows, channels, mean: memory.mean.base, scale: memory.scale.base, shift: parameters + place.shift,
      values(node))
  }

  /// The batch's mean and variance, and the running ones that follow them.
  private func takeStatistics(
    _ node: Int, _ x: UnsafePointer<Float>, _ norm: BatchNorm, _ parameters: UnsafeMutablePointer<Float>
  ) {
    let (rows, channels) = matrix(node)
    let (place, memory) = (offsets[node], norms[node]!)
    // Sums of what is left of the first row keep their digits where the mean is far from 0.
    kernels.moments(x, rows, channels, origin: x, channelSums.0.base, channelSums.1.base)
    for channel in 0..<channels {
      let offset = channelSums.0.base[channel] / Double(rows)
      let square = channelSums.1.base[channel] / Double(rows) - offset * offset
      // Rounding may take it below 0, but NaN must stay NaN.
      let variance = square < 0 ? 0 : square
      let mean = Double(x[channel]) + offset
      memory.mean.base[channel] = Float(mean)
      memory.inverse.base[channel] = Float(1 / (variance + norm.epsilon).squareRoot())
      // One value has no unbiased variance.
      let unbiased = rows > 1 ? variance * Double(rows) / Double(rows - 1) : 0
      follow(parameters + place.runningMean + channel, mean, norm.momentum)
      follow(parameters + place.runningVariance + channel, unbiased, norm.momentum)
    }
  }

  private func follow(_ running: UnsafeMutablePointer<Float>, _ value: Double, _ momentum: Double) {
    running.pointee = Float((1 - momentum) * Double(running.pointee) + momentum * value)
  }

  /// With x̂ the normalised x, m rows and g = scale / √(variance + epsilon):
  /// dshift = Σ dy, dscale = Σ dy·x̂, dx = g · (dy − dshift / m − x̂ · dscale / m), or g · dy by running statistics, which
  /// no x changes.
  func normalizeBackward(
    _ node: Int, _ input: Int, _ parameters: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>
  ) {
    let (rows, channels) = matrix(node)
    let (place, memory, x, dy) = (offsets[node], norms[node]!, values(input), self.gradient(node)!)
    kernels.normalizeSums(x, dy, rows, channels, mean: memory.mean.base, channelSums.0.base, channelSums.1.base)
    for channel in 0..<channels {
      let (sum, inverse) = (channelSums.0.base[channel], Double(memory.inverse.base[channel]))
      let product = channelSums.1.base[channel] * inverse
      gradient[place.shift + channel] = Float(sum)
      gradient[place.scale + channel] = Float(product)
      memory.coefficients.0.base[channel] = trains ? Float(sum / Double(rows)) : 0
      memory.coefficients.1.base[channel] =
        trains ? Float(Double(memory.scale.base[channel]) * inverse * product / Double(rows)) : 0
    }
    contribute(input) { dx in
      kernels.normalizeBackward(
        x, dy, rows, channels, mean: memory.mean.base, scale: memory.scale.base, a: memory.coefficients.0.base,
        b: memory.coefficients.1.base, dx)
    }
  }
}
