internal import Models
internal import Pruning

/// The evaluation of masks that differ in a few weights from one that was evaluated before, as the steps of annealing,
/// tempering and hill climbing do: from activations that are kept (``DifferenceProgram``).
///
/// Nobody says which mask comes from which. But of two neighbours of one state and that state, or of a state, a neighbour
/// that was accepted and a neighbour of that, the majority in each position is the state that the last one comes from; so a
/// wrong guess, too, mends itself with the next mask. Activations are kept once two masks lie near another one, and with them
/// what the last mask has otherwise: if that turns out to be the state, it is copied.
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
    /// Of the state.
    let kept: KeptActivations
    /// The last mask that was a neighbour of the state, and what it has otherwise.
    var last: Mask
    let changes: Changes
    /// The number of the mask that it was last used for.
    var used = 0
  }

  private let program: DifferenceProgram
  private let samples: OrderedSamples
  private let data: EvaluationData
  /// Positions in which a neighbour differs at most: more change nearly all neurons.
  private let reach: Int
  /// The longest unused first.
  private var walks: [Walk] = []
  private let mostWalks: Int
  /// Masks that were asked about.
  private var asked = 0
  /// Of these, how many were computed from activations that were kept.
  private(set) var found = 0
  /// Masks of no walk, the latest last, and whether one of them was near another: of two alone nobody knows whether more
  /// come, as they do on a walk.
  private var seen: [(mask: Mask, hasNeighbour: Bool)] = []

  private let nonfinite = AlignedBuffer<Int32>(count: Kernels.lanes)
  private let blockLosses = AlignedBuffer<Double>(count: Kernels.lanes)

  /// Memory for activations, in bytes: 8 walks of lenet-300-100 on 10,000 samples, if they change everything.
  static let usualMemory = 1 << 28
  /// The share of a mask's multiply-adds up to which activations are worth reading instead, as measured.
  private static let worthwhile = 0.6
  private static let mostSeen = 32
  /// Walks however small they are: each mask is compared with all of them.
  private static let mostCompared = 64

  /// Nil where there are no activations to keep, or they would need more than `memory` bytes.
  init?(
    _ chain: DenseChain, parameters: AlignedBuffer<Float>, data: EvaluationData, samples: OrderedSamples,
    kernels: Kernels, memory: Int
  ) {
    guard
      let program = DifferenceProgram(chain, parameters: parameters, data: data, samples: samples, kernels: kernels)
    else { return nil }
    let size = 2 * KeptActivations.size(neurons: program.rowCount, samples: samples.order.count)
    mostWalks = min(Self.mostCompared, memory / max(1, size))
    guard mostWalks > 0 else { return nil }
    (self.program, self.data, self.samples) = (program, data, samples)
    reach = chain.layers[0].outputs
  }

  /// Whether so many of some masks lie near one of them that they share more with each other than with activations of another.
  ///
  /// Measured on 16 neighbours of one state: together they took half the time that they took from its activations, the first
  /// as long as two others by themselves.
  func isCrowded(_ place: Int, among masks: [Mask?]) -> Bool {
    guard let mask = masks[place] else { return false }
    var others = 0
    for index in masks.indices where index != place {
      if let other = masks[index], mask.distance(to: other) <= reach { others += 1 }
      if others == 2 { return true }
    }
    return false
  }

  /// The score of a mask, if it lies near another one.
  func verdict(on mask: Mask, _ threshold: Threshold?, _ judge: Population.Judge) -> Verdict {
    asked += 1
    guard var walk = takeWalk(to: mask) ?? beginWalk(to: mask) else { return .far }
    guard moveToState(&walk, behind: mask) else { return .nonfinite }
    program.compile(mask, differing: mask.positions(differingFrom: walk.kept.mask, atMost: .max))
    (walk.last, walk.used) = (mask, asked)
    let verdict = sweep(walk, threshold, judge)
    if verdict != .nonfinite { found += 1 }
    walks.append(walk)
    return verdict
  }

  /// Takes out the walk whose state or last mask is nearest to this one.
  private func takeWalk(to mask: Mask) -> Walk? {
    var best: Int?
    var positions: [Int] = []
    for (index, walk) in walks.enumerated() {
      for other in [walk.kept.mask, walk.last] {
        guard let found = mask.positions(differingFrom: other, atMost: best == nil ? reach : positions.count) else {
          continue
        }
        (best, positions) = (index, found)
      }
    }
    guard let best, isWorthwhile(mask, positions) else { return nil }
    return walks.remove(at: best)
  }

  /// A walk from a mask that was seen, if this one is its second neighbour; else this one is noted.
  private func beginWalk(to mask: Mask) -> Walk? {
    let place = seen.indices.last { index in
      let positions = mask.positions(differingFrom: seen[index].mask, atMost: reach)
      return positions.map { isWorthwhile(mask, $0) } ?? false
    }
    // More walks in turns than there is memory for would begin anew at each step. Those whose masks are still seen by the time
    // that they come again are as many as are seen and as have a walk.
    let hasRoom = walks.count < mostWalks || asked - walks[0].used > Self.mostSeen + mostWalks
    guard let place, seen[place].hasNeighbour, hasRoom else {
      if let place { seen[place].hasNeighbour = true }
      seen = seen.suffix(Self.mostSeen - 1) + [(mask, place != nil)]
      return nil
    }
    // First, so that there never is memory for one more.
    walks = walks.suffix(mostWalks - 1)
    let (origin, neurons, count) = (seen[place].mask, program.rowCount, samples.order.count)
    let walk = Walk(
      kept: KeptActivations(origin, neurons: neurons, samples: count), last: origin,
      changes: Changes(neurons: neurons, samples: count))
    return move(walk.kept, to: origin, differing: nil) ? walk : nil
  }

  private func isWorthwhile(_ mask: Mask, _ positions: [Int]) -> Bool {
    program.share(of: mask, differing: positions) <= Self.worthwhile
  }

  /// Brings a walk's activations to the state that a mask comes from.
  ///
  /// - Returns: false where some are not finite.
  private func moveToState(_ walk: inout Walk, behind mask: Mask) -> Bool {
    let kept = walk.kept
    let state = Mask.majority(kept.mask, walk.last, mask)
    if state == kept.mask { return true }
    if state == walk.last, walk.changes.correct.count == kept.correct.count {
      walk.changes.apply(to: kept)
      kept.mask = state
      return true
    }
    return move(kept, to: state, differing: state.positions(differingFrom: kept.mask, atMost: .max))
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
      let hasChanged = program.run(
        block: block, on: kept.block(block), nonfinite: nonfinite.base, noting: nil)
      if hasChanged { kept.correct[block] = nil }
      if !isFinite(block) { return false }
    }
    return true
  }

  /// Evaluates what the program holds, and notes what it has otherwise than the walk's state.
  private func sweep(_ walk: Walk, _ threshold: Threshold?, _ judge: Population.Judge) -> Verdict {
    let (kept, changes, sampleCount) = (walk.kept, walk.changes, samples.order.count)
    changes.removeAll()
    var tally = Tally(threshold)
    for block in kept.correct.indices {
      let (start, count) = (block * Kernels.lanes, min(Kernels.lanes, sampleCount - block * Kernels.lanes))
      let rows = kept.block(block)
      nonfinite.base.update(repeating: 0, count: Kernels.lanes)
      let hasChanged = program.run(block: block, on: rows, nonfinite: nonfinite.base, noting: changes)
      let known = hasChanged ? nil : kept.correct[block]
      let logits = known == nil ? program.logits(of: rows, nonfinite: nonfinite.base) : nil
      program.undo(in: rows)
      guard isFinite(block) else { return .nonfinite }
      if let logits {
        changes.correct.append(judge(logits, data, start, count, blockLosses.base))
        if !hasChanged {
          // They are those of the state, too.
          kept.correct[block] = changes.correct[block]
          _ = samples.store(blockLosses.base, from: start, count: count, into: kept.losses.base)
        }
      } else {
        changes.correct.append(known!)
        samples.load(kept.losses.base, from: start, count: count, into: blockLosses.base)
      }
      let loss = samples.store(blockLosses.base, from: start, count: count, into: changes.losses.base)
      tally.add(correct: changes.correct[block], loss: loss, seen: start + count, of: sampleCount)
      if tally.isMissed { return .known(nil) }
    }
    return .known(tally.score(changes.losses.base, count: sampleCount))
  }

  /// Whether the last pass over a block met no activation that is infinite or not a number.
  private func isFinite(_ block: Int) -> Bool {
    let count = min(Kernels.lanes, samples.order.count - block * Kernels.lanes)
    for lane in 0..<count where nonfinite.base[lane] != 0 { return false }
    return true
  }
}
