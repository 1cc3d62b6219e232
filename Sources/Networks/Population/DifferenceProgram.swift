internal import Models
internal import Pruning

/// What a mask computes otherwise than another one whose activations are kept.
///
/// A sum is one chain from its bias on, so a neuron with a weight more or less is computed anew, as are neurons that read
/// one whose values have other bits; all others are as they were. Which those are is looked at block by block: a weight
/// whose input is zero in all of a block changes nothing there.
/// Values are exchanged in place, so that the kernels find kept and new ones in one list; ``undo(in:)`` takes that back.
final class DifferenceProgram {
  /// A layer behind the first under the mask at hand.
  private struct Layer {
    /// Bits of the neurons some of whose own weights differ.
    var differing: [UInt64]
    /// For each neuron its chain, which ends in the row whose number the block decides.
    var runs: [Kernels.Run] = []
    /// [inputs][words of neurons]: who reads an input; none in the last layer, which is computed as a whole.
    var readers: [UInt64] = []
  }

  /// A neuron of the first layer that is computed anew.
  private struct Changed {
    let neuron: Int
    let run: Kernels.Run
  }

  private let chain: [DenseChain.Layer]
  private let parameters: AlignedBuffer<Float>
  private let kernels: Kernels
  private let data: EvaluationData
  private let biases: [AlignedBuffer<Float>]
  /// The row of each layer's first neuron in a block of kept activations.
  private let firstRows: [Int]
  /// For each block a bit for each feature that is not zero in all of its samples; nil where hardly any is.
  private let live: [[UInt64]]?
  /// Whether what was compiled is all of a mask, whatever is kept.
  private var computesAll = false
  /// The words that hold a bit for each feature.
  private let words: Int
  /// Of the multiply-adds of the first layer, the share that its zeros leave.
  private let liveShare: Double

  private let entries = EntryList()
  private let liveEntries = EntryList()
  private var changed: [Changed] = []
  /// [changed][words]: features whose weights differ, and features that the mask keeps.
  private var flips: [UInt64] = []
  private var keptFeatures: [UInt64] = []
  private var layers: [Layer] = []

  /// Of each layer: rows of a block in the order in which they were computed, and how many.
  private var rows: [AlignedBuffer<UInt32>] = []
  private var counts: [Int]
  /// New values, and behind an exchange the old ones.
  private let fresh: [AlignedBuffer<Float>]
  /// Rows whose bits have changed, of one layer at a time.
  private let different: AlignedBuffer<UInt32>
  private let inputs: AlignedBuffer<Float>
  private let features: AlignedBuffer<UInt32>

  /// The rows of a block of kept activations: neurons of all layers but the last.
  let rowCount: Int

  /// Nil for a single layer, which keeps no activations.
  ///
  /// - Parameters:
  ///   - parameters: must be of the chain's network.
  ///   - data: laid out in the samples' order.
  init?(
    _ chain: DenseChain, parameters: AlignedBuffer<Float>, data: EvaluationData, samples: OrderedSamples,
    kernels: Kernels
  ) {
    guard chain.layers.count > 1 else { return nil }
    self.chain = chain.layers
    (self.parameters, self.data, self.kernels) = (parameters, data, kernels)
    biases = chain.layers.map { $0.biases(of: parameters) }
    var rows: [Int] = []
    var count = 0
    for layer in chain.layers {
      rows.append(count)
      count += layer.outputs
    }
    firstRows = rows
    rowCount = rows.last!
    words = (data.featureCount + 63) / 64
    (live, liveShare) = (samples.liveInBlocks, samples.live == nil ? 1 : samples.liveShare)
    counts = chain.layers.map { _ in 0 }
    self.rows = chain.layers.map { AlignedBuffer(count: $0.outputs) }
    fresh = chain.layers.map { AlignedBuffer(count: $0.outputs * Kernels.lanes) }
    different = AlignedBuffer(count: chain.layers.map(\.outputs).max()!)
    inputs = AlignedBuffer(count: data.featureCount * Kernels.lanes)
    features = AlignedBuffer(count: data.featureCount)
  }

