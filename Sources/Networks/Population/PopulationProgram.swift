internal import Models
internal import Pruning

/// Masks of one network of dense layers made ready to be evaluated together, block by block.
///
/// A neuron's chain is cut into parts, one for each chunk of its layer's inputs, and parts are numbered by value: the
/// neuron, the part before, and the inputs that the mask keeps, themselves numbered so. Equal parts are computed once
/// for all masks, so children cost what they differ in from where they begin to differ. No sum changes a bit: a chain
/// goes on from exactly the partial sum that it would have had alone.
final class PopulationProgram {
  /// The parts of one chunk of a layer, for all masks (the first layer) or for one of them (later layers).
  private final class Stage {
    let layer: Int
    /// The first input of the chunk.
    let low: Int
    let isFirst: Bool
    let isLast: Bool
    let entries: EntryList
    /// The parts that end the chains of the layer before, by neuron; nil for the first layer, which reads features.
    let inputs: [Int]?
    var runs: [Kernels.Run] = []
    /// The neuron of each run.
    var neurons: [Int] = []

    init(layer: Int, low: Int, isFirst: Bool, isLast: Bool, entries: EntryList, inputs: [Int]?) {
      (self.layer, self.low, self.isFirst, self.isLast) = (layer, low, isFirst, isLast)
      (self.entries, self.inputs) = (entries, inputs)
    }
  }

  /// A part of a chain: what stands in front of it and where its entries are.
  private struct Node {
    /// The part before, or the neuron where there is none.
    let before: Int
    /// The stage, of which several share a list of entries.
    let stage: Int
    let start: Int
    let count: Int
  }

  private let layers: [DenseChain.Layer]
  private let chunks: [Int]
  private let parameters: AlignedBuffer<Float>
  private let kernels: Kernels
  private let biases: [AlignedBuffer<Float>]

  private var stages: [Stage] = []
  /// How many of the first stages belong to the first layer: those that read the data.
  private let inputStages: Int
  private let mostEntries: Int
  /// Entries of the first layer's stages, and of all others.
  private let firstEntries: [EntryList]
  private let laterEntries = EntryList()
  private var nodes: [Node] = []
  private var table = NodeTable()
  /// For each mask the parts that end the chains of the last layer.
  private var outputs: [[Int]] = []
  /// For each part the row that its sum is stored in.
  private var rows: [UInt32] = []
  private var values = AlignedBuffer<Float>(count: 0)
  /// The first layer's entries that are live in the slab at hand, and their runs; none where nothing is skipped.
  private let liveEntries: [EntryList]
  private var liveRuns: [[Kernels.Run]] = []

  /// Code for the sums of the first layer and of all others; nil where kernels read lists.
  private let assembled: (first: AssembledSums, later: AssembledSums)?

  /// Inputs of a chunk that should be live: of 64 samples 46 kB, as measured with a first-level cache of 48. Fewer would
  /// begin and end runs more often than that gains.
  private static let chunkRows = 180.0
  /// The same for code, which reads each input once for many chains: 512 kB, in a second-level cache of 1 MB.
  private static let assembledChunkRows = 2000.0
  /// Entries that are taken together: 880 kB of lists, as measured with a second-level cache of 1 MB; half and twice as
  /// many are within the noise.
  private static let mostEntries = 110_000
  /// The same for code, which is read well from the next level, too; features are then unpacked for more masks at once.
  private static let mostAssembledEntries = 220_000

  /// - Parameters:
  ///   - parameters: must be of the chain's network.
  ///   - liveShare: the share of the data's features that are not zero throughout a slab.
  ///   - assembles: whether code is made for the masks, where kernels and sizes allow it.
  init(
    _ chain: DenseChain, parameters: AlignedBuffer<Float>, liveShare: Double, kernels: Kernels, assembles: Bool
  ) {
    layers = chain.layers
    self.parameters = parameters
    self.kernels = kernels
    let assembles = assembles && kernels.assembles && AssembledSums.canHold(chain)
    assembled = assembles ? (AssembledSums(), AssembledSums()) : nil
    mostEntries = assembles ? Self.mostAssembledEntries : Self.mostEntries
    biases = layers.map { $0.biases(of: parameters) }
    chunks = layers.enumerated().map { index, layer in
      let rows = assembles ? Self.assembledChunkRows : Self.chunkRows
      var most = index == 0 ? Int(rows / max(liveShare, 0.01)) : Int(rows)
      // A filter's window has 1,024 bits.
      if !assembles { most = min(most, 1024) }
      let count = max(1, (layer.inputs + most - 1) / most)
      return (layer.inputs + count - 1) / count
    }
    inputStages = (layers[0].inputs + chunks[0] - 1) / chunks[0]
    firstEntries = (0..<inputStages).map { _ in EntryList() }
    liveEntries = (0..<inputStages).map { _ in EntryList() }
  }

