internal import Models

extension Pass {
  /// y[o] = b[o] + Σ w[o, k] · x[k], k over window rows, columns and channels in this order.
  func convolve(_ node: Int, _ input: Int, _ parameters: UnsafePointer<Float>) {
    let memory = convolutions[node]!
    let weights = parameters + offsets[node].weight
    let bias = offsets[node].bias >= 0 ? parameters + offsets[node].bias : UnsafePointer(convolutionScratch.zeros.base)
    let outputs = memory.convolution.outputs
    memory.packForward(weights, into: convolutionScratch.weights.base)
    forEachChunk(memory.forward, values(input)) { windows, first, _ in
      let y = values(node) + first * memory.forward.placesPerSample * outputs
      apply(memory, windows, inputs: memory.groupInputs, outputs: memory.groupOutputs, bias: bias, y, outputs)
    }
  }

  func convolveBackward(
    _ node: Int, _ input: Int, _ parameters: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>
  ) {
    let memory = convolutions[node]!
    let dy = self.gradient(node)!
    let outputs = memory.convolution.outputs
    let packed = convolutionScratch.weights.base
    packed.update(repeating: 0, count: memory.packedSize)
    forEachChunk(memory.forward, values(input)) { windows, first, _ in
      correlate(memory, windows, dy + first * memory.forward.placesPerSample * outputs, outputs, packed)
    }
    memory.unpackForward(packed, into: gradient + offsets[node].weight)
    if offsets[node].bias >= 0 {
      let (rows, channels) = matrix(node)
      sumRows(dy, rows: rows, channels: channels, into: gradient + offsets[node].bias)
    }
    if memory.scatters {
      memory.packScatter(parameters + offsets[node].weight, into: packed)
      contribute(input) { scatter(memory, dy, $0) }
      return
    }
    accumulate(input) { dx, hasSummands in
      let channels = memory.groupInputs * memory.convolution.groups
      memory.packBackward(parameters + offsets[node].weight, into: packed)
      forEachChunk(memory.backward, dy) { windows, first, _ in
        let out = dx + first * memory.backward.placesPerSample * channels
        apply(
          memory, windows, inputs: memory.groupOutputs, outputs: memory.groupInputs,
          bias: hasSummands ? nil : UnsafePointer(convolutionScratch.zeros.base), out, channels)
      }
    }
  }

  /// dx at each tap of each place += Σ dy · w, a sample at a time.
  private func scatter(_ memory: ConvolutionMemory, _ dy: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>) {
    let table = memory.forward
    let outputs = memory.convolution.outputs
    let columns = convolutionScratch.columns.base
    for sample in 0..<count {
      let rows = memory.pixels.windows(dy + sample * memory.pixels.sampleSize, samples: 1)
      for block in ConvolutionMemory.blocks(memory.depth) {
        kernels.convolve(
          rows, weights: convolutionScratch.weights.base + outputs * block.first, width: block.width,
          outputs: block.outputs, bias: convolutionScratch.zeros.base, columns + block.first, stride: memory.depth)
      }
      var target = dx + sample * table.sampleSize
      if table.placement != nil { target = convolutionScratch.placed.base }
      target.update(repeating: 0, count: table.sampleSize)
      kernels.scatter(
        table.windows(target, samples: 1), run: memory.convolution.window.width * memory.groupInputs, columns,
        width: memory.depth, target)
      if let placement = table.placement {
        kernels.place(placement.removed, target, dx + sample * placement.from.0 * placement.from.1 * placement.channels)
      }
    }
  }

  /// Calls `body` with the windows of some samples, the number of the first, and how many they are.
  private func forEachChunk(
    _ table: WindowTable, _ x: UnsafePointer<Float>, _ body: (TrainingKernels.Windows, Int, Int) -> Void
  ) {
    for first in stride(from: 0, to: count, by: table.samples) {
      let samples = min(table.samples, count - first)
      var source = x + first * table.sampleSize
      if var placement = table.placement {
        placement.samples = samples
        source = x + first * placement.from.0 * placement.from.1 * placement.channels
        kernels.place(placement, source, convolutionScratch.placed.base)
        source = UnsafePointer(convolutionScratch.placed.base)
      }
      body(table.windows(source, samples: samples), first, samples)
    }
  }