  /// Of the multiply-adds that a mask takes by itself, about the share that it takes from the activations of another.
  ///
  /// - Parameter positions: where they differ, ascending.
  func share(of mask: Mask, differing positions: [Int]) -> Double {
    func kept(_ layer: DenseChain.Layer) -> Double {
      Double(layer.weight.maskRange.map { mask.population(in: $0) } ?? layer.weight.range.count)
    }
    let first = kept(chain[0])
    let others = chain.dropFirst().reduce(0) { $0 + kept($1) }
    var neurons = 0
    if let range = chain[0].weight.maskRange {
      var last = -1
      for position in positions where range.contains(position) {
        let neuron = (position - range.lowerBound) / chain[0].inputs
        if neuron != last { neurons += 1 }
        last = neuron
      }
    }
    let changed = first * Double(neurons) / Double(chain[0].outputs)
    return (changed * liveShare + others) / max(first * liveShare + others, 1)
  }

  /// Takes over a mask.
  ///
  /// - Parameter positions: where it differs from the one whose activations are kept, ascending; nil computes all.
  /// - Complexity: linear in the kept weights of what is computed anew and of the layers behind the first.
  func compile(_ mask: Mask, differing positions: [Int]?) {
    computesAll = positions == nil
    entries.count = 0
    layers = chain.map { layer in
      Layer(differing: [UInt64](repeating: positions == nil ? ~0 : 0, count: (layer.outputs + 63) / 64))
    }
    changed = []
    flips.removeAll(keepingCapacity: true)
    keptFeatures.removeAll(keepingCapacity: true)
    if let positions {
      note(positions, mask)
    } else {
      for neuron in 0..<chain[0].outputs { change(neuron, mask) }
    }
    for index in 1..<chain.count { compile(layer: index, mask) }
  }

  private func note(_ positions: [Int], _ mask: Mask) {
    for position in positions {
      let index = chain.firstIndex { $0.weight.maskRange?.contains(position) ?? false }!
      let (neuron, input) = (position - chain[index].weight.maskRange!.lowerBound)
        .quotientAndRemainder(dividingBy: chain[index].inputs)
      guard index == 0 else {
        layers[index].differing[neuron / 64] |= 1 << UInt64(neuron % 64)
        continue
      }
      if changed.last?.neuron != neuron { change(neuron, mask) }
      flips[flips.count - words + input / 64] |= 1 << UInt64(input % 64)
    }
  }

  /// Notes a neuron of the first layer, as yet without flips.
  private func change(_ neuron: Int, _ mask: Mask) {
    flips.append(contentsOf: repeatElement(0, count: words))
    let first = keptFeatures.count
    keptFeatures.append(contentsOf: repeatElement(0, count: words))
    let run = appendRun(chain[0], neuron, mask) { keptFeatures[first + $0 / 64] |= 1 << UInt64($0 % 64) }
    changed.append(Changed(neuron: neuron, run: run))
  }

  private func compile(layer index: Int, _ mask: Mask) {
    let layer = chain[index]
    let isLast = index == chain.count - 1
    if isLast, layer.weight.maskRange == nil { return }
    let words = layers[index].differing.count
    var readers = [UInt64](repeating: 0, count: isLast ? 0 : layer.inputs * words)
    layers[index].runs.reserveCapacity(layer.outputs)
    for neuron in 0..<layer.outputs {
      let bit: UInt64 = 1 << UInt64(neuron % 64)
      let run = appendRun(layer, neuron, mask) { if !isLast { readers[$0 * words + neuron / 64] |= bit } }
      layers[index].runs.append(run)
    }
    layers[index].readers = readers
  }

