internal import Models

/// What a pool needs and keeps.
final class PoolMemory {
  let pool: TrainingKernels.Pool
  /// For a max pool in training: the tap that gave each value.
  let taps: AlignedBuffer<Int32>
  let isMax: Bool

  /// nil for a node that is no pool.
  init?(_ network: NetworkDescription, node: Int, capacity: Int) {
    let window: Window
    var countsPadding = false
    switch network.nodes[node].layer {
    case .maxPool(let own): window = own
    case .averagePool(let own, let counts): (window, countsPadding) = (own, counts)
    case .globalAveragePool:
      let shape = network.inputShape(of: node)
      window = Window(
        height: shape[1], width: shape[2], verticalStride: 1, horizontalStride: 1,
        padding: Window.Padding(top: 0, left: 0, bottom: 0, right: 0))
    case .input, .dense, .convolution, .batchNorm, .activation, .softmax, .dropout, .flatten, .add, .concatenate:
      return nil
    }
    let (input, output) = (network.inputShape(of: node), network.shapes[node])
    pool = TrainingKernels.Pool(
      channels: input[0], input: (input[1], input[2]), output: (output[1], output[2]),
      window: (window.height, window.width), strides: (window.verticalStride, window.horizontalStride),
      top: window.padding.top, left: window.padding.left, countsPadding: countsPadding)
    if case .maxPool = network.nodes[node].layer { isMax = true } else { isMax = false }
    taps = AlignedBuffer(count: isMax ? max(capacity, 1) * output.reduce(1, *) : 0)
  }
}

extension Pass {
  func pool(_ node: Int, _ input: Int) {
    let memory = pools[node]!
    var pool = memory.pool
    guard memory.isMax else {
      pool.samples = count
      return kernels.averagePool(pool, values(input), values(node))
    }
    if memory.taps.count >= size(node) {
      pool.samples = count
      return kernels.maxPool(pool, values(input), values(node), taps: memory.taps.base)
    }
    // Evaluation has room for one sample's taps, which nobody reads.
    pool.samples = 1
    let (from, to) = (network.shapes[input].reduce(1, *), network.shapes[node].reduce(1, *))
    for sample in 0..<count {
      kernels.maxPool(pool, values(input) + sample * from, values(node) + sample * to, taps: memory.taps.base)
    }
  }

  func poolBackward(_ node: Int, _ input: Int) {
    let memory = pools[node]!
    var pool = memory.pool
    pool.samples = count
    accumulate(input) { dx, hasSummands in
      if !hasSummands { dx.update(repeating: 0, count: size(input)) }
      if memory.isMax {
        kernels.maxPoolBackward(pool, gradient(node)!, taps: memory.taps.base, dx)
      } else {
        kernels.averagePoolBackward(pool, gradient(node)!, dx)
      }
    }
  }
}
