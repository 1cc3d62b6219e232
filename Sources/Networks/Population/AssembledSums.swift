internal import Models

/// Sums of runs by machine code that is made for them.
///
/// Up to thirty chains stay in registers; an input is loaded once for all of them that keep it, and each weight is one
/// multiply-add, without a list to read or a run to begin and end. So the limit is the multiply-add, where kernels that
/// read lists are limited by loads (`docs/results.md`). The order in which a chain adds is that of its entries: the bits
/// are those of any kernel. Code costs some cycles an entry to make, so it has to serve many blocks of samples.
final class AssembledSums {
  /// Some chains over the same inputs.
  private struct Tile {
    let stage: Int
    let runs: Int
    /// Its first segment: one that begins the chains, for each span of inputs one that moves the register of weights on
    /// and one for each input, and one that ends the chains.
    let segments: Int
    /// Where its weights begin.
    let weights: Int
  }

  /// What runs of one stage have in common.
  struct Stage {
    let entries: EntryList
    /// The row of each input in bytes, as entries name it; below 2³¹.
    let rows: [UInt32]
    /// The number of the first input among the features.
    let low: Int
    /// By neuron, where the runs begin their chains; nil where they go on.
    let bias: UnsafePointer<Float>?
    /// Whether the runs end their chains.
    let ends: Bool
    let relu: Bool
  }

  private var stages: [(low: Int, inputs: Int)] = []
  private var tiles: [Tile] = []
  /// By tile: of each run its bias, or none; then by input those of its runs.
  private var weights = AlignedBuffer<Float>(count: 4096)
  private var weightCount = 0
  /// The code with all segments, and that which is run.
  private let assembly = Assembly()
  private var code: CodeMemory?
  private var pieces: [CodeMemory.Piece] = []
  private var isReady = false

  // Of the tile at hand.
  /// By row the number of its input.
  private var numbers = AlignedBuffer<UInt32>(count: 0)
  /// By input a bit for each run that keeps it, and where its next weight goes.
  private var keeps = AlignedBuffer<UInt32>(count: 0)
  private var next = AlignedBuffer<UInt32>(count: 0)

  /// All registers but two: one for an input, one for what is not finite.
  private static let mostRuns = 30
  private static let xRegister = 31
  private static let spoilRegister = 30
  /// Inputs between two moves of the register of weights, all of which a displacement of a byte reaches.
  private static let span = 256 / mostRuns
  /// How many weights in front of the register that reaches.
  private static let reach = 128

  /// Whether code reaches all sums of a network: displacements have 31 bits, offsets in code 32.
  static func canHold(_ chain: DenseChain) -> Bool {
    chain.layers[0].inputs < 1 << 23 && chain.layers.reduce(0) { $0 + $1.weight.range.count } <= 1 << 26
  }

  func removeAll() {
    stages.removeAll(keepingCapacity: true)
    tiles.removeAll(keepingCapacity: true)
    assembly.removeAll()
    weightCount = 0
    isReady = false
  }

  /// Adds runs, behind all that were added before; those that lie together should keep the same inputs.
  ///
  /// - Complexity: linear in their entries, and for each thirty runs in the stage's inputs.
  func append(_ runs: [Kernels.Run], of stage: Stage) {
    if runs.isEmpty { return }
    isReady = false
    stages.append((stage.low, stage.rows.count))
    let size = Int(stage.rows.max() ?? 0) / Self.rowBytes + 1
    if numbers.count < size { numbers = AlignedBuffer(count: 2 * size) }
    if keeps.count < stage.rows.count {
      (keeps, next) = (AlignedBuffer(count: stage.rows.count), AlignedBuffer(count: stage.rows.count))
    }
    for (input, row) in stage.rows.enumerated() { numbers.base[Int(row) / Self.rowBytes] = UInt32(input) }
    let count = (runs.count + Self.mostRuns - 1) / Self.mostRuns
    for number in 0..<count {
      append(tile: runs[runs.count * number / count..<runs.count * (number + 1) / count], stage)
    }
  }

