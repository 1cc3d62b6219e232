internal import Models
internal import Pruning

/// The evaluation of many masks of one network of dense layers as one.
///
/// What lies near a mask that was evaluated before, but not near several of those at hand, is computed from that one's
/// activations (``Neighbours``). The others go together, blocks of samples outermost, masks inside; what they share is computed once (``PopulationProgram``), features
/// that are zero for all of a slab are not multiplied (``OrderedSamples``). Scores have the bits of evaluations one by one:
/// losses are added in the samples' own order.
final class Population {
  private let program: PopulationProgram
  private let neighbours: Neighbours?
  private let samples: OrderedSamples
  private let data: EvaluationData
  private let kernels: Kernels
  private let classes: Int
  private let inputs: AlignedBuffer<Float>
  private let logits: AlignedBuffer<Float>
  private let nonfinite = AlignedBuffer<Int32>(count: Kernels.lanes)
  /// Losses that are kept at once: 128 MB.
  private static let mostLosses = 1 << 24
  private let blockLosses = AlignedBuffer<Double>(count: Kernels.lanes)
  /// Of each mask of a group, by sample in the data's order.
  private var losses = AlignedBuffer<Double>(count: 0)

  /// Samples from which on code is made for masks, as measured: for fewer it takes longer to make than it saves.
  static let usualAssembledSamples = 256

  /// - Parameters:
  ///   - memory: bytes for activations that are kept.
  ///   - assembledSamples: from how many samples on code is made for masks.
  init(
    _ chain: DenseChain, parameters: AlignedBuffer<Float>, data: EvaluationData, samples: Int, kernels: Kernels,
    memory: Int, assembledSamples: Int
  ) {
    self.samples = data.ordered(samples: samples)
    self.data = self.samples.data ?? data
    self.kernels = kernels
    classes = chain.layers.last!.outputs
    program = PopulationProgram(
      chain, parameters: parameters, liveShare: self.samples.liveShare, kernels: kernels,
      assembles: samples >= assembledSamples)
    neighbours = Neighbours(
      chain, parameters: parameters, data: self.data, samples: self.samples, kernels: kernels, memory: memory)
    inputs = AlignedBuffer(count: data.featureCount * Kernels.lanes)
    logits = AlignedBuffer(count: classes * Kernels.lanes)
  }

  /// How many masks were computed from activations that were kept.
  var neighbourCount: Int { neighbours?.found ?? 0 }

  /// The number of samples that it evaluates on.
  var sampleCount: Int { samples.order.count }

  /// Writes the losses of a block and says how many labels were right, from class scores, first sample and number of
  /// samples.
  typealias Judge = (
    _ logits: UnsafePointer<Float>, _ data: EvaluationData, _ first: Int, _ count: Int,
    _ losses: UnsafeMutablePointer<Double>
  ) -> Int

  /// Scores of masks; nil where one is worse than its threshold.
  ///
  /// - Parameter alone: what scores a mask by itself; asked where some mask's activations are not finite, to find whose.
  func scores(
    of masks: [(mask: Mask?, threshold: Threshold?)],
    judge: Judge, alone: (Int) -> Score?
  ) -> [Score?] {
    var scores = [Score?](repeating: nil, count: masks.count)
    var others: [Int] = []
    let all = masks.map(\.mask)
    for (place, asked) in masks.enumerated() {
      guard let mask = asked.mask, let neighbours, !neighbours.isCrowded(place, among: all) else {
        others.append(place)
        continue
      }
      switch neighbours.verdict(on: mask, asked.threshold, judge) {
      case .known(let score): scores[place] = score
      case .far: others.append(place)
      case .nonfinite: scores[place] = alone(place)
      }
    }
    let found = together(others.map { masks[$0] }, judge, alone: { alone(others[$0]) })
    for (place, score) in zip(others, found) { scores[place] = score }
    return scores
  }

  private func together(
    _ masks: [(mask: Mask?, threshold: Threshold?)], _ judge: Judge, alone: (Int) -> Score?
  ) -> [Score?] {
    var scores = [Score?](repeating: nil, count: masks.count)
    var next = 0
    while next < masks.count {
      let taken = program.compile(
        masks[next...].lazy.map(\.mask), most: max(1, Self.mostLosses / max(sampleCount, 1)))
      let group = Array(masks[next..<next + taken])
      var tallies = group.map { Tally($0.threshold) }
      if losses.count < taken * sampleCount { losses = AlignedBuffer(count: taken * sampleCount) }
      if run(&tallies, group.map(\.mask), judge) {
        for (index, tally) in tallies.enumerated() {
          scores[next + index] = tally.score(losses.base + index * sampleCount, count: sampleCount)
        }
      } else {
        for place in next..<next + taken { scores[place] = alone(place) }
      }
      next += taken
    }
    return scores
  }

  /// Goes through all blocks, as long as some mask can still reach its threshold.
  ///
  /// - Returns: false where some activation is infinite or not a number.
  /// - Precondition: the program is that of these masks.
  private func run(
    _ tallies: inout [Tally], _ masks: [Mask?], _ judge: Judge
  ) -> Bool {
    let slab = OrderedSamples.blocksPerSlab * Kernels.lanes
    /// The masks that the program computes, some of which may have missed since it was made.
    var running = Array(tallies.indices)
    for first in stride(from: 0, to: sampleCount, by: slab) {
      let left = running.filter { !tallies[$0].isMissed }
      if left.isEmpty { return true }
      if 2 * left.count <= running.count {
        running = left
        program.compile(running.map { masks[$0] }, all: true)
      }
      if let live = samples.live { program.skip(allBut: live[first / slab]) }
      let end = min(first + slab, sampleCount)
      for start in stride(from: first, to: end, by: Kernels.lanes) {
        let count = min(Kernels.lanes, sampleCount - start)
        for features in samples.liveRanges[first / slab] {
          data.expand(
            block: start / Kernels.lanes, features: features, with: kernels,
            into: inputs.base + features.lowerBound * Kernels.lanes)
        }
        nonfinite.base.update(repeating: 0, count: Kernels.lanes)
        program.run(inputs: inputs.base, nonfinite: nonfinite.base)
        for lane in 0..<count where nonfinite.base[lane] != 0 { return false }
        for (number, index) in running.enumerated() where !tallies[index].isMissed {
          program.copyLogits(of: number, into: logits.base)
          let correct = judge(logits.base, data, start, count, blockLosses.base)
          let loss = samples.store(
            blockLosses.base, from: start, count: count, into: losses.base + index * sampleCount)
          tallies[index].add(correct: correct, loss: loss, seen: start + count, of: sampleCount)
        }
        if running.allSatisfy({ tallies[$0].isMissed }) { return true }
      }
    }
    return true
  }
}