  /// Lists the inputs that a neuron keeps.
  private func appendRun(
    _ layer: DenseChain.Layer, _ neuron: Int, _ mask: Mask, _ body: (_ input: Int) -> Void
  ) -> Kernels.Run {
    let start = entries.count
    entries.reserve(layer.inputs)
    let weights = UnsafePointer(parameters.base) + layer.weight.range.lowerBound + neuron * layer.inputs
    layer.forEachKept(mask, neuron, 0..<layer.inputs) { input in
      entries.append(Self.rowBytes &* UInt32(input), weights[input])
      body(input)
    }
    return Kernels.Run(
      start: UInt32(start), count: UInt32(entries.count - start), source: UInt32(neuron), target: 0)
  }

  /// Brings a block of kept activations to the mask.
  ///
  /// - Parameters:
  ///   - kept: [rows][lanes].
  ///   - changes: gets what was computed, for later.
  /// - Returns: whether class scores can have other bits than before.
  func run(
    block: Int, on kept: UnsafeMutablePointer<Float>, nonfinite: UnsafeMutablePointer<Int32>, noting changes: Changes?
  ) -> Bool {
    // The next block, too, is a walk through memory that the processor does not see coming.
    kernels.prefetch(UnsafePointer(kept + rowCount * Kernels.lanes), count: rowCount * Kernels.lanes)
    changes?.beginBlock()
    var count = 0
    for index in 0..<chain.count - 1 {
      count = index == 0 ? runFirst(block, kept, nonfinite) : run(layer: index, after: count, kept, nonfinite)
      changes?.append(different.base, count: count, first: firstRows[index], of: kept)
    }
    return count > 0 || layers[chain.count - 1].differing.contains { $0 != 0 }
  }

  /// The class scores behind a block of activations: [classes][lanes].
  func logits(
    of kept: UnsafeMutablePointer<Float>, nonfinite: UnsafeMutablePointer<Int32>
  ) -> UnsafePointer<Float> {
    let last = chain.count - 1
    let (layer, inputs) = (chain[last], UnsafePointer(kept + firstRows[last - 1] * Kernels.lanes))
    if layer.weight.maskRange == nil {
      kernels.dense(
        Kernels.Pass(
          inputs: inputs, outputs: fresh[last].base, neurons: layer.outputs, bias: biases[last].base,
          nonfinite: nonfinite, relu: layer.relu),
        weights: parameters.base + layer.weight.range.lowerBound, stride: layer.inputs, features: layer.inputs)
    } else {
      var runs: [Kernels.Run] = []
      for (neuron, run) in layers[last].runs.enumerated() { runs.append(run.storing(in: neuron)) }
      sum(runs, of: last, entries, inputs, nonfinite)
    }
    return UnsafePointer(fresh[last].base)
  }

  /// Takes back what the last ``run(block:on:nonfinite:noting:)`` did to a block of kept activations.
  func undo(in kept: UnsafeMutablePointer<Float>) {
    for index in 0..<chain.count - 1 { _ = exchange(index, kept) }
  }

  /// - Returns: how many neurons have other values than before; ``different`` lists them.
  private func runFirst(
    _ block: Int, _ kept: UnsafeMutablePointer<Float>, _ nonfinite: UnsafeMutablePointer<Int32>
  ) -> Int {
    let words = words
    var used = [UInt64](repeating: 0, count: words)
    var runs: [Kernels.Run] = []
    runs.reserveCapacity(changed.count)
    let live = live?[block]
    flips.withUnsafeBufferPointer { flips in
      keptFeatures.withUnsafeBufferPointer { keptFeatures in
        for (place, changed) in changed.enumerated() {
          let first = place &* words
          // What is computed for the first time has its bias even where all inputs are zero.
          if !computesAll, let live {
            var concerned: UInt64 = 0
            for word in 0..<words { concerned |= flips[first &+ word] & live[word] }
            if concerned == 0 { continue }
          }
          for word in 0..<words { used[word] |= keptFeatures[first &+ word] }
          rows[0].base[runs.count] = UInt32(changed.neuron)
          runs.append(changed.run.storing(in: runs.count))
        }
      }
    }
    counts[0] = runs.count
    if runs.isEmpty { return 0 }
    var list = entries
    if let live, data.featureCount <= Self.filteredFeatures {
      for word in 0..<words { used[word] &= live[word] }
      liveEntries.count = 0
      liveEntries.reserve(entries.count)
      runs = kernels.filter(
        runs, offsets: entries.offsets.base, weights: entries.weights.base, live: live, first: 0,
        into: liveEntries.offsets.base, liveEntries.weights.base)
      list = liveEntries
    }
    sum(runs, of: 0, list, values(of: block, used), nonfinite)
    return exchange(0, kept)
  }