  private func append(tile runs: ArraySlice<Kernels.Run>, _ stage: Stage) {
    let inputs = stage.rows.count
    let entries = runs.reduce(0) { $0 + Int($1.count) }
    reserveWeights(runs.count + entries)
    assembly.reserve(
      entries * Assembly.multiplyAddBytes + (2 * inputs + 6 * runs.count + 8) * Assembly.mostBytes)
    tiles.append(
      Tile(stage: stages.count - 1, runs: runs.count, segments: assembly.starts.count, weights: weightCount))
    let first = weightCount
    if let bias = stage.bias { for run in runs { append(weight: bias[Int(run.source)]) } }
    transpose(runs, stage, weights.base + first, begin: weightCount - first)
    weightCount += entries
    assembly.write { writer in
      writer.beginSegment()
      for (register, run) in runs.enumerated() {
        if stage.bias == nil {
          writer.put(Self.loads[register], word: run.source)
        } else {
          writer.put(Self.broadcasts[register], byte: register - Self.reach)
        }
      }
      write(stage, biases: stage.bias == nil ? 0 : runs.count, into: &writer)
      writer.beginSegment()
      if stage.ends { Self.writeEnd(runs.count, relu: stage.relu, into: &writer) }
      for (register, run) in runs.enumerated() { writer.put(Self.stores[register], word: run.target) }
      writer.putReturn()
      // Where the last segment ends.
      writer.beginSegment()
    }
  }

  private func reserveWeights(_ more: Int) {
    guard weightCount + more > weights.count else { return }
    let larger = AlignedBuffer<Float>(count: max(weightCount + more, 2 * weights.count))
    larger.base.update(from: weights.base, count: weightCount)
    weights = larger
  }

  private func append(weight: Float) {
    weights.base[weightCount] = weight
    weightCount += 1
  }

  /// Lists a tile's weights by input, behind `begin` biases.
  private func transpose(
    _ runs: ArraySlice<Kernels.Run>, _ stage: Stage, _ weights: UnsafeMutablePointer<Float>, begin: Int
  ) {
    let (offsets, values) = (stage.entries.offsets.base, stage.entries.weights.base)
    let (numbers, keeps, next) = (numbers.base, keeps.base, next.base)
    let inputs = stage.rows.count
    keeps.update(repeating: 0, count: inputs)
    for (bit, run) in runs.enumerated() {
      let bit: UInt32 = 1 << UInt32(truncatingIfNeeded: bit)
      for entry in Int(run.start)..<Int(run.start &+ run.count) {
        keeps[Int(numbers[Int(offsets[entry]) / Self.rowBytes])] |= bit
      }
    }
    var count = UInt32(truncatingIfNeeded: begin)
    for input in 0..<inputs {
      next[input] = count
      count &+= UInt32(truncatingIfNeeded: keeps[input].nonzeroBitCount)
    }
    for run in runs {
      for entry in Int(run.start)..<Int(run.start &+ run.count) {
        let input = Int(numbers[Int(offsets[entry]) / Self.rowBytes])
        weights[Int(next[input])] = values[entry]
        next[input] &+= 1
      }
    }
  }

  /// Writes the multiply-adds of a tile that was transposed.
  private func write(_ stage: Stage, biases: Int, into writer: inout Assembly.Writer) {
    let keeps = keeps.base
    // The number of the next weight, and to which the register points.
    var (weight, pointer) = (biases, Self.reach)
    Self.multiplyAdds.withUnsafeBufferPointer { multiplyAdds in
      stage.rows.withUnsafeBufferPointer { rows in
        for first in stride(from: 0, to: rows.count, by: Self.span) {
          writer.beginSegment()
          let step = weight &+ Self.reach &- pointer
          if step > 0 { writer.advanceWeights(by: step) }
          pointer &+= step
          for input in first..<min(first + Self.span, rows.count) {
            writer.beginSegment()
            var bits = keeps[input]
            if bits == 0 { continue }
            writer.put(Self.loadX, word: rows[input])
            repeat {
              writer.put(multiplyAdds[bits.trailingZeroBitCount], byte: weight &- pointer)
              bits &= bits &- 1
              weight &+= 1
            } while bits != 0
          }
        }
      }
    }
  }

