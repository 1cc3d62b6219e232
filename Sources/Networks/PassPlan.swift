internal import Models

/// Where the values and gradients of a network's nodes live during a pass, decided once.
///
/// Only what the class scores depend on is computed; a softmax at the end is left to the loss.
struct PassPlan: Sendable {
  /// What a pass is for.
  enum Purpose { case training, evaluation }

  /// The number of nodes that are computed.
  let count: Int
  /// For each node its slot for values. In training each node keeps its own for the way back, unless it may work in
  /// place; in evaluation slots are used again.
  private(set) var value: [Int] = []
  /// Floats a sample in each slot for values.
  private(set) var valueSizes: [Int] = []
  /// For each node its slot for the loss's derivatives by its values; nil where no parameter depends on them.
  private(set) var gradient: [Int?] = []
  private(set) var gradientSizes: [Int] = []

  init(_ network: NetworkDescription, _ purpose: Purpose) {
    count = network.logits + 1
    let sizes = network.shapes.map { $0.reduce(1, *) }
    var readers = [[Int]](repeating: [], count: count)
    for node in 0..<count { for input in network.nodes[node].inputs { readers[input].append(node) } }

    var slots = SlotAllocator()
    for node in 0..<count {
      let inputs = network.nodes[node].inputs
      if let input = inputs.first, network.sharesValues(node, purpose, readers: readers[input].count) {
        value.append(value[input])
      } else {
        value.append(slots.take(sizes[node]))
      }
      guard purpose == .evaluation else { continue }
      // The input's slot is never used again, so that it may lie in memory of the caller's.
      for slot in Set(inputs.map { value[$0] }).sorted() where slot != value[0] {
        // Nodes that share a slot are released together, when none of them is read any more.
        let users = (0...node).filter { value[$0] == slot }
        if slot != value[node], users.allSatisfy({ (readers[$0].last ?? count) <= node }) { slots.release(slot) }
      }
    }
    valueSizes = slots.sizes
    gradient = Array(repeating: nil, count: count)
    if purpose == .training { planGradients(network, sizes, readers) }
  }

  private mutating func planGradients(_ network: NetworkDescription, _ sizes: [Int], _ readers: [[Int]]) {
    var needed = [Bool](repeating: false, count: count)
    for node in 0..<count {
      needed[node] = network.hasParameters(node) || network.nodes[node].inputs.contains { needed[$0] }
    }
    var slots = SlotAllocator()
    gradient[network.logits] = slots.take(sizes[network.logits])
    for node in (0..<count).reversed() {
      guard let own = gradient[node] else { continue }
      var isShared = false
      for input in network.nodes[node].inputs where needed[input] && gradient[input] == nil {
        if !isShared, readers[input].count == 1, network.sharesGradient(node) {
          isShared = true
          gradient[input] = own
        } else {
          gradient[input] = slots.take(sizes[input])
        }
      }
      if !isShared { slots.release(own) }
    }
    gradientSizes = slots.sizes
  }
}

extension NetworkDescription {
  fileprivate func hasParameters(_ node: Int) -> Bool {
    switch nodes[node].layer {
    case .dense, .convolution, .batchNorm: true
    case .input, .maxPool, .averagePool, .globalAveragePool, .activation, .softmax, .dropout, .flatten, .add,
      .concatenate:
      false
    }
  }

  /// Whether a flatten changes nothing in memory: there is one place or one channel.
  func flattensNothing(_ node: Int) -> Bool {
    let shape = inputShape(of: node)
    return shape.count == 1 || shape[0] == 1 || shape[1] * shape[2] == 1
  }

  /// Whether a node writes its values over those of its first input.
  fileprivate func sharesValues(_ node: Int, _ purpose: PassPlan.Purpose, readers: Int) -> Bool {
    switch nodes[node].layer {
    case .flatten: return flattensNothing(node)
    case .dropout where purpose == .evaluation: return true
    case .activation(.relu) where readers == 1:
      // The way back must not need what the layer below gave.
      switch nodes[nodes[node].inputs[0]].layer {
      case .dense, .convolution, .batchNorm, .add, .concatenate, .maxPool, .averagePool, .globalAveragePool:
        return true
      case .input, .activation, .softmax, .dropout, .flatten: return false
      }
    case .input, .dense, .convolution, .maxPool, .averagePool, .globalAveragePool, .batchNorm, .activation, .softmax,
      .dropout, .add, .concatenate:
      return false
    }
  }

  /// Whether a node can write its input's derivatives over its own.
  fileprivate func sharesGradient(_ node: Int) -> Bool {
    switch nodes[node].layer {
    case .activation, .batchNorm, .dropout, .add: true
    case .flatten: flattensNothing(node)
    case .input, .dense, .convolution, .maxPool, .averagePool, .globalAveragePool, .softmax, .concatenate: false
    }
  }
}