  /// A block's inputs, of which those listed are there at least.
  private func values(of block: Int, _ used: [UInt64]) -> UnsafePointer<Float> {
    let first = block * data.featureCount * Kernels.lanes
    switch data.blocks {
    case .floats(let floats) where data.normalization == nil: return UnsafePointer(floats.base + first)
    case .bytes(let bytes, let scale) where data.normalization == nil:
      var count = 0
      for (word, bits) in used.enumerated() {
        var rest = bits
        while rest != 0 {
          features.base[count] = UInt32(truncatingIfNeeded: 64 &* word &+ rest.trailingZeroBitCount)
          count &+= 1
          rest &= rest &- 1
        }
      }
      kernels.expand(bytes.base + first, scale: scale, rows: features, count: count, into: inputs.base)
    default: data.expand(block: block, features: 0..<data.featureCount, with: kernels, into: inputs.base)
    }
    return UnsafePointer(inputs.base)
  }

  /// - Parameter count: how many of the layer's inputs have other values than before.
  /// - Returns: the same of its neurons.
  private func run(
    layer index: Int, after count: Int, _ kept: UnsafeMutablePointer<Float>, _ nonfinite: UnsafeMutablePointer<Int32>
  ) -> Int {
    let (layer, outputs, rows) = (layers[index], chain[index].outputs, rows[index].base)
    let words = layer.differing.count
    var runs: [Kernels.Run] = []
    runs.reserveCapacity(outputs)
    layer.readers.withUnsafeBufferPointer { readers in
      for word in 0..<words {
        var rest = layer.differing[word]
        for place in 0..<count { rest |= readers[Int(different.base[place]) &* words &+ word] }
        while rest != 0 {
          let neuron = 64 &* word &+ rest.trailingZeroBitCount
          rest &= rest &- 1
          // Bits behind the last neuron are set where all are.
          if neuron >= outputs { break }
          rows[runs.count] = UInt32(truncatingIfNeeded: neuron)
          runs.append(layer.runs[neuron].storing(in: runs.count))
        }
      }
    }
    counts[index] = runs.count
    if runs.isEmpty { return 0 }
    sum(runs, of: index, entries, UnsafePointer(kept + firstRows[index - 1] * Kernels.lanes), nonfinite)
    return exchange(index, kept)
  }

  private func sum(
    _ runs: [Kernels.Run], of index: Int, _ list: EntryList, _ inputs: UnsafePointer<Float>,
    _ nonfinite: UnsafeMutablePointer<Int32>
  ) {
    kernels.sum(
      runs,
      Kernels.Rows(
        inputs: inputs, offsets: list.offsets.base, weights: list.weights.base, values: fresh[index].base,
        bias: UnsafePointer(biases[index].base), nonfinite: nonfinite, relu: chain[index].relu))
  }

  private func exchange(_ index: Int, _ kept: UnsafeMutablePointer<Float>) -> Int {
    kernels.exchange(
      kept + firstRows[index] * Kernels.lanes, fresh[index].base, rows: rows[index].base, count: counts[index],
      changed: different.base)
  }

  fileprivate static let rowBytes = UInt32(Kernels.lanes * MemoryLayout<Float>.stride)
  /// A filter's window.
  private static let filteredFeatures = 1024
}

extension Kernels.Run {
  /// The same chain, whose sum is stored in a row of its own.
  fileprivate func storing(in row: Int) -> Self {
    Self(
      start: start, count: count, source: source, target: UInt32(truncatingIfNeeded: row) &* DifferenceProgram.rowBytes)
  }
}