  /// What stands behind the sums of a layer: max(x, 0) or x + 0, so that no zero is negative, and a note where a sum is
  /// infinite or not a number, which a product with 0 tells.
  private static func writeEnd(_ count: Int, relu: Bool, into writer: inout Assembly.Writer) {
    let (zero, spoil) = (xRegister, spoilRegister)
    writer.put(Instructions.clear(zero))
    writer.put(Instructions.clear(spoil))
    for register in 0..<count {
      writer.put(Instructions.multiplyAdd(spoil, register, zero))
      writer.put(relu ? Instructions.maximum(register, zero) : Instructions.add(register, zero))
    }
    writer.put(Instructions.compareUnordered(spoil))
    writer.put(immediate: 3)
    writer.put(Instructions.spread(spoil))
    writer.put(Instructions.or(spoil, .nonfinite), word: 0)
    writer.put(Instructions.store(spoil, .nonfinite), word: 0)
  }

  /// Makes the code ready to be run.
  ///
  /// - Parameter features: a bit for each of the features that are not zero in all samples to come; nil for all.
  /// - Complexity: linear in the bytes of the code, some cycles for each tile and input.
  func link(features: [UInt64]? = nil) {
    if code.map({ $0.count < assembly.count }) ?? true { code = CodeMemory(count: 2 * assembly.count) }
    let code = code!
    code.open()
    pieces.removeAll(keepingCapacity: true)
    var segments: [UInt32] = []
    var (last, end) = (-1, 0)
    for tile in tiles {
      if tile.stage != last {
        segments = liveSegments(tile.stage, features)
        last = tile.stage
      }
      pieces.append(CodeMemory.Piece(code: end, weights: tile.weights + Self.reach))
      end += assembly.starts.withUnsafeBufferPointer {
        code.join(segments, of: assembly.base, starts: $0.baseAddress! + tile.segments, at: end)
      }
    }
    code.seal()
    isReady = true
  }

  /// The segments of a stage's tiles that live, counted from the first on.
  private func liveSegments(_ stage: Int, _ features: [UInt64]?) -> [UInt32] {
    let (low, inputs) = stages[stage]
    var segments: [UInt32] = [0]
    var count: UInt32 = 1
    for input in 0..<inputs {
      if input % Self.span == 0 {
        segments.append(count)
        count += 1
      }
      let feature = low + input
      if features.map({ $0[feature / 64] >> UInt64(feature % 64) & 1 == 1 }) ?? true { segments.append(count) }
      count += 1
    }
    segments.append(count)
    return segments
  }

  /// Computes all sums for one block.
  func run(
    inputs: UnsafePointer<Float>, values: UnsafeMutablePointer<Float>, nonfinite: UnsafeMutablePointer<Int32>
  ) {
    guard !tiles.isEmpty else { return }
    if !isReady { link() }
    code!.run(pieces, weights: weights.base, inputs: inputs, values: values, nonfinite: nonfinite)
  }

  private static let rowBytes = Kernels.lanes * MemoryLayout<Float>.stride
  private static let multiplyAdds = (0..<mostRuns).map { Instructions.multiplyAdd($0, xRegister, .weights) }
  private static let broadcasts = (0..<mostRuns).map { Instructions.broadcast($0, .weights) }
  private static let loads = (0..<mostRuns).map { Instructions.load($0, .values) }
  private static let stores = (0..<mostRuns).map { Instructions.store($0, .values) }
  private static let loadX = Instructions.load(xRegister, .inputs)
}