  /// Multiply-adds of one sample for all masks that are ready, what they share counted once.
  private var multiplyAdds: Int { stages.prefix(inputStages).reduce(laterEntries.count) { $0 + $1.entries.count } }

  /// Takes over the first of these masks; nil keeps every weight.
  ///
  /// - Parameters:
  ///   - most: the most that are taken.
  ///   - all: whether all of them, instead of as many as one should together, at least one.
  /// - Returns: how many.
  /// - Complexity: linear in their kept weights.
  @discardableResult
  func compile(_ masks: some Collection<Mask?>, most: Int = .max, all: Bool = false) -> Int {
    stages = []
    nodes.removeAll(keepingCapacity: true)
    table.removeAll()
    outputs = []
    for entries in firstEntries + [laterEntries] { entries.count = 0 }
    liveRuns = []
    appendStages(of: 0, firstEntries, nil)
    for mask in masks {
      let before = multiplyAdds
      add(mask)
      // What comes next is as new as this one was; of the first, nobody knows what others share with it.
      let more = outputs.count > 1 ? multiplyAdds - before : 0
      if !all, outputs.count >= most || multiplyAdds + more > mostEntries { break }
    }
    assignRows()
    assemble()
    return outputs.count
  }

  /// Stages for the chunks of a layer, each with entries of its own or all with the later ones.
  private func appendStages(of layer: Int, _ entries: [EntryList], _ inputs: [Int]?) {
    for (chunk, low) in stride(from: 0, to: layers[layer].inputs, by: chunks[layer]).enumerated() {
      stages.append(
        Stage(
          layer: layer, low: low, isFirst: low == 0, isLast: low + chunks[layer] >= layers[layer].inputs,
          entries: entries.isEmpty ? laterEntries : entries[chunk], inputs: inputs))
    }
  }

  private func add(_ mask: Mask?) {
    var inputs: [Int]?
    for (index, layer) in layers.enumerated() {
      let first = index == 0 ? 0 : stages.count
      if index > 0 { appendStages(of: index, [], inputs) }
      var chains = Array(0..<layer.outputs)
      for (chunk, low) in stride(from: 0, to: layer.inputs, by: chunks[index]).enumerated() {
        let range = low..<min(low + chunks[index], layer.inputs)
        for neuron in 0..<layer.outputs {
          chains[neuron] = part(neuron, after: chains[neuron], range, mask, inputs, stage: first + chunk)
        }
      }
      inputs = chains
    }
    outputs.append(inputs!)
  }

  /// The number of the part of a neuron's chain over a range of its inputs.
  private func part(
    _ neuron: Int, after before: Int, _ range: Range<Int>, _ mask: Mask?, _ inputs: [Int]?, stage number: Int
  ) -> Int {
    let stage = stages[number]
    let layer = layers[stage.layer]
    let entries = stage.entries
    let start = entries.count
    entries.reserve(range.count)
    var hash = UInt64(truncatingIfNeeded: before << 1 | (stage.isFirst ? 1 : 0)) &+ UInt64(stage.layer) << 48
    let weights = UnsafePointer(parameters.base) + layer.weight.range.lowerBound + neuron * layer.inputs
    layer.forEachKept(mask, neuron, range) { input in
      let offset = inputs.map { UInt32(truncatingIfNeeded: $0[input]) } ?? Self.rowBytes &* UInt32(input)
      hash = NodeTable.combined(hash, UInt64(offset))
      entries.append(offset, weights[input])
    }
    let count = entries.count - start
    if count == 0, !stage.isFirst, !stage.isLast { return before }
    let (node, isNew) = table.node(hash) { other in
      let other = nodes[other]
      let sibling = stages[other.stage]
      return other.before == before && other.count == count && sibling.layer == stage.layer
        && sibling.low == stage.low && entries.areEqual(other.start, start, length: count)
    }
    if isNew {
      nodes.append(Node(before: before, stage: number, start: start, count: count))
      stage.runs.append(
        Kernels.Run(start: UInt32(start), count: UInt32(count), source: UInt32(before), target: UInt32(node)))
      stage.neurons.append(neuron)
    } else {
      entries.count = start
    }
    return node
  }