  /// The packed weights over windows: a convolution in either direction. Without a bias, sums go on from `y`.
  private func apply(
    _ memory: ConvolutionMemory, _ windows: TrainingKernels.Windows, inputs: Int, outputs: Int,
    bias: UnsafePointer<Float>?, _ y: UnsafeMutablePointer<Float>, _ stride: Int
  ) {
    let weights = UnsafePointer(convolutionScratch.weights.base)
    if memory.isDepthwise {
      return kernels.convolveChannels(
        windows, weights: weights, width: TrainingKernels.padded(stride), channels: stride, bias: bias, y,
        stride: stride)
    }
    let groupSize = windows.depth * TrainingKernels.padded(outputs)
    for group in 0..<memory.convolution.groups {
      var windows = windows
      windows.x += group * inputs
      for block in ConvolutionMemory.blocks(outputs) {
        let first = group * outputs + block.first
        kernels.convolve(
          windows, weights: weights + group * groupSize + windows.depth * block.first, width: block.width,
          outputs: block.outputs, bias: bias.map { $0 + first }, y + first, stride: stride)
      }
    }
  }

  /// Adds the derivatives by the weights of some samples to packed ones.
  private func correlate(
    _ memory: ConvolutionMemory, _ windows: TrainingKernels.Windows, _ dy: UnsafePointer<Float>, _ stride: Int,
    _ packed: UnsafeMutablePointer<Float>
  ) {
    if memory.isDepthwise {
      return kernels.correlateChannels(
        windows, dy, stride: stride, width: TrainingKernels.padded(stride), channels: stride, packed)
    }
    let groupSize = windows.depth * TrainingKernels.padded(memory.groupOutputs)
    for group in 0..<memory.convolution.groups {
      var windows = windows
      windows.x += group * memory.groupInputs
      for block in ConvolutionMemory.blocks(memory.groupOutputs) {
        kernels.correlate(
          windows, dy + group * memory.groupOutputs + block.first, stride: stride, width: block.width,
          packed + group * groupSize + windows.depth * block.first)
      }
    }
  }
}

extension ConvolutionMemory {
  /// [outputs, inputs, height, width] → for each group and block [height][width][inputs][outputs of the block].
  func packForward(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
    forEachForward { packed[$1] = weights[$0] }
  }

  func unpackForward(_ packed: UnsafePointer<Float>, into weights: UnsafeMutablePointer<Float>) {
    forEachForward { weights[$0] = packed[$1] }
  }

  /// Calls `body` with the place of each weight in the parameters and in the packed form.
  @inline(__always)
  private func forEachForward(_ body: (Int, Int) -> Void) {
    let area = area
    if isDepthwise {
      let width = TrainingKernels.padded(convolution.groups)
      for channel in 0..<convolution.groups {
        for tap in 0..<area { body(channel * area + tap, tap * width + channel) }
      }
      return
    }
    let depth = groupInputs * area
    let groupSize = depth * TrainingKernels.padded(groupOutputs)
    for group in 0..<convolution.groups {
      for block in Self.blocks(groupOutputs) {
        let (base, width) = (group * groupSize + depth * block.first, block.width)
        for lane in 0..<block.outputs {
          var place = (group * groupOutputs + block.first + lane) * depth
          for input in 0..<groupInputs {
            for tap in 0..<area {
              body(place, base + (tap * groupInputs + input) * width + lane)
              place += 1
            }
          }
        }
      }
    }
  }

  /// [outputs, inputs, height, width] → for each group and block of inputs [height][width][outputs][inputs of the
  /// block], the window turned around.
  func packBackward(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
    let area = area
    if isDepthwise {
      let width = TrainingKernels.padded(convolution.groups)
      for channel in 0..<convolution.groups {
        for tap in 0..<area { packed[(area - 1 - tap) * width + channel] = weights[channel * area + tap] }
      }
      return
    }
    let depth = groupOutputs * area
    let groupSize = depth * TrainingKernels.padded(groupInputs)
    for group in 0..<convolution.groups {
      for block in Self.blocks(groupInputs) {
        let (base, width) = (group * groupSize + depth * block.first, block.width)
        for output in 0..<groupOutputs {
          for lane in 0..<block.outputs {
            let source = ((group * groupOutputs + output) * groupInputs + block.first + lane) * area
            for tap in 0..<area {
              packed[base + ((area - 1 - tap) * groupOutputs + output) * width + lane] = weights[source + tap]
            }
          }
        }
      }
    }
  }

  /// [outputs, inputs, height, width] → for each block of taps [outputs][taps of the block], taps over window rows,
  /// columns and channels.
  func packScatter(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
    let (area, outputs) = (area, convolution.outputs)
    for block in Self.blocks(depth) {
      for output in 0..<outputs {
        let row = packed + outputs * block.first + output * block.width
        for lane in 0..<block.outputs {
          let tap = block.first + lane
          row[lane] = weights[(output * groupInputs + tap % groupInputs) * area + tap / groupInputs]
        }
      }
    }
  }
}
