internal import Models
internal import Randomness

/// Layers that move values or leave some out.
extension Pass {
  /// [samples][height][width][channels] → [samples][channels · height · width], channels outermost.
  func flatten(_ node: Int, _ input: Int) {
    guard !network.flattensNothing(node) else { return }
    let shape = network.shapes[input]
    let (places, features) = (shape[1] * shape[2], shape.reduce(1, *))
    for sample in 0..<count {
      kernels.transpose(
        values(input) + sample * features, rows: places, columns: shape[0], values(node) + sample * features)
    }
  }

  func flattenBackward(_ node: Int, _ input: Int) {
    let dy = gradient(node)!
    if network.flattensNothing(node) { return pass(dy, size(node), to: input) }
    let shape = network.shapes[input]
    let (places, features) = (shape[1] * shape[2], shape.reduce(1, *))
    contribute(input) { dx in
      for sample in 0..<count {
        kernels.transpose(dy + sample * features, rows: shape[0], columns: places, dx + sample * features)
      }
    }
  }

  func add(_ node: Int, _ inputs: [Int]) {
    let y = values(node)
    y.update(from: values(inputs[0]), count: size(node))
    for input in inputs.dropFirst() { kernels.add(values(input), size(node), to: y) }
  }

  func addBackward(_ node: Int, _ inputs: [Int]) {
    for input in inputs { pass(gradient(node)!, size(node), to: input) }
  }

  /// Adds derivatives as they are, which costs nothing where they lie there already.
  private func pass(_ dy: UnsafeMutablePointer<Float>, _ size: Int, to input: Int) {
    accumulate(input) { dx, hasSummands in
      guard dx != dy else { return }
      if hasSummands { kernels.add(dy, size, to: dx) } else { dx.update(from: dy, count: size) }
    }
  }

  func concatenate(_ node: Int, _ inputs: [Int]) {
    let (rows, channels) = matrix(node)
    var y = values(node)
    for input in inputs {
      let (own, x) = (network.shapes[input][0], values(input))
      for row in 0..<rows { (y + row * channels).update(from: x + row * own, count: own) }
      y += own
    }
  }

  func concatenateBackward(_ node: Int, _ inputs: [Int]) {
    let (rows, channels) = matrix(node)
    var dy = gradient(node)!
    for input in inputs {
      let own = network.shapes[input][0]
      contribute(input) { dx in
        for row in 0..<rows { (dx + row * own).update(from: dy + row * channels, count: own) }
      }
      dy += own
    }
  }

  /// Sets values to zero and scales the others up. Which ones is keyed by seed, step and node.
  func drop(_ node: Int, _ input: Int, _ rate: Double, _ key: Key?) {
    let (x, y) = (values(input), values(node))
    guard let key else {
      if x != y { y.update(from: x, count: size(node)) }
      return
    }
    let factors = dropouts[node]!.base
    var stream = RandomStream(seed: key.seed, .dropout, UInt64(key.step), UInt64(node))
    let threshold = UInt64(rate * 0x1p32)
    let scale = Float(1 / (1 - rate))
    var bits: UInt64 = 0
    for index in 0..<size(node) {
      // A number of 64 bits decides about two values.
      bits = index & 1 == 0 ? stream.next() : bits &>> 32
      factors[index] = bits & 0xffff_ffff < threshold ? 0 : scale
    }
    y.update(from: x, count: size(node))
    kernels.multiply(factors, size(node), into: y)
  }

  func dropBackward(_ node: Int, _ input: Int) {
    let dy = gradient(node)!
    contribute(input) { dx in
      if dx != dy { dx.update(from: dy, count: size(node)) }
      if trains { kernels.multiply(dropouts[node]!.base, size(node), into: dx) }
    }
  }
}
