internal import Models
internal import Pruning

/// The evaluation of masks that differ in a few weights from one that was evaluated before, as the steps of annealing,
/// tempering and hill climbing do: from activations that are kept (``DifferenceProgram``).
///
/// Nobody says which mask comes from which. But of two neighbours of one state and that state, or of a state, a neighbour
/// that was accepted and a neighbour of that, the majority in each position is the state that the last one comes from; so a
/// wrong guess, too, mends itself with the next mask. Activations are kept once a mask lies near another one, and are
/// brought to the state when that has moved. Whether a mask is accepted shows when the next one comes; where the two before
/// it were, it is taken to be, and its activations stay.
/// Scores have the bits of evaluations one by one.
final class Neighbours {
  enum Verdict: Equatable {
    /// The score; nil where the threshold is missed.
    case known(Score?)
    /// Near nothing whose activations are kept.
    case far
    /// Some activation is infinite or not a number.
    case nonfinite
  }

  /// A walk as far as it is known.
  private struct Walk {
    /// Of the state, or of the last mask evaluated.
    let kept: KeptActivations
    /// Where the last mask came from, and that one.
    var state: Mask
    var last: Mask
    /// How many masks one behind the other were accepted.
    var accepted = 0

    init(_ kept: KeptActivations) { (self.kept, state, last) = (kept, kept.mask, kept.mask) }
  }

  private let program: DifferenceProgram
  private let samples: OrderedSamples
  private let data: EvaluationData
  /// Positions in which a neighbour differs at most: then four in ten neurons of the first layer change.
  private let reach: Int
  /// The longest unused first.
  private var walks: [Walk] = []
  private let mostWalks: Int
  /// Masks that were near none, the latest last.
  private var seen: [Mask] = []

  private let nonfinite = AlignedBuffer<Int32>(count: Kernels.lanes)
  private let blockLosses = AlignedBuffer<Double>(count: Kernels.lanes)
  private let losses: AlignedBuffer<Double>

  /// Memory for activations, in bytes: 8 walks of lenet-300-100 on 10,000 samples.
  private static let memory = 1 << 27
  private static let mostSeen = 32

  /// Nil where there are no activations to keep, or they would need too much memory.
  init?(
    _ chain: DenseChain, parameters: AlignedBuffer<Float>, data: EvaluationData, samples: OrderedSamples,
    kernels: Kernels
  ) {
    guard
      let program = DifferenceProgram(
        chain, parameters: parameters, data: data, skipsZeros: samples.live != nil, kernels: kernels)
    else { return nil }
    mostWalks = Self.memory / max(1, KeptActivations.size(neurons: program.rowCount, samples: samples.order.count))
    guard mostWalks > 0 else { return nil }
    (self.program, self.data, self.samples) = (program, data, samples)
    reach = chain.layers[0].outputs / 2
    losses = AlignedBuffer(count: samples.order.count)
  }

  /// The score of a mask, if it lies near another one.
  func verdict(on mask: Mask, _ threshold: Threshold?, _ judge: Population.Judge) -> Verdict {
    guard var walk = takeWalk(to: mask) else {
      seen = seen.suffix(Self.mostSeen - 1) + [mask]
      return .far
    }
    let state = Mask.majority(walk.state, walk.last, mask)
    if state != walk.kept.mask {
      guard move(walk.kept, to: state, differing: state.positions(differingFrom: walk.kept.mask, atMost: .max)) else {
        return .nonfinite
      }
    }
    walk.accepted = state == walk.last ? walk.accepted + 1 : 0
    let keeps = walk.accepted > 1
    program.compile(mask, differing: mask.positions(differingFrom: state, atMost: .max))
    let verdict = sweep(walk.kept, threshold, keeps: keeps, judge)
    if keeps {
      guard verdict != .nonfinite else { return verdict }
      walk.kept.mask = mask
    }
    (walk.state, walk.last) = (state, mask)
    walks.append(walk)
    return verdict
  }

  /// Takes out the walk whose state or last mask is nearest to this one, or begins one at a mask that was seen.
  private func takeWalk(to mask: Mask) -> Walk? {
    var best: Int?
    var reach = reach
    for (index, walk) in walks.enumerated() {
      for other in [walk.state, walk.last] {
        guard let positions = mask.positions(differingFrom: other, atMost: reach) else { continue }
        (best, reach) = (index, positions.count)
      }
    }
    if let best { return walks.remove(at: best) }
    guard let other = seen.last(where: { mask.positions(differingFrom: $0, atMost: reach) != nil }) else { return nil }
    let kept = KeptActivations(other, neurons: program.rowCount, samples: samples.order.count)
    guard move(kept, to: other, differing: nil) else { return nil }
    walks = walks.suffix(mostWalks - 1)
    return Walk(kept)
  }

  /// Makes the activations those of another mask.
  ///
  /// - Parameter positions: where that differs; nil makes all anew.
  /// - Returns: false where some are not finite; they are of no use then.
  private func move(_ kept: KeptActivations, to mask: Mask, differing positions: [Int]?) -> Bool {
    program.compile(mask, differing: positions)
    kept.mask = mask
    for block in kept.correct.indices {
      nonfinite.base.update(repeating: 0, count: Kernels.lanes)
      if program.run(block: block, on: kept.block(block), nonfinite: nonfinite.base) { kept.correct[block] = nil }
      if !isFinite(block) { return false }
    }
    return true
  }

  /// Goes through all blocks with what the program holds.
  ///
  /// - Parameter keeps: whether the activations become those of the program's mask; they are of no use where the verdict
  ///   then is that something is not finite.
  private func sweep(
    _ kept: KeptActivations, _ threshold: Threshold?, keeps: Bool, _ judge: Population.Judge
  ) -> Verdict {
    let sampleCount = samples.order.count
    // Where activations are to stay, all blocks have to be gone through.
    var tally = Tally(keeps ? nil : threshold)
    let losses = keeps ? kept.losses : losses
    for block in kept.correct.indices {
      let (start, count) = (block * Kernels.lanes, min(Kernels.lanes, sampleCount - block * Kernels.lanes))
      let rows = kept.block(block)
      nonfinite.base.update(repeating: 0, count: Kernels.lanes)
      let hasChanged = program.run(block: block, on: rows, nonfinite: nonfinite.base)
      let known = hasChanged ? nil : kept.correct[block]
      let logits = known == nil ? program.logits(of: rows, nonfinite: nonfinite.base) : nil
      if !keeps { program.undo(in: rows) }
      guard isFinite(block) else { return .nonfinite }
      let correct: Int
      if let logits {
        correct = judge(logits, data, start, count, blockLosses.base)
      } else {
        correct = known!
        samples.load(kept.losses.base, from: start, count: count, into: blockLosses.base)
      }
      if keeps { kept.correct[block] = correct }
      let loss = samples.store(blockLosses.base, from: start, count: count, into: losses.base)
      tally.add(correct: correct, loss: loss, seen: start + count, of: sampleCount)
      if tally.isMissed { return .known(nil) }
    }
    let score = tally.score(losses.base, count: sampleCount)
    if keeps, let score, threshold?.isMissed(by: score) ?? false { return .known(nil) }
    return .known(score)
  }

  /// Whether the last pass over a block met no activation that is infinite or not a number.
  private func isFinite(_ block: Int) -> Bool {
    let count = min(Kernels.lanes, samples.order.count - block * Kernels.lanes)
    for lane in 0..<count where nonfinite.base[lane] != 0 { return false }
    return true
  }
}
