internal import Models

/// How a network is evaluated: which nodes are computed together, where a node's values can lie in another's memory, and
/// how long memory is needed.
///
/// Pure analysis; nothing here changes a bit of a result.
struct EvaluationPlan {
  /// One kernel's work: `node` and what is fused behind it.
  struct Group {
    let node: Int
    /// Batch normalisation that is applied to a convolution's sums before they are stored.
    var norm: Int?
    /// The node whose values are added to a convolution's behind that.
    var summand: Int?
    /// Whether a ReLU is applied before values are stored.
    var relu = false
    /// The nodes behind the first.
    var fused: [Int] = []
    /// The last node of the group, whose values are stored.
    var output: Int
  }

  /// In the order of evaluation; the input and nodes without work of their own have none.
  private(set) var groups: [Group] = []
  /// For each node the number of the memory that its values lie in; nil where they are never stored.
  private(set) var storage: [Int?]
  /// For each storage, how far reads reach beyond an image's edge.
  private(set) var borders: [Image.Border] = []
  /// For each storage, the shape of the values in it.
  private(set) var shapes: [[Int]] = []
  /// For each storage, the group (by place in ``groups``) after which nobody reads it.
  private(set) var lastUse: [Int] = []

  private let network: NetworkDescription
  /// For each node, the node whose values it passes on unchanged (itself, mostly).
  private var sources: [Int] = []
  /// For each source, the nodes that read it.
  private var readers: [[Int]]

  /// - Complexity: linear in the number of nodes and edges.
  init(_ network: NetworkDescription) {
    self.network = network
    storage = Array(repeating: nil, count: network.nodes.count)
    readers = Array(repeating: [], count: network.nodes.count)
    for (index, node) in network.nodes[...network.logits].enumerated() {
      let inputs = node.inputs.map { sources[$0] }
      if passesOn(index) {
        sources.append(inputs[0])
      } else {
        sources.append(index)
        for input in inputs where readers[input].last != index { readers[input].append(index) }
      }
    }
    makeGroups()
    assignStorage()
  }

  /// The node that holds the values which `node` reads as its input number `index`.
  func input(_ node: Int, _ index: Int = 0) -> Int { sources[network.nodes[node].inputs[index]] }

  /// The node that holds the class scores.
  var logits: Int { sources[network.logits] }

  /// Whether nobody but a single dense layer reads the input, which can then be read piece by piece.
  var inputFeedsOneDense: Bool {
    guard readers[0].count == 1, network.shapes[0].count == 1, case .dense = network.nodes[readers[0][0]].layer else {
      return false
    }
    return true
  }

  private func passesOn(_ index: Int) -> Bool {
    switch network.nodes[index].layer {
    case .dropout: true
    case .flatten: network.inputShape(of: index).count == 1
    case .input, .dense, .convolution, .maxPool, .averagePool, .globalAveragePool, .batchNorm, .activation, .softmax,
      .add, .concatenate:
      false
    }
  }

  /// The only reader of a node's values; nil where there are more or they are the scores.
  private func soleReader(_ node: Int) -> Int? {
    readers[node].count == 1 && node != logits ? readers[node][0] : nil
  }

  private mutating func makeGroups() {
    var fused = Set<Int>()
    for index in 1...network.logits where sources[index] == index && !fused.contains(index) {
      var group = Group(node: index, output: index)
      switch network.nodes[index].layer {
      case .convolution:
        if let next = soleReader(group.output), case .batchNorm = network.nodes[next].layer {
          group.fused.append(next)
          group.norm = next
          group.output = next
        }
        fuseSum(&group)
        fuseReLU(&group)
      case .dense: fuseReLU(&group)
      case .input, .maxPool, .averagePool, .globalAveragePool, .batchNorm, .activation, .softmax, .dropout, .flatten,
        .add, .concatenate:
        break
      }
      fused.formUnion(group.fused)
      groups.append(group)
    }
  }

  /// A sum of two can be taken by whichever is computed last; its order does not matter.
  private func fuseSum(_ group: inout Group) {
    guard let next = soleReader(group.output), case .add = network.nodes[next].layer,
      network.nodes[next].inputs.count == 2
    else { return }
    let others = [input(next, 0), input(next, 1)].filter { $0 != group.output }
    guard others.count == 1, others[0] == 0 || groups.contains(where: { $0.output == others[0] }) else { return }
    group.fused.append(next)
    group.summand = others[0]
    group.output = next
  }

  private func fuseReLU(_ group: inout Group) {
    if let next = soleReader(group.output), case .activation(.relu) = network.nodes[next].layer {
      group.fused.append(next)
      group.relu = true
      group.output = next
    }
  }

  private mutating func assignStorage() {
    newStorage(for: 0, at: -1)
    for (place, group) in groups.enumerated() {
      let node = network.nodes[group.node]
      let inputs = node.inputs.indices.map { input(group.node, $0) } + (group.summand.map { [$0] } ?? [])
      // Functions of one value and sums overwrite what nobody else reads, which the sum itself must not read again.
      let overwrites: Bool
      switch node.layer {
      case .activation, .batchNorm, .add:
        overwrites = soleReader(inputs[0]) != nil && inputs[0] != 0 && !inputs.dropFirst().contains(inputs[0])
      case .input, .dense, .convolution, .maxPool, .averagePool, .globalAveragePool, .softmax, .dropout, .flatten,
        .concatenate:
        overwrites = false
      }
      if overwrites {
        storage[group.output] = storage[inputs[0]]
      } else {
        newStorage(for: group.output, at: place)
      }
      for input in inputs { lastUse[storage[input]!] = place }
      lastUse[storage[group.output]!] = place
      if case .convolution(let convolution) = node.layer {
        let padding = convolution.window.padding
        let border = Image.Border(
          top: padding.top, left: padding.left, bottom: padding.bottom, right: padding.right)
        borders[storage[inputs[0]]!] = borders[storage[inputs[0]]!].union(border)
      }
    }
    lastUse[storage[logits]!] = groups.count
  }

  private mutating func newStorage(for node: Int, at place: Int) {
    storage[node] = shapes.count
    shapes.append(network.shapes[node])
    borders.append(Image.Border())
    lastUse.append(place)
  }
}