  /// Gives each part a row, its only continuation the same one, and puts rows in place of numbers.
  private func assignRows() {
    var children = [Int32](repeating: 0, count: nodes.count)
    for node in nodes where !stages[node.stage].isFirst { children[node.before] += 1 }
    rows.removeAll(keepingCapacity: true)
    var count: UInt32 = 0
    for node in nodes {
      if !stages[node.stage].isFirst, children[node.before] == 1 {
        rows.append(rows[node.before])
      } else {
        rows.append(count * Self.rowBytes)
        count += 1
      }
    }
    for stage in stages {
      for index in stage.runs.indices {
        if !stage.isFirst { stage.runs[index].source = rows[Int(stage.runs[index].source)] }
        stage.runs[index].target = rows[Int(stage.runs[index].target)]
      }
    }
    for index in 0..<laterEntries.count {
      laterEntries.offsets.base[index] = rows[Int(laterEntries.offsets.base[index])]
    }
    if values.count < Int(count) * Kernels.lanes { values = AlignedBuffer(count: Int(count) * Kernels.lanes) }
  }

  /// Writes the code of all stages, where there is any.
  private func assemble() {
    guard let assembled else { return }
    assembled.first.removeAll()
    assembled.later.removeAll()
    for (number, stage) in stages.enumerated() {
      let range = stage.low..<min(stage.low + chunks[stage.layer], layers[stage.layer].inputs)
      let inputs = range.map { input in stage.inputs.map { rows[$0[input]] } ?? Self.rowBytes * UInt32(input) }
      let common = AssembledSums.Stage(
        entries: stage.entries, rows: inputs, low: stage.low,
        bias: stage.isFirst ? UnsafePointer(biases[stage.layer].base) : nil, ends: stage.isLast,
        relu: layers[stage.layer].relu)
      if number < inputStages {
        assembled.first.append(sortedRuns(of: stage), of: common)
      } else {
        assembled.later.append(stage.runs, of: common)
      }
    }
  }

  /// A stage's runs by neuron: those of relatives keep nearly the same inputs.
  private func sortedRuns(of stage: Stage) -> [Kernels.Run] {
    var runs = Array(repeating: [Kernels.Run](), count: layers[stage.layer].outputs)
    for (run, neuron) in zip(stage.runs, stage.neurons) { runs[neuron].append(run) }
    return Array(runs.joined())
  }

  /// Leaves out, until the next call, entries whose features are zero in all samples to come.
  ///
  /// - Parameter features: a bit for each feature that is not, with 1,024 bits behind the last.
  func skip(allBut features: [UInt64]) {
    liveRuns = []
    if let assembled {
      assembled.first.link(features: features)
      return
    }
    features.withUnsafeBufferPointer { features in
      let bits = BitWindow(words: features)
      for (number, stage) in stages[..<inputStages].enumerated() {
        let entries = liveEntries[number]
        entries.count = 0
        entries.reserve(stage.entries.count)
        let runs = kernels.filter(
          stage.runs, offsets: stage.entries.offsets.base, weights: stage.entries.weights.base,
          live: (0..<16).map { bits.load(at: stage.low + 64 * $0, count: 64) }, first: stage.low,
          into: entries.offsets.base, entries.weights.base)
        liveRuns.append(runs)
      }
    }
  }

  /// Computes all masks for one block.
  ///
  /// - Parameter inputs: [features][lanes].
  func run(inputs: UnsafePointer<Float>, nonfinite: UnsafeMutablePointer<Int32>) {
    if let assembled {
      assembled.first.run(inputs: inputs, values: values.base, nonfinite: nonfinite)
      assembled.later.run(inputs: UnsafePointer(values.base), values: values.base, nonfinite: nonfinite)
      return
    }
    for (number, stage) in stages[..<inputStages].enumerated() {
      if liveRuns.isEmpty {
        sum(stage.runs, stage, stage.entries, inputs, nonfinite)
      } else {
        sum(liveRuns[number], stage, liveEntries[number], inputs, nonfinite)
      }
    }
    for stage in stages[inputStages...] { sum(stage.runs, stage, stage.entries, UnsafePointer(values.base), nonfinite) }
  }

  private func sum(
    _ runs: [Kernels.Run], _ stage: Stage, _ entries: EntryList, _ inputs: UnsafePointer<Float>,
    _ nonfinite: UnsafeMutablePointer<Int32>
  ) {
    kernels.sum(
      runs,
      Kernels.Rows(
        inputs: inputs, offsets: entries.offsets.base, weights: entries.weights.base, values: values.base,
        bias: stage.isFirst ? UnsafePointer(biases[stage.layer].base) : nil, nonfinite: stage.isLast ? nonfinite : nil,
        relu: layers[stage.layer].relu))
  }

  /// Copies the class scores of a mask: [classes][lanes].
  func copyLogits(of mask: Int, into logits: UnsafeMutablePointer<Float>) {
    for (label, node) in outputs[mask].enumerated() {
      (logits + label * Kernels.lanes).update(
        from: values.base + Int(rows[node]) / MemoryLayout<Float>.stride, count: Kernels.lanes)
    }
  }

  private static let rowBytes = UInt32(Kernels.lanes * MemoryLayout<Float>.stride)
}
