internal import Models
internal import Pruning

/// The evaluation of many masks of one network of dense layers as one.
///
/// Blocks of samples outermost, masks inside; what masks share is computed once (``PopulationProgram``), features that
/// are zero for all of a slab are not multiplied (``OrderedSamples``). Scores have the bits of evaluations one by one:
/// losses are added in the samples' own order.
final class Population {
  /// A mask's score as far as it is known.
  fileprivate struct Tally {
    let threshold: Threshold?
    var correct = 0
    /// The sum of all losses so far, in whatever order.
    var loss = 0.0
    var isMissed = false
  }

  private let program: PopulationProgram
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

  init(
    _ chain: DenseChain, parameters: AlignedBuffer<Float>, data: EvaluationData, samples: Int, kernels: Kernels
  ) {
    self.samples = data.ordered(samples: samples)
    self.data = self.samples.data ?? data
    self.kernels = kernels
    classes = chain.layers.last!.outputs
    program = PopulationProgram(chain, parameters: parameters, liveShare: self.samples.liveShare, kernels: kernels)
    inputs = AlignedBuffer(count: data.featureCount * Kernels.lanes)
    logits = AlignedBuffer(count: classes * Kernels.lanes)
  }

  /// The number of samples that it evaluates on.
  var sampleCount: Int { samples.order.count }

  /// Scores of masks; nil where one is worse than its threshold.
  ///
  /// - Parameters:
  ///   - judge: writes the losses of a block and says how many labels were right, from scores of classes, first sample
  ///     and number of samples.
  ///   - alone: what scores a mask by itself; asked where some mask's activations are not finite, to find whose.
  func scores(
    of masks: [(mask: Mask?, threshold: Threshold?)],
    judge: (UnsafePointer<Float>, EvaluationData, Int, Int, UnsafeMutablePointer<Double>) -> Int,
    alone: (Int) -> Score?
  ) -> [Score?] {
    var scores = [Score?](repeating: nil, count: masks.count)
    var next = 0
    while next < masks.count {
      let taken = program.compile(
        masks[next...].lazy.map(\.mask), most: max(1, Self.mostLosses / max(sampleCount, 1)))
      let group = Array(masks[next..<next + taken])
      var tallies = group.map { Tally(threshold: $0.threshold) }
      if losses.count < taken * sampleCount { losses = AlignedBuffer(count: taken * sampleCount) }
      if run(&tallies, group.map(\.mask), judge) {
        for (index, tally) in tallies.enumerated() {
          scores[next + index] = score(tally, losses.base + index * sampleCount)
        }
      } else {
        for place in next..<next + taken { scores[place] = alone(place) }
      }
      next += taken
    }
    return scores
  }

  private func score(_ tally: Tally, _ losses: UnsafePointer<Double>) -> Score? {
    if tally.isMissed { return nil }
    var loss = 0.0
    for sample in 0..<sampleCount { loss += losses[sample] }
    let mean = sampleCount == 0 ? 0 : loss / Double(sampleCount)
    let score = Score.exact(correct: tally.correct, count: sampleCount, loss: mean)
    return tally.threshold?.isMissed(by: score) ?? false ? nil : score
  }

  /// Goes through all blocks, as long as some mask can still reach its threshold.
  ///
  /// - Returns: false where some activation is infinite or not a number.
  /// - Precondition: the program is that of these masks.
  private func run(
    _ tallies: inout [Tally], _ masks: [Mask?],
    _ judge: (UnsafePointer<Float>, EvaluationData, Int, Int, UnsafeMutablePointer<Double>) -> Int
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
          keep(correct, of: count, from: start, in: &tallies[index], losses.base + index * sampleCount)
          tallies[index].decide(seen: start + count, of: sampleCount)
        }
        if running.allSatisfy({ tallies[$0].isMissed }) { return true }
      }
    }
    return true
  }

  /// Takes the losses of a block to a mask's own.
  private func keep(
    _ correct: Int, of count: Int, from start: Int, in tally: inout Tally, _ losses: UnsafeMutablePointer<Double>
  ) {
    tally.correct += correct
    var sum = 0.0
    samples.order.withUnsafeBufferPointer { order in
      for lane in 0..<count {
        losses[order[start &+ lane]] = blockLosses.base[lane]
        sum += blockLosses.base[lane]
      }
    }
    tally.loss += sum
  }
}

extension Population.Tally {
  /// Notes whether the threshold cannot be reached any more.
  ///
  /// The losses were added in another order than the score's. Each sum of n terms that are not negative is off by less than
  /// n times 2⁻⁵³ of itself, so by what is taken off here this one is below the other.
  fileprivate mutating func decide(seen: Int, of count: Int) {
    guard let threshold else { return }
    isMissed = threshold.isOutOfReach(
      correct: correct, loss: loss * (1 - Double(count) * 0x1p-51), seen: seen, of: count)
  }
}
