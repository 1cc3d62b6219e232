package import Models
package import Pruning

/// Scores masks of one network on one set of data: the fitness.
///
/// Vectorised across samples, so each sum is one chain of fused multiply-adds in a fixed order, starting at the bias:
/// the same bits on every processor and for every density, and those of ``ReferenceEvaluator``. Not `Sendable`: each
/// lane (an OS thread) has its own, around a shared ``EvaluationData``.
package final class MaskedEvaluator {
  private let data: EvaluationData
  private let program: EvaluationProgram
  private let kernels: Kernels
  private let classes: Int
  private let nonfinite = AlignedBuffer<Int32>(count: Kernels.lanes)
  /// Where weights are not finite: in which mask position, or nil where no mask removes them.
  private let spoiled: [Int?]
  /// The number of bits that a mask must have.
  package let maskCount: Int

  /// An evaluator of masks over `scope` for the given parameters.
  ///
  /// - Throws: ``NetworkError`` if data or parameters do not belong to the network, or it is too large to evaluate.
  package init(
    network: NetworkDescription, scope: PruningScope, parameters: [Float], data: EvaluationData,
    variant: KernelVariant = .best
  ) throws(NetworkError) {
    try network.check(shape: data.shape, classes: data.classes, parameters: parameters.count)
    self.data = data
    kernels = Kernels(variant)
    let layout = ParameterLayout(network, scope: scope)
    program = try EvaluationProgram(
      network, layout: layout, parameters: AlignedBuffer(parameters), data: data, kernels: kernels)
    classes = network.outputCount
    maskCount = layout.prunableCount
    spoiled = layout.tensors.filter { $0.role == .weight }.flatMap { tensor in
      tensor.range.filter { !parameters[$0].isFinite }.map { position in
        tensor.maskRange.map { $0.lowerBound + position - tensor.range.lowerBound }
      }
    }
  }

  /// An evaluator that lays the data out for itself.
  ///
  /// - Throws: ``NetworkError`` if data or parameters do not belong to the network.
  package convenience init(
    network: NetworkDescription, scope: PruningScope, parameters: [Float], data: LabelledData
  ) throws(NetworkError) {
    try self.init(network: network, scope: scope, parameters: parameters, data: EvaluationData(data))
  }

  /// Accuracy and mean loss under a mask; nil keeps every weight.
  ///
  /// - Precondition: `mask` has ``maskCount`` bits.
  /// - Complexity: samples × kept multiply-adds.
  package func evaluate(_ mask: Mask?) -> Score { evaluate(mask, samples: nil, threshold: nil)! }

  /// The same on the first samples alone, and no further than it takes to see that a threshold is missed.
  ///
  /// - Parameter samples: how many; nil: all.
  /// - Returns: nil if the score is worse than the threshold, at the block where that became certain.
  /// - Precondition: `mask` has ``maskCount`` bits.
  package func evaluate(_ mask: Mask?, samples: Int?, threshold: Threshold?) -> Score? {
    let total = min(samples ?? data.count, data.count)
    var correct = 0
    var loss = 0.0
    var isMissed = false
    let isFinite = forEachBlock(mask, samples: total) { logits, first, count in
      correct += judge(logits, first: first, count: count, loss: &loss)
      isMissed =
        threshold?.isOutOfReach(correct: correct, loss: loss, seen: first + count, of: total) ?? false
      return !isMissed
    }
    if isMissed { return nil }
    let score =
      isFinite ? Score.exact(correct: correct, count: total, loss: total == 0 ? 0 : loss / Double(total)) : .nonfinite
    return threshold?.isMissed(by: score) ?? false ? nil : score
  }

  /// Adds the losses of a block to `loss` in order, and returns how many labels were right.
  private func judge(_ logits: UnsafePointer<Float>, first: Int, count: Int, loss: inout Double) -> Int {
    let labels = data.labels.base + first
    guard let targets = data.targets else {
      return kernels.score(logits, classes: classes, labels: labels, count: count, loss: &loss)
    }
    var correct = 0
    for lane in 0..<count {
      let wanted = targets.base + (first + lane) * classes
      var (best, sum) = (logits[lane], 0.0)
      var label = 0
      for index in 0..<classes {
        let output = logits[index * Kernels.lanes + lane]
        if output > best { (best, label) = (output, index) }
        let error = Double(output) - Double(wanted[index])
        sum += error * error
      }
      if label == Int(labels[lane]) { correct += 1 }
      loss += sum / Double(classes)
    }
    return correct
  }

  /// Everything that is to be said about a mask on these data; nil where a value is infinite or not a number.
  ///
  /// - Precondition: `mask` has ``maskCount`` bits.
  package func report(_ mask: Mask?) -> EvaluationReport? {
    guard case .exact(_, _, let loss) = evaluate(mask) else { return nil }
    return EvaluationReport(logits: logits(mask), classes: classes, labels: data.labels.array, loss: loss)
  }

  /// The class scores: [samples][classes]. They may be infinite or not a number.
  ///
  /// - Precondition: `mask` has ``maskCount`` bits.
  package func logits(_ mask: Mask?) -> [Float] {
    var out = [Float](repeating: .nan, count: data.count * classes)
    _ = forEachBlock(mask, samples: data.count, stops: false) { logits, first, count in
      for lane in 0..<count {
        for label in 0..<classes { out[(first + lane) * classes + label] = logits[label * Kernels.lanes + lane] }
      }
      return true
    }
    return out
  }

  /// Calls `body` with the class scores of each block, its first sample and their number, until it says no.
  ///
  /// - Returns: false, at once if it `stops`, where a value is infinite or not a number.
  private func forEachBlock(
    _ mask: Mask?, samples: Int, stops: Bool = true,
    _ body: (_ logits: UnsafePointer<Float>, _ first: Int, _ count: Int) -> Bool
  ) -> Bool {
    if let mask {
      precondition(mask.count == maskCount, "a mask of \(mask.count) bits for \(maskCount) weights")
    }
    var isFinite =
      data.isFinite
      && spoiled.allSatisfy { position in
        if let mask, let position { !mask[position] } else { false }
      }
    if stops, !isFinite { return false }
    program.compile(mask)
    nonfinite.base.update(repeating: 0, count: nonfinite.count)
    for first in stride(from: 0, to: samples, by: Kernels.lanes) {
      let count = min(Kernels.lanes, samples - first)
      let logits = program.run(block: first / Kernels.lanes, nonfinite: nonfinite.base)
      for lane in 0..<count where nonfinite.base[lane] != 0 { isFinite = false }
      if stops, !isFinite { return false }
      guard body(logits, first, count) else { break }
    }
    return isFinite
  }
}
